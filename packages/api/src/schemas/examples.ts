// Examples are written once, at the field they belong to. An example of a whole object is put together from its fields, so that
// documentation can neither forget a field nor contradict a schema.

interface SchemaView {
  readonly examples?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, SchemaView>>
  readonly required?: readonly string[]
  readonly items?: SchemaView
}

/**
 * The example of a schema: its own, or one made from the fields that are always there.
 * @throws Error when a field has neither example, constant nor default: the start fails, not the reader of the docs.
 */
export function exampleOf(schema: object): unknown {
  const view: SchemaView = schema
  return build(view, '')
}

function build(schema: SchemaView, path: string): unknown {
  if (schema.examples !== undefined && schema.examples.length > 0) return schema.examples[0]
  if (schema.const !== undefined) return schema.const
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties)
        .filter(([name]) => schema.required?.includes(name))
        .map(([name, field]) => [name, build(field, `${path}.${name}`)]),
    )
  }
  if (schema.items !== undefined) return [build(schema.items, `${path}[]`)]
  if (schema.default !== undefined) return schema.default
  throw new Error(`A schema has no example: ${path === '' ? JSON.stringify(schema) : path}`)
}
