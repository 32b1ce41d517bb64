// A thousand people of a terminal in the database, as a sync brings them.
import { median } from '../race.ts'
import { figures } from '../report.ts'
import type { Claim, Row, Section } from '../report.ts'
import { ENGINES } from './bench-databases.ts'
import type { BenchDatabases } from './bench-databases.ts'
import { openService } from './bench-service.ts'
import type { BenchService } from './bench-service.ts'
import { startFleet } from './fleet-process.ts'

const BOUND_MS = 2_000

/** Everybody of a terminal into an empty database, and once more when nothing has changed. */
export async function benchPeople(
  databases: BenchDatabases,
  people: number,
  rounds: number,
): Promise<Section> {
  await using fleet = await startFleet({ terminals: 1, people, punches: 0 })
  const port = fleet.ports[0] ?? 0
  const many = people.toLocaleString('en')
  const rows: Row[] = []
  const claims: Claim[] = []
  for (const engine of ENGINES) {
    const first: number[] = []
    const again: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      await using database = await databases.empty(engine)
      await using service = await openService(database)
      const device = await service.register(port)
      first.push(await syncPeopleMs(service, device))
      again.push(await syncPeopleMs(service, device))
      const { total } = await service.database.people.list({ onDevice: true }, { offset: 0, limit: 1 })
      if (total !== people) throw new Error(`${total} of ${people} people were stored`)
    }
    for (const [name, times] of [
      [`${engine}, all new`, first],
      [`${engine}, nothing new`, again],
    ] as const) {
      rows.push({
        name,
        values: { 'median ms': figures(median(times)), 'most ms': figures(Math.max(...times)) },
      })
    }
    claims.push({
      name: `${engine}: ${many} people synced`,
      measured: median(first),
      bound: BOUND_MS,
      sense: 'at most',
      unit: 'ms',
    })
  }
  return { title: `${many} people of a terminal into the database`, rows, claims }
}

/** As the worker's handler runs the job that POST /users/device/{deviceId}/syncUserToDb queues. */
async function syncPeopleMs({ services }: BenchService, deviceId: number): Promise<number> {
  const started = performance.now()
  await services.syncPeople({
    deviceId,
    signal: new AbortController().signal,
    progress: () => undefined,
  })
  return performance.now() - started
}
