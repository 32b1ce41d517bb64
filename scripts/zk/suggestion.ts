// "Did you mean …?": the known word that is nearest to a mistyped one.

/** Words further away than this share of their letters mean something else. */
const FARTHEST_SHARE = 0.4

/** The known word that begins so, or else the nearest; undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = word.length > 1 ? known.find((candidate) => candidate.startsWith(word)) : undefined
  if (begun !== undefined) return begun
  const byDistance = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .toSorted((a, b) => a.distance - b.distance)
  const [first] = byDistance
  if (first === undefined) return undefined
  const farthest = Math.max(1, Math.floor(first.candidate.length * FARTHEST_SHARE))
  return first.distance <= farthest ? first.candidate : undefined
}

/** Letters to add, remove, change or swap with their neighbour until one word is the other (optimal string alignment). */
function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= from.length; row += 1) {
    const line = [row]
    rows.push(line)
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      line.push(
        Math.min(
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          isSwapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(from.length, to.length)
}
