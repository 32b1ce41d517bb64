// Databases to try things on, made for a test and thrown away after it.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createConnection, type Connection } from 'mysql2/promise'
import { openDatabase, type Database, type OpenOptions } from '../../src/index.ts'

/** An empty database that is not migrated yet. Several may open it at once, unless it lives in memory. */
export interface Scratch {
  readonly url: string
  /** Opens it; closed by `drop`. */
  open(options?: OpenOptions): Promise<Database>
  /** Runs a statement past the repositories, as a vandal or an operator would. Not in memory. */
  run(sql: string): Promise<Record<string, unknown>[]>
  drop(): Promise<void>
}

abstract class Opened implements Scratch {
  abstract readonly url: string
  readonly #opened: Database[] = []

  async open(options?: OpenOptions): Promise<Database> {
    const database = await openDatabase(this.url, options)
    this.#opened.push(database)
    return database
  }

  abstract run(sql: string): Promise<Record<string, unknown>[]>

  async drop(): Promise<void> {
    for (const database of this.#opened) await database.close()
  }
}

class ScratchMemory extends Opened {
  readonly url = 'sqlite::memory:'

  run(): Promise<never> {
    return Promise.reject(new Error('nobody else reaches a database in memory'))
  }
}

class ScratchFile extends Opened {
  readonly #folder: string
  readonly url: string

  constructor(folder: string) {
    super()
    this.#folder = folder
    this.url = `sqlite:${join(folder, 'scratch.db')}`
  }

  async run(sql: string): Promise<Record<string, unknown>[]> {
    const database = new DatabaseSync(this.url.slice('sqlite:'.length))
    try {
      database.exec('pragma busy_timeout = 1000')
      return database.prepare(sql).all()
    } finally {
      database.close()
    }
  }

  override async drop(): Promise<void> {
    await super.drop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

class ScratchServer extends Opened {
  readonly #name: string
  readonly #connection: Connection
  readonly url: string

  constructor(server: URL, name: string, connection: Connection) {
    super()
    this.#name = name
    this.#connection = connection
    const url = new URL(server)
    url.pathname = `/${name}`
    this.url = url.href
  }

  async run(sql: string): Promise<Record<string, unknown>[]> {
    const [rows] = await this.#connection.query(sql)
    return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
  }

  override async drop(): Promise<void> {
    await super.drop()
    await this.#connection.query(`drop database ${this.#name}`)
    await this.#connection.end()
  }
}

export async function scratchMemory(): Promise<Scratch> {
  return new ScratchMemory()
}

export async function scratchFile(): Promise<Scratch> {
  return new ScratchFile(await mkdtemp(join(tmpdir(), 'org-data-')))
}

/** A freshly named database on the server of TEST_DATABASE_URL. */
export async function scratchServer(): Promise<Scratch> {
  const server = serverUrl()
  const name = `scratch_${randomUUID().replaceAll('-', '')}`
  const connection = await createConnection({ uri: server.href, dateStrings: true })
  await connection.query(`create database ${name}`)
  await connection.query(`use ${name}`)
  return new ScratchServer(server, name, connection)
}

/** Whether the run leaves servers out on purpose. */
export const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'

export function serverUrl(): URL {
  const url = process.env['TEST_DATABASE_URL']
  if (url === undefined || url === '') {
    throw new Error(
      'TEST_DATABASE_URL names no server (mysql://root@127.0.0.1:3306); set it, or TEST_EMBEDDED_ONLY=1 to leave servers out',
    )
  }
  return new URL(url)
}
