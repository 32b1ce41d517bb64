// For tests of every package: the servers they run against, by the environment that `npm test` sets, and a freshly named
// database on them that is dropped again. A suite that lacks its server fails, unless TEST_EMBEDDED_ONLY=1 was asked for.
import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'

/** What needs a server is skipped, because whoever started the tests asked for that. */
export const EMBEDDED_ONLY = process.env['TEST_EMBEDDED_ONLY'] === '1'

/** The server's URL. Throws where it is missing, so that the suite fails instead of passing unseen. */
export function serverUrl(name: 'TEST_DATABASE_URL' | 'TEST_REDIS_URL'): string {
  const url = process.env[name]
  if (url !== undefined && url !== '') return url.replace(/\/+$/, '')
  throw new Error(
    `${name} is not set: run npm test, or set it, or leave these tests out with TEST_EMBEDDED_ONLY=1`,
  )
}

export interface ScratchDatabase extends AsyncDisposable {
  /** For `openDatabase`. */
  readonly url: string
  /** Runs statements past everything, in this database. */
  run(...statements: readonly string[]): Promise<void>
}

/** An empty database of its own on the test server, or on one of one's own; dropped when disposed of. */
export async function scratchDatabase(server = serverUrl('TEST_DATABASE_URL')): Promise<ScratchDatabase> {
  const name = `scratch_${randomBytes(8).toString('hex')}`
  await ask(server, `CREATE DATABASE ${name}`)
  const url = `${server}/${name}`
  return {
    url,
    run: (...statements) => ask(url, ...statements),
    [Symbol.asyncDispose]: () => ask(server, `DROP DATABASE ${name}`),
  }
}

async function ask(url: string, ...statements: readonly string[]): Promise<void> {
  const connection = await createConnection(url)
  try {
    for (const sql of statements) await connection.query(sql)
  } finally {
    await connection.end()
  }
}
