// The memory that a long sync takes beyond the idle service: the greatest resident size of a process that does nothing else,
// as the system counts it, and the engine's heap.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { figures } from '../report.ts'
import type { Claim, Row, Section } from '../report.ts'
import { ENGINES } from './bench-databases.ts'
import type { BenchDatabases } from './bench-databases.ts'
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

/** One first sync of `punches` into each engine, each in a process of its own. */
export async function benchSyncMemory(databases: BenchDatabases, punches: number): Promise<Section> {
  await using fleet = await startFleet({ terminals: 1, people: PEOPLE, punches })
  const many = punches.toLocaleString('en')
  const rows: Row[] = []
  const claims: Claim[] = []
  for (const engine of ENGINES) {
    await using database = await databases.empty(engine)
    const args = [database.url, database.folder, String(fleet.ports[0]), String(punches)]
    // With the flags of this process: those that npm gives it, and a service too.
    const flags = [...process.execArgv, '--expose-gc']
    const { stdout } = await run(process.execPath, [...flags, CHILD, ...args], { timeout: WITHIN_MS })
    const report: MemoryReport = JSON.parse(stdout)
    const aboveMb = (report.peakKiB - report.idleKiB) / KIB_A_MB
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
