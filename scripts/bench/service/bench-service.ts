// A service as it runs, without HTTP: createServices on an open database. What the parts of the bench on the service work with.
import { createServices, readConfig, SYSTEM } from '@org/core'
import type { Services, SyncCertificate, SyncMode } from '@org/core'
import { openDatabase } from '@org/data'
import type { Database } from '@org/data'
import type { EmptyDatabase } from './bench-databases.ts'

/** One running service. */
export interface BenchService extends AsyncDisposable {
  readonly services: Services
  readonly database: Database
  /** Registers a terminal of this machine; its device id. */
  register(port: number): Promise<number>
  /** A sync as the worker's handler runs it; milliseconds. Throws when it did not read `expected` punches. */
  syncMs(deviceId: number, mode: SyncMode, expected: number): Promise<number>
}

/** Opens a service on a database. */
export async function openService({
  url,
  folder,
}: Pick<EmptyDatabase, 'url' | 'folder'>): Promise<BenchService> {
  const opened = new AsyncDisposableStack()
  try {
    const config = readConfig({ DATA_DIR: folder, DATABASE_URL: url, LOG_LEVEL: 'error' })
    const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
    const services = opened.adopt(await createServices(config, database, { role: 'both' }), (it) =>
      it.close(),
    )
    return {
      services,
      database,
      async register(port) {
        const input = { name: 'Terminal', ip: '127.0.0.1', port, live: false }
        const { device } = await services.devices.register(input, SYSTEM)
        return device.id
      },
      async syncMs(deviceId, mode, expected) {
        const signal = new AbortController().signal
        const progress = (): void => undefined
        const started = performance.now()
        const certificate = await services.syncAttendance({ deviceId, mode, signal, progress })
        const ms = performance.now() - started
        checkRead(certificate, expected)
        return ms
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

function checkRead({ read }: SyncCertificate, expected: number): void {
  if (read !== expected) throw new Error(`a sync read ${read} punches instead of ${expected}`)
}
