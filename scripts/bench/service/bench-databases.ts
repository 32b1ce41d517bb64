// Empty databases of both engines for the bench: SQLite files in temporary folders, and databases on a MariaDB that is found
// or started as for the tests, the first time that one is asked for. And a Redis, likewise.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scratchDatabase } from '../../toolchain/scratch-database.ts'
import { startTestServer } from '../../toolchain/servers.ts'
import type { TestServer } from '../../toolchain/servers.ts'

/** What a part is measured on. */
export type EngineName = 'SQLite' | 'MariaDB'

/** Both, in the order in which they are reported. */
export const ENGINES: readonly EngineName[] = ['SQLite', 'MariaDB']

/** An empty database; it and its folder end with it. */
export interface EmptyDatabase extends AsyncDisposable {
  readonly engine: EngineName
  /** For `openDatabase`. */
  readonly url: string
  /** A folder that is removed in the end: DATA_DIR of a service. */
  readonly folder: string
}

/** Where the bench's databases come from. */
export class BenchDatabases implements AsyncDisposable {
  readonly #servers = new Map<'MariaDB' | 'Redis', Promise<TestServer>>()

  /** A new one. Throws where there is no MariaDB and none can be started. */
  async empty(engine: EngineName): Promise<EmptyDatabase> {
    const opened = new AsyncDisposableStack()
    try {
      const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'bench-')), (it) =>
        rm(it, { recursive: true }),
      )
      const url =
        engine === 'SQLite'
          ? `sqlite:${join(folder, 'service.db')}`
          : opened.use(await scratchDatabase(await this.#serverUrl('MariaDB'))).url
      return { engine, url, folder, [Symbol.asyncDispose]: () => opened.disposeAsync() }
    } catch (error) {
      await opened.disposeAsync()
      throw error
    }
  }

  /** For REDIS_URL. Throws where there is none and none can be started. */
  redisUrl(): Promise<string> {
    return this.#serverUrl('Redis')
  }

  async #serverUrl(name: 'MariaDB' | 'Redis'): Promise<string> {
    const server = this.#servers.get(name) ?? startTestServer(name, (line) => console.error(line))
    this.#servers.set(name, server)
    const { url } = await server
    return url.replace(/\/+$/, '')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await (await server).stop()
  }
}
