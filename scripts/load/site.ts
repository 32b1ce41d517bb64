// A site in queue mode on this machine: MariaDB, Redis, API and worker processes as an operator starts them, and simulated
// terminals in a process of their own.
import { randomBytes } from 'node:crypto'
import { startProcess } from '../../packages/api/test/journeys/support/service-process.ts'
import type { ServiceProcess } from '../../packages/api/test/journeys/support/service-process.ts'
import { BenchDatabases } from '../bench/service/bench-databases.ts'
import { startFleet } from '../bench/service/fleet-process.ts'
import type { Fleet } from '../bench/service/fleet-process.ts'
import { logIn, NO_LIMITS, post } from '../bench/service/http-service.ts'

/** How large it is. */
export interface SitePlan {
  readonly terminals: number
  readonly apis: number
  readonly workers: number
  /** Whether each terminal is watched as well. */
  readonly live: boolean
  readonly people: number
  /** In each terminal's log from the beginning. */
  readonly punches: number
}

/** The running site. */
export interface Site extends AsyncDisposable {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly apis: readonly ServiceProcess[]
  readonly workers: readonly ServiceProcess[]
  readonly fleet: Fleet
}

/** A worker does so many jobs at once; the rest of its time is waiting for terminals. */
const JOBS_AT_ONCE = 16
/** Devices that are registered at the same time. */
const REGISTERED_AT_ONCE = 8

/** Starts all of it; nothing is registered yet. Throws when a part does not come up; what was started is ended then. */
export async function startSite(plan: SitePlan): Promise<Site> {
  const started = new AsyncDisposableStack()
  try {
    const databases = started.use(new BenchDatabases())
    const database = started.use(await databases.empty('MariaDB'))
    const redisUrl = await databases.redisUrl()
    const fleet = started.use(await startFleet(plan))
    const env = {
      ...NO_LIMITS,
      DATA_DIR: database.folder,
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      JWT_SECRET: randomBytes(32).toString('hex'),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      WORKER_CONCURRENCY: String(JOBS_AT_ONCE),
      PORT: '0',
    }
    const many = async (count: number, script: string, readyMessage: string): Promise<ServiceProcess[]> => {
      const processes: ServiceProcess[] = []
      for (let number = 0; number < count; number += 1)
        processes.push(started.use(await startProcess({ script, env, readyMessage })))
      return processes
    }
    return {
      databaseUrl: database.url,
      redisUrl,
      fleet,
      apis: await many(plan.apis, 'packages/api/src/main.ts', 'listening'),
      workers: await many(plan.workers, 'packages/worker/src/main.ts', 'worker ready'),
      [Symbol.asyncDispose]: () => started.disposeAsync(),
    }
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

/** Registers every terminal, to be synced once a minute. Gives the devices' ids in the order of the terminals. */
export async function registerAll(site: Site, live: boolean): Promise<number[]> {
  const addresses = site.apis.map(({ ready }) => String(ready['address']))
  const token = await logIn(addresses[0] ?? '')
  const ids: number[] = []
  const entries = [...site.fleet.ports.entries()]
  const registering = Array.from({ length: REGISTERED_AT_ONCE }, async () => {
    for (let entry = entries.shift(); entry !== undefined; entry = entries.shift()) {
      const [terminal, port] = entry
      const body = { name: `Terminal ${port}`, ip: '127.0.0.1', port, live, sync_interval_minutes: 1 }
      const address = addresses[terminal % addresses.length] ?? ''
      const device = await post(`${address}/api/v1/devices`, body, token)
      const id: unknown = typeof device === 'object' && device !== null ? Reflect.get(device, 'id') : null
      if (typeof id !== 'number') throw new Error(`terminal ${terminal} was registered without an id`)
      ids[terminal] = id
    }
  })
  await Promise.all(registering)
  return ids
}
