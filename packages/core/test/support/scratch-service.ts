// A service of its own for one test: data folder, database, services, and terminals to talk to; all of it ends with the test.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type Database } from '@org/data'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import {
  createServices,
  readConfig,
  ServiceError,
  SYSTEM,
  type Device,
  type DeviceInput,
  type ServiceOptions,
  type Services,
} from '../../src/index.ts'
import type { SyncAttendanceInput, SyncCertificate } from '../../src/index.ts'
import { scratchDatabase } from '../../../../scripts/toolchain/scratch-database.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const REGISTER_ATTEMPTS = 5

export type Engine = 'sqlite' | 'mysql'

/** Nothing on the screen, whatever happens; what it says is searched for secrets after the whole run. */
export const quiet = testLog()

/** A folder that is removed at the end. */
export async function scratchFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'org-core-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** An open, empty database. */
export async function openScratch(
  engine: Engine,
  folder: string,
): Promise<AsyncDisposable & { readonly url: string; readonly database: Database }> {
  const server = engine === 'mysql' ? await scratchDatabase() : undefined
  const url = server?.url ?? `sqlite:${join(folder, 'service.db')}`
  const database = await openDatabase(url)
  return {
    url,
    database,
    async [Symbol.asyncDispose]() {
      await database.close()
      await server?.[Symbol.asyncDispose]()
    },
  }
}

export interface ScratchService extends AsyncDisposable {
  readonly services: Services
  readonly database: Database
  readonly url: string
  readonly folder: string
  /** Starts a terminal, whose end is the test's. */
  terminal(options?: TerminalOptions): Promise<SimulatedTerminal>
  /** Registers a terminal, again where a busy machine was too slow for it. */
  register(terminal: SimulatedTerminal, input?: Partial<DeviceInput>): Promise<Device>
  sync(deviceId: number, input?: Partial<SyncAttendanceInput>): Promise<SyncCertificate>
}

export async function scratchService(
  engine: Engine = 'sqlite',
  env: Readonly<Record<string, string>> = {},
  options: Partial<ServiceOptions> = {},
): Promise<ScratchService> {
  const ending = new AsyncDisposableStack()
  const folder = ending.use(await scratchFolder()).path
  const { database, url } = ending.use(await openScratch(engine, folder))
  const config = readConfig({ DATA_DIR: folder, DATABASE_URL: url, LOG_LEVEL: 'silent', ...env })
  const services = await createServices(config, database, { role: 'both', log: quiet, ...options })
  ending.defer(() => services.close())
  return {
    services,
    database,
    url,
    folder,
    async terminal(options = {}) {
      const serialNumber = `T${randomBytes(6).toString('hex')}`
      const own = options.memory === undefined ? { serialNumber } : {}
      const terminal = await startTerminal({ ...own, ...options })
      ending.defer(() => terminal.stop())
      return terminal
    },
    async register(terminal, input = {}) {
      const { host: ip, port } = terminal
      for (let attempt = 1; ; attempt += 1) {
        try {
          return (await services.devices.register({ name: 'Gate', ip, port, ...input }, SYSTEM)).device
        } catch (error) {
          if (!(error instanceof ServiceError) || !error.retryable || attempt === REGISTER_ATTEMPTS)
            throw error
        }
      }
    },
    sync: (deviceId, input = {}) =>
      services.syncAttendance({
        deviceId,
        mode: 'auto',
        signal: new AbortController().signal,
        progress: () => undefined,
        ...input,
      }),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}
