// Whether an answer has the form of the one that a page shows.

/** Where a value has another form than the one shown: other names, or another type. Null stands for any type. */
export function differences(shown: unknown, came: unknown, path = ''): string[] {
  if (shown === null || came === null) return []
  if (Array.isArray(shown) && Array.isArray(came)) {
    return shown.length === 0 || came.length === 0 ? [] : differences(shown[0], came[0], `${path}[]`)
  }
  if (!isObject(shown) || !isObject(came)) {
    return typeof shown === typeof came ? [] : [`${path}: ${typeof shown} is shown, ${typeof came} came`]
  }
  const names = [...new Set([...Object.keys(shown), ...Object.keys(came)])]
  return names.flatMap((name) => {
    if (!Object.hasOwn(came, name)) return [`${path}.${name} is shown and did not come`]
    if (!Object.hasOwn(shown, name)) return [`${path}.${name} came and is not shown`]
    return differences(shown[name], came[name], `${path}.${name}`)
  })
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
