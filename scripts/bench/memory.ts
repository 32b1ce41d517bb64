// The memory of a program that does nothing but read a log with the built package, above that of a Node that does nothing:
// the greatest resident size, as the system counts it.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startInstantTerminal } from './instant-process.ts'
import { median } from './race.ts'
import { figures } from './report.ts'
import type { Claim, Row, Section } from './report.ts'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHILD = fileURLToPath(new URL('memory-child.mjs', import.meta.url))
const ENTRANCE = new URL('../../packages/zk-proto/dist/index.js', import.meta.url).href
const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
const KIB_A_MB = 1_000_000 / 1024

/**
 * A peak is measured so often in a round, and the least counts: on a busy machine the engine's own threads come late, and
 * what they would have swept up or finished compiling is counted too.
 */
const TIMES_A_ROUND = 3

/** Reads `small` and `large` punches in packets of `packetBytes`, each in a fresh process, over `rounds` rounds. */
export async function benchMemory(
  small: number,
  large: number,
  packetBytes: number,
  rounds: number,
): Promise<Section> {
  await run(TSC, ['-b', 'packages/zk-proto'], { cwd: ROOT })
  const idle = await peak(rounds, ['idle'], 0)
  const rows: Row[] = [row('idle Node', idle, idle)]
  const claims: Claim[] = []
  const above = new Map<string, number>()
  for (const punches of [small, large]) {
    await using server = await startInstantTerminal(punches, packetBytes)
    for (const what of ['punches', 'columns']) {
      const used = await peak(rounds, [what, ENTRANCE, String(server.port)], punches)
      rows.push(row(`${punches.toLocaleString('en')} as ${what}`, used, idle))
      above.set(`${what} ${punches}`, used - idle)
    }
  }
  for (const what of ['punches', 'columns']) {
    const first = above.get(`${what} ${small}`) ?? Number.NaN
    const claim = (name: string, measured: number, bound: number): Claim => ({
      name,
      measured,
      bound,
      sense: 'at most',
      unit: 'MB',
    })
    claims.push(
      claim(`memory for ${small.toLocaleString('en')} ${what} above an idle Node`, first, 25),
      claim(
        `memory for ${large.toLocaleString('en')} ${what} above that`,
        (above.get(`${what} ${large}`) ?? Number.NaN) - first,
        10,
      ),
    )
  }
  return { title: `Peak memory of the built package, packets of ${packetBytes} bytes`, rows, claims }
}

function row(name: string, used: number, idle: number): Row {
  return { name, values: { 'peak MB': figures(used), 'above idle MB': figures(used - idle) } }
}

/** The least peak of each round in MB, and of those the median. Throws when a process read another number of records than it should have. */
async function peak(rounds: number, args: readonly string[], expected: number): Promise<number> {
  const peaks: number[] = []
  for (let time = 0; time < rounds * TIMES_A_ROUND; time += 1) {
    const { stdout } = await run(process.execPath, [CHILD, ...args])
    const told: unknown = JSON.parse(stdout)
    if (typeof told !== 'object' || told === null) throw new Error(`no measurement: ${stdout}`)
    const peakKiB: unknown = Reflect.get(told, 'peakKiB')
    const read: unknown = Reflect.get(told, 'read')
    if (typeof peakKiB !== 'number' || read !== expected) throw new Error(`read ${stdout}, not ${expected}`)
    peaks.push(peakKiB / KIB_A_MB)
  }
  const least = Array.from({ length: rounds }, (_, round) =>
    Math.min(...peaks.slice(round * TIMES_A_ROUND, (round + 1) * TIMES_A_ROUND)),
  )
  return median(least)
}
