// The servers that tests of jobs run against, and scratch databases on them. A suite that lacks its server fails, unless
// TEST_EMBEDDED_ONLY=1 says that this is meant.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'

/** What to run against MariaDB or Redis: its URL, or undefined where the suite is to be skipped. */
export type Server = 'TEST_DATABASE_URL' | 'TEST_REDIS_URL'

export const embeddedOnly = process.env.TEST_EMBEDDED_ONLY === '1'

/** The server's URL. Throws where it is missing. */
export function serverUrl(server: Server): string {
  const url = process.env[server]
  if (url !== undefined && url !== '') return url
  throw new Error(`${server} is not set; set it, or TEST_EMBEDDED_ONLY=1 to leave these tests out`)
}

interface Connection {
  query(sql: string): Promise<unknown>
  end(): Promise<void>
}

/** mysql2 as packages/data has it; nothing else in core may know it. */
const mysql: { createConnection(url: string): Promise<Connection> } = createRequire(
  new URL('../../../data/package.json', import.meta.url),
)('mysql2/promise')

/** An empty database of its own on the test server. */
export interface Scratch {
  readonly url: string
  /** Removes all jobs. */
  readonly emptyJobs: () => Promise<void>
  readonly drop: () => Promise<void>
}

/** Makes an empty database of its own on the test server. */
export async function scratchDatabase(): Promise<Scratch> {
  const server = serverUrl('TEST_DATABASE_URL').replace(/\/+$/, '')
  const name = `jobs_${randomBytes(6).toString('hex')}`
  await ask(server, `CREATE DATABASE ${name}`)
  return {
    url: `${server}/${name}`,
    emptyJobs: () => ask(server, `DELETE FROM ${name}.jobs`, `DELETE FROM ${name}.job_totals`),
    drop: () => ask(server, `DROP DATABASE ${name}`),
  }
}

async function ask(url: string, ...statements: readonly string[]): Promise<void> {
  const connection = await mysql.createConnection(url)
  try {
    for (const sql of statements) await connection.query(sql)
  } finally {
    await connection.end()
  }
}
