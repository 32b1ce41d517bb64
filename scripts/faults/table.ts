// The table: every model by every fault, many cells at a time, and its text.
import { FAULT_NAMES, faultDeclared } from '@org/zk-sim'
import { runCell, type CellOutcome } from './cell.ts'
import type { Connect } from './client.ts'
import { COLUMNS, type Column } from './column.ts'
import type { Step } from './scene.ts'
import { STEPS } from './steps.ts'

/** One row: a script of faults, or none. */
export interface Row {
  readonly expression: string
  /** Where it can strike. */
  readonly transports: readonly ('tcp' | 'udp')[]
}

/** Nothing goes wrong: everything must be right. */
const QUIET: Row = { expression: '', transports: ['tcp', 'udp'] }

/** All rows: the examples of the table of faults. */
export const ROWS: readonly Row[] = [
  QUIET,
  ...FAULT_NAMES.flatMap((name) => {
    const { examples, transports } = faultDeclared(name)
    return examples.map((expression) => ({ expression, transports }))
  }),
]

/** Cells that are run at the same time. */
const AT_ONCE = 40

/** Runs every cell of these rows and columns, all steps of it unless said. */
export async function runTable(
  rows: readonly Row[],
  columns: readonly Column[],
  connect: Connect,
  steps: readonly Step[] = STEPS,
): Promise<CellOutcome[]> {
  const waiting = rows.flatMap(({ expression, transports }) =>
    columns
      .filter(({ transport }) => transports.includes(transport))
      .map((column) => ({ column, expression })),
  )
  const outcomes: CellOutcome[] = []
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      outcomes.push(await runCell(next.column, next.expression, connect, steps))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return outcomes
}

/** The table as text: models across, faults down. */
export function tableText(
  outcomes: readonly CellOutcome[],
  rows: readonly Row[],
  columns: readonly Column[] = COLUMNS,
): string {
  const lines = [
    ['', ...columns.map(({ name }) => name)],
    ...rows.map(({ expression }) => [
      expression === '' ? '(no fault)' : expression,
      ...columns.map(({ name }) =>
        cellText(outcomes.find((cell) => cell.column === name && cell.expression === expression)),
      ),
    ]),
  ]
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? '').length)),
  )
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** `right`, or the codes of the errors that steps ended with; a bad cell is marked. A dot: the fault cannot strike there. */
function cellText(cell: CellOutcome | undefined): string {
  if (cell === undefined) return '·'
  if (!cell.isGood) return 'BAD'
  const codes = [...new Set(cell.steps.map(({ result }) => result).filter((result) => result !== 'right'))]
  return codes.length === 0 ? 'right' : codes.map((code) => code.replace(/^ZK_/u, '')).join(' ')
}

/** What is bad, one line a step. */
export function complaints(outcomes: readonly CellOutcome[]): string[] {
  return outcomes.flatMap(({ column, expression, steps }) =>
    steps
      .filter(({ isGood }) => !isGood)
      .map(
        ({ step, result, complaint }) =>
          `${column}, ${expression || 'no fault'}, ${step}: ${result}: ${complaint}`,
      ),
  )
}
