// The memory that a long sync takes beyond the idle service: the greatest resident size of a process that does nothing else,
// as the system counts it, and the engine's heap.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { figures } from '../report.ts'
import type { Claim, Row, Section } from '../report.ts'
import { ENGINES } from './bench-databases.ts'
import type { BenchDatabases, EngineName } from './bench-databases.ts'
import { startFleet } from './fleet-process.ts'

/** What sync-memory-child.ts prints. */
export interface MemoryReport {
  readonly idleKiB: number
  readonly peakKiB: number
  readonly idleHeapBytes: number
  readonly peakHeapBytes: number
  readonly ms: number
}

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('sync-memory-child.ts', import.meta.url))
const KIB_A_MB = 1_000_000 / 1024
const PEOPLE = 500
const BOUND_MB = 150
const WITHIN_MS = 900_000

/**
 * First syncs of `punches` into each engine, each in a process of its own; of `runs` the one with the least peak counts: on a
 * busy machine the engine's own threads come late, and what they would have swept up is counted too.
 */
export async function benchSyncMemory(
  databases: BenchDatabases,
  punches: number,
  runs: number,
): Promise<Section> {
  await using fleet = await startFleet({ terminals: 1, people: PEOPLE, punches })
  const many = punches.toLocaleString('en')
  const rows: Row[] = []
  const claims: Claim[] = []
  for (const engine of ENGINES) {
    const reports: MemoryReport[] = []
    for (let time = 0; time < runs; time += 1)
      reports.push(await syncInChild(databases, engine, fleet.ports[0] ?? 0, punches))
    const [report] = reports.toSorted((one, other) => above(one) - above(other))
    if (report === undefined) throw new RangeError('expected one run or more')
    const aboveMb = above(report) / KIB_A_MB
    rows.push({
      name: engine,
      values: {
        'idle MB': figures(report.idleKiB / KIB_A_MB),
        'peak MB': figures(report.peakKiB / KIB_A_MB),
        'above idle MB': figures(aboveMb),
        'heap, idle MB': figures(report.idleHeapBytes / 1_000_000),
        'heap, peak MB': figures(report.peakHeapBytes / 1_000_000),
        'thousand punches/s': figures(punches / report.ms),
      },
    })
    claims.push({
      name: `${engine}: memory of a sync of ${many} punches above idle`,
      measured: aboveMb,
      bound: BOUND_MB,
      sense: 'at most',
      unit: 'MB',
    })
  }
  return { title: `Memory of a sync of ${many} punches`, rows, claims }
}

function above({ idleKiB, peakKiB }: MemoryReport): number {
  return peakKiB - idleKiB
}

async function syncInChild(
  databases: BenchDatabases,
  engine: EngineName,
  port: number,
  punches: number,
): Promise<MemoryReport> {
  await using database = await databases.empty(engine)
  const args = [database.url, database.folder, String(port), String(punches)]
  // With the flags of this process: those that npm gives it, and a service too.
  const flags = [...process.execArgv, '--expose-gc']
  const { stdout } = await run(process.execPath, [...flags, CHILD, ...args], { timeout: WITHIN_MS })
  const report: MemoryReport = JSON.parse(stdout)
  return report
}
