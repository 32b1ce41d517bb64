// A service as a newcomer starts it, in this process: SQLite in a folder of its own, a worker, HTTP on a free port. For tests of pages
// whose examples talk to one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApi } from '@org/api'
import { createServices, readConfig, type Services } from '@org/core'
import { openDatabase } from '@org/data'
import { startWorker } from '@org/worker'
import { testLog } from '../../toolchain/test-log.ts'

/** The admin that it begins with. */
export const ADMIN = { email: 'admin@example.com', password: 'danish123' }

export interface EmbeddedService extends AsyncDisposable {
  readonly address: string
  readonly services: Services
  /** Where examples may write files. */
  readonly folder: string
}

export async function embeddedService(env: Readonly<Record<string, string>> = {}): Promise<EmbeddedService> {
  const opened = new AsyncDisposableStack()
  try {
    const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'zk-page-')), (it) =>
      rm(it, { recursive: true }),
    )
    const config = readConfig({
      DATA_DIR: folder,
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      // Waiting for a job is asking for it often, and other tests may keep the machine busy.
      RATE_LIMIT_PER_MINUTE: '1000000',
      OVERLOAD_DELAY_MS: '0',
      ...env,
    })
    const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
    const services = opened.adopt(
      await createServices(config, database, { role: 'both', log: testLog() }),
      (it) => it.close(),
    )
    await services.accounts.ensureFirstAdmin()
    opened.adopt(startWorker(services), (it) => it.stop())
    const api = opened.adopt(await startApi(services, { host: '127.0.0.1', port: 0 }), (it) => it.close())
    return {
      address: api.address,
      services,
      folder,
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}
