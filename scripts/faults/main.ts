// `npm run test:faults`: our client against every model and every fault. Prints the table; ends with 1 if a cell is bad.
import { parseArgs } from 'node:util'
import { ourClient } from './client.ts'
import { COLUMNS } from './column.ts'
import { complaints, ROWS, runTable, tableText } from './table.ts'

const USAGE = `usage: npm run test:faults [-- --fault TEXT] [--model TEXT] [--steps]
  --fault TEXT  only rows that hold this text
  --model TEXT  only models that hold this text
  --steps       what came of each step, not only of each cell`

const OPTIONS = {
  fault: { type: 'string', default: '' },
  model: { type: 'string', default: '' },
  steps: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS })
    if (!values.help) return values
    console.log(USAGE)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    process.exitCode = 2
  }
  return undefined
}

const options = readOptions()
if (options !== undefined) {
  const rows = ROWS.filter(({ expression }) => expression.includes(options.fault))
  const columns = COLUMNS.filter(({ name }) => name.includes(options.model))
  const began = performance.now()
  const outcomes = await runTable(rows, columns, ourClient)
  console.log(tableText(outcomes, rows, columns))
  if (options.steps) {
    for (const { column, expression, steps } of outcomes) {
      const said = steps.map(({ step, result }) => `${step}: ${result}`).join(', ')
      console.log(`${column}, ${expression || 'no fault'}: ${said}`)
    }
  }
  const bad = complaints(outcomes)
  for (const complaint of bad) console.log(`BAD  ${complaint}`)
  const badCells = outcomes.filter(({ isGood }) => !isGood).length
  const seconds = ((performance.now() - began) / 1_000).toFixed(1)
  console.log(
    outcomes.length === 0
      ? '\nno cell: no row and model hold these texts'
      : `\n${outcomes.length} cells in ${seconds} s, ${badCells === 0 ? 'all good' : `${badCells} bad`}`,
  )
  if (badCells > 0 || outcomes.length === 0) process.exitCode = 1
}
