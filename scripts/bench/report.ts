// What a bench run found: measured rows to read, and claims that hold or do not. Printed as text, kept as JSON.

/** One measured thing, as words for a table. */
export interface Row {
  readonly name: string
  /** Value by column heading, in the order in which the columns are to stand. */
  readonly values: Readonly<Record<string, string>>
}

/** A bound that a measured number must keep. */
export interface Claim {
  readonly name: string
  readonly measured: number
  readonly bound: number
  readonly sense: 'at least' | 'at most'
  readonly unit: string
}

/** One part of the bench. */
export interface Section {
  readonly title: string
  readonly rows: readonly Row[]
  readonly claims: readonly Claim[]
}

/** Whether a claim's number keeps its bound. */
export function holds({ measured, bound, sense }: Claim): boolean {
  return sense === 'at least' ? measured >= bound : measured <= bound
}

/** A section as text. */
export function sectionText({ title, rows }: Section): string {
  const headings = Object.keys(rows[0]?.values ?? {})
  const lines = [['', ...headings], ...rows.map(({ name, values }) => [name, ...Object.values(values)])]
  return `${title}\n${table(lines)}`
}

/** All claims as text, those that do not hold marked. */
export function claimsText(claims: readonly Claim[]): string {
  const lines = claims.map((claim) => [
    holds(claim) ? 'holds' : 'DOES NOT HOLD',
    claim.name,
    `${figures(claim.measured)} ${claim.unit}`.trim(),
    `${claim.sense} ${claim.bound} ${claim.unit}`.trim(),
  ])
  return table([['', 'claim', 'measured', 'bound'], ...lines])
}

/** A number with three figures that count. */
export function figures(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))
  return value.toFixed(Math.min(digits, 4))
}

/** Columns side by side, those of numbers to the right. */
function table(lines: readonly (readonly string[])[]): string {
  const [headings = [], ...rest] = lines
  const columns = headings.map((heading, column) => {
    const cells = rest.map((line) => line[column] ?? '')
    const width = Math.max(heading.length, ...cells.map(({ length }) => length))
    const numbers = cells.every((cell) => /^-?\d/.test(cell))
    return (cell: string) => (numbers ? cell.padStart(width) : cell.padEnd(width))
  })
  return lines
    .map((line) => `  ${columns.map((pad, column) => pad(line[column] ?? '')).join('  ')}`.trimEnd())
    .join('\n')
}
