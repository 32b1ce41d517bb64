// A service in queue mode of any number of API and worker processes, on a database and Redis keys of its own.
import { scratchDatabase, serverUrl } from '../../../../../scripts/toolchain/scratch-database.ts'
import { freshTestSecret } from '../../../../../scripts/toolchain/test-secrets.ts'
import { RestClient } from './rest-client.ts'
import { startProcess, type ServiceProcess } from './service-process.ts'

/** The first admin of every such service. */
export const ADMIN = { email: 'admin@journey.example', password: 'a long journey 3' }

/** Running processes that share their data. */
export interface QueueModeService extends AsyncDisposable {
  readonly databaseUrl: string
  readonly apis: readonly ServiceProcess[]
  readonly workers: readonly ServiceProcess[]
  /** One logged-in client for each API process. */
  readonly clients: readonly RestClient[]
  /** One more API process, and a client of it. */
  startApi(): Promise<{ readonly api: ServiceProcess; readonly client: RestClient }>
  /** One more worker process. */
  startWorker(): Promise<ServiceProcess>
}

/** Starts so many of each. `env` goes over what is usual here. */
export async function startQueueMode(
  { apis, workers }: { readonly apis: number; readonly workers: number },
  env: Readonly<Record<string, string>> = {},
): Promise<QueueModeService> {
  const ending = new AsyncDisposableStack()
  const database = ending.use(await scratchDatabase())
  const whole = {
    DATABASE_URL: database.url,
    REDIS_URL: serverUrl('TEST_REDIS_URL'),
    JWT_SECRET: freshTestSecret(),
    ENCRYPTION_KEY: freshTestSecret(),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    PORT: '0',
    JOB_CLAIM_MS: '4000',
    DEVICE_LEASE_MS: '8000',
    DEVICE_IDLE_MS: '500',
    DRAIN_SECONDS: '0',
    OVERLOAD_DELAY_MS: '0',
    ...env,
  }
  const startApi = async () => {
    const api = ending.use(
      await startProcess({ script: 'packages/api/src/main.ts', env: whole, readyMessage: 'listening' }),
    )
    const client = new RestClient(String(api.ready['address']))
    await client.logIn(ADMIN.email, ADMIN.password)
    return { api, client }
  }
  const startWorker = async () =>
    ending.use(
      await startProcess({ script: 'packages/worker/src/main.ts', env: whole, readyMessage: 'worker ready' }),
    )
  try {
    // The first alone: it migrates the database and makes the admin.
    const started = [await startApi()]
    started.push(...(await Promise.all(Array.from({ length: apis - 1 }, startApi))))
    const working = await Promise.all(Array.from({ length: workers }, startWorker))
    return {
      databaseUrl: database.url,
      apis: started.map(({ api }) => api),
      clients: started.map(({ client }) => client),
      workers: working,
      startApi,
      startWorker,
      [Symbol.asyncDispose]: () => ending.disposeAsync(),
    }
  } catch (error) {
    await ending.disposeAsync()
    throw error
  }
}
