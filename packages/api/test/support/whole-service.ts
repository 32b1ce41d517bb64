// The whole service in one process: database, core, a worker, HTTP on a free port. Embedded it is as a newcomer starts it, on
// SQLite; in queue mode the same on MariaDB and Redis. What stands in the way of tests is set aside: rate limits are high and
// nothing is logged on the screen.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServices, readConfig } from '@org/core'
import type { Services } from '@org/core'
import { openDatabase } from '@org/data'
import type { Database } from '@org/data'
import { startWorker } from '@org/worker'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'
import { freshTestSecret } from '../../../../scripts/toolchain/test-secrets.ts'
import { startApi } from '../../src/index.ts'
import { Client } from './client.ts'

/** The admin that every whole service begins with. */
export const FIRST_ADMIN = { email: 'admin@example.com', password: 'danish123' }

export type Mode = 'embedded' | 'queue mode'

/** Both ways to run; the second is left out when the tests were started without servers, on purpose. */
export const MODES: readonly Mode[] = EMBEDDED_ONLY ? ['embedded'] : ['embedded', 'queue mode']

export interface WholeService extends AsyncDisposable {
  readonly client: Client
  readonly services: Services
  readonly database: Database
  /** An access token of the first admin. */
  readonly admin: string
  /** Makes an account and gives its access token. */
  account(role: 'user' | 'operator' | 'admin'): Promise<string>
  /** Asks for a job until it is over, and gives it. */
  finished(jobId: string): Promise<FinishedJob>
}

export interface FinishedJob {
  readonly state: string
  readonly attempts: number
  readonly result: Readonly<Record<string, number>> | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly finished_at: string | null
}

/**
 * Starts it; `await using` ends it.
 * @param options `worker: false` leaves jobs where they are queued
 */
export async function wholeService(
  mode: Mode,
  options: {
    readonly worker?: boolean
    readonly env?: Readonly<Record<string, string>>
    readonly log?: Services['log']
  } = {},
): Promise<WholeService> {
  const opened = new AsyncDisposableStack()
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'api-test-')), (it) => rm(it, { recursive: true }))
  const shared = mode === 'embedded' ? {} : await servers(opened)
  const config = readConfig({
    ...shared,
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
    ADMIN_EMAIL: FIRST_ADMIN.email,
    ADMIN_PASSWORD: FIRST_ADMIN.password,
    RATE_LIMIT_PER_MINUTE: '1000000',
    LOGIN_RATE_LIMIT_PER_MINUTE: '1000000',
    UNLOCK_RATE_LIMIT_PER_MINUTE: '1000000',
    OVERLOAD_DELAY_MS: '0',
    DRAIN_SECONDS: '0',
    // What tests count of a terminal's sessions, and of new punches, is not to be anybody else's.
    LIVE_WATCH: 'false',
    ...options.env,
  })
  const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
  const services = opened.adopt(
    await createServices(config, database, { role: 'both', log: options.log ?? testLog() }),
    (it) => it.close(),
  )
  await services.accounts.ensureFirstAdmin()
  if (options.worker !== false) opened.adopt(startWorker(services), (it) => it.stop())
  const api = opened.adopt(await startApi(services, { host: '127.0.0.1', port: 0 }), (it) => it.close())
  const client = await Client.to(api.address)
  const admin = await logIn(client, FIRST_ADMIN)
  let accounts = 0

  return {
    client,
    services,
    database,
    admin,
    async account(role) {
      accounts += 1
      const credentials = { email: `${role}-${accounts}@example.com`, password: 'password123' }
      const newcomer = { username: `${role}-${accounts}`, ...credentials, role }
      const answer = await client.post('/api/v1/auth/register', newcomer, { token: admin })
      if (answer.status !== 201) throw new Error(answer.text)
      return logIn(client, credentials)
    },
    async finished(jobId) {
      const deadline = Date.now() + 60_000
      while (Date.now() < deadline) {
        const answer = await client.get(`/api/v1/queue/jobs/${jobId}`, { token: admin })
        const job = answer.data as FinishedJob
        if (job.finished_at !== null) return job
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error(`${jobId} is not over after a minute`)
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** An access token for an e-mail and a password. */
export async function logIn(
  client: Client,
  credentials: { email: string; password: string },
): Promise<string> {
  const answer = await client.post('/api/v1/auth/login', credentials)
  if (answer.status !== 200) throw new Error(answer.text)
  return (answer.data as { access_token: string }).access_token
}

/** What queue mode needs: an empty database that is dropped at the end, Redis, and secrets. */
async function servers(opened: AsyncDisposableStack): Promise<Record<string, string>> {
  const { url } = opened.use(await scratchDatabase())
  return {
    DATABASE_URL: url,
    REDIS_URL: serverUrl('TEST_REDIS_URL'),
    JWT_SECRET: freshTestSecret(),
    ENCRYPTION_KEY: freshTestSecret(),
    // A Redis that this service has never seen grants nothing for one lease time.
    DEVICE_LEASE_MS: '3000',
  }
}
