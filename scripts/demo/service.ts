// API and worker of one process, put together and taken apart in order: what `npm start` runs.
import { startApi, type RunningApi } from '@org/api'
import { createServices, type Config, type Services } from '@org/core'
import { openDatabase, type Database } from '@org/data'
import { startWorker } from '@org/worker'

export interface RunningService {
  readonly config: Config
  readonly services: Services
  readonly database: Database
  readonly api: RunningApi
  /** Made at this start; its password is known only now. Undefined where there are accounts already. */
  readonly firstAdmin: { readonly email: string; readonly password: string | undefined } | undefined
  /** The address an admin logs in with. */
  readonly adminEmail: string | undefined
}

/** Starts everything; `resources` ends it again in the opposite order, also what was started before a failure. */
export async function startService(
  config: Config,
  resources: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<RunningService> {
  const database = await openDatabase(config.databaseUrl)
  resources.defer(() => database.close())
  const services = await createServices(config, database, { role: 'both' })
  resources.defer(() => services.close())
  signal.throwIfAborted()
  const worker = startWorker(services)
  resources.defer(() => worker.stop())
  const api = await listen(services, config)
  resources.defer(() => api.close())
  // Last of all: a password made at random is shown by whoever gets it, so nothing may fail between making and showing.
  const firstAdmin = await services.accounts.ensureFirstAdmin()
  return {
    config,
    services,
    database,
    api,
    firstAdmin,
    adminEmail: firstAdmin?.email ?? (await anAdmin(database)),
  }
}

async function anAdmin(database: Database): Promise<string | undefined> {
  const accounts = await database.accounts.list({ offset: 0, limit: 100 })
  return accounts.rows.find(({ role, disabled }) => role === 'admin' && !disabled)?.email
}

/** The port asked for; where that is merely the default and taken, any free one. */
async function listen(services: Services, config: Config): Promise<RunningApi> {
  try {
    return await startApi(services, { host: config.HOST, port: config.PORT })
  } catch (error) {
    if (!isAddressInUse(error)) throw error
    const wanted = `${config.HOST}:${config.PORT}`
    if ((process.env['PORT'] ?? '') !== '') {
      throw new Error(
        `Port ${config.PORT} is in use: ${wanted} is taken by another program. Choose another PORT.`,
        {
          cause: error,
        },
      )
    }
    return startApi(services, { host: config.HOST, port: 0 })
  }
}

export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
