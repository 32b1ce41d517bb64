// SQLite by node:sqlite, as Kysely sees it. One connection, given to one user at a time: statements run in the thread
// that asks, so a second connection would only add ways to be locked out. Waiting for it has a deadline.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import { DatabaseFault, DatabaseUnavailable, MissingReference, UniqueViolation } from './errors.ts'
import { UNIQUE_KEYS } from './schema.ts'

export interface SqliteOptions {
  /** A path, or ':memory:'. */
  readonly path: string
  /** How long to wait for the connection, or for another process that writes. */
  readonly waitMs: number
  /** Called whenever a connection is asked for; throws where that is not allowed. */
  readonly guard: () => void
}

const STATEMENT_CACHE_SIZE = 200
/** Pages of the write-ahead log, 16 MB, after which they go into the file: a page that many batches change goes there once. */
const CHECKPOINT_PAGES = 4_000
const BUSY_STEP_MS = 20 // how long the thread may be held while another process writes; then we wait beside it

/** Opens the file, its folder made where missing, for its owner alone. Throws DatabaseUnavailable. */
export async function openSqlite(options: SqliteOptions): Promise<SqliteDriver> {
  const connection = new SqliteConnection(openFile(options.path), options.waitMs)
  try {
    for (const setting of SETTINGS) await connection.executeQuery(CompiledQuery.raw(`pragma ${setting}`))
  } catch (error) {
    connection.close()
    throw error
  }
  return new SqliteDriver(connection, options)
}

/**
 * Full synchronisation: what was reported as stored must outlast a power cut, since terminals are cleared on its word.
 * Changing to the write-ahead log is refused at once, without waiting, while another opens the file too.
 */
const SETTINGS = [
  `busy_timeout = ${BUSY_STEP_MS}`,
  'journal_mode = wal',
  `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  'synchronous = full',
  'foreign_keys = on',
  'trusted_schema = off',
]

/** Opens a file, made where missing for its owner alone. Throws DatabaseUnavailable. */
export function openFile(path: string): DatabaseSync {
  try {
    if (path !== ':memory:') {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      closeSync(openSync(path, 'a', 0o600))
    }
    return new DatabaseSync(path)
  } catch (error) {
    throw translatedSqlite(error, 'refused')
  }
}

/** Kysely's own SQLite with our driver. */
export function sqliteDialect(driver: Driver): Dialect {
  return {
    createDriver: () => driver,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new QueuedAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
}

/** Kysely would queue for the one connection without a deadline; the driver's own queue has one. */
class QueuedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

interface Waiter {
  grant(): void
}

export class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection
  readonly #options: SqliteOptions
  readonly #waiting: Waiter[] = []
  #taken = false
  #closed = false

  constructor(connection: SqliteConnection, options: SqliteOptions) {
    this.#connection = connection
    this.#options = options
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#options.guard()
    if (this.#closed) throw new DatabaseUnavailable('closed')
    if (this.#taken) await this.#turn()
    this.#taken = true
    if (this.#connection.isOpen) return this.#connection
    await this.releaseConnection()
    throw new DatabaseUnavailable('closed')
  }

  /** Resolves when the connection is handed over; the giver leaves it marked as taken. */
  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        grant: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(new DatabaseUnavailable('busy'))
      }, this.#options.waitMs)
      this.#waiting.push(waiter)
    })
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken = false
    else next.grant()
  }

  /** Immediate: the write lock is taken at once, so that no transaction fails half-way for want of it. */
  async beginTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(): Promise<void> {
    await this.#connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback()
  }

  /** Waits for whoever has the connection, a bounded time, then closes the file. */
  async destroy(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#taken) await this.#turn().catch(onlyBusy)
    this.#connection.close()
  }
}

/** At the end of its patience `destroy` closes all the same; whoever is still at work sees a closed database. */
function onlyBusy(error: unknown): void {
  if (!(error instanceof DatabaseUnavailable)) throw error
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync
  readonly #waitMs: number
  /** Prepared statements, least recently used first. */
  readonly #statements = new Map<string, PreparedStatement>()

  constructor(database: DatabaseSync, waitMs: number) {
    this.#database = database
    this.#waitMs = waitMs
  }

  get isOpen(): boolean {
    return this.#database.isOpen
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const deadline = performance.now() + this.#waitMs
    for (;;) {
      try {
        return this.#run<Row>(query)
      } catch (error) {
        // Only another process can be in the way here; a refused statement has changed nothing and is asked again.
        if (!isBusy(error) || performance.now() > deadline) throw translatedSqlite(error, 'lost')
      }
      await sleep(10 + Math.random() * 20)
    }
  }

  #run<Row>(query: CompiledQuery): QueryResult<Row>
  #run(query: CompiledQuery): QueryResult<unknown> {
    const { statement, reads } = this.#prepared(query.sql)
    const { parameters } = query
    if (!parameters.every(isBindable)) throw unbindable(parameters)
    if (reads) return { rows: statement.all(...parameters) }
    const { changes, lastInsertRowid } = statement.run(...parameters)
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
  }

  #prepared(sql: string): PreparedStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) {
      this.#statements.delete(sql)
      this.#statements.set(sql, known)
      return known
    }
    const statement = this.#database.prepare(sql)
    const prepared = { statement, reads: statement.columns().length > 0 }
    this.#statements.set(sql, prepared)
    for (const [oldest] of this.#statements) {
      if (this.#statements.size <= STATEMENT_CACHE_SIZE) break
      this.#statements.delete(oldest)
    }
    return prepared
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query)
  }

  /** A commit that failed may have ended the transaction itself. */
  rollback(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('rollback')
  }

  close(): void {
    this.#statements.clear()
    if (this.#database.isOpen) this.#database.close()
  }
}

interface PreparedStatement {
  readonly statement: StatementSync
  readonly reads: boolean
}

function unbindable(parameters: readonly unknown[]): TypeError {
  const type = typeof parameters.find((value) => !isBindable(value))
  return new TypeError(`a ${type} cannot be bound; columns are encoded by the schema`)
}

function isBindable(value: unknown): value is SQLInputValue {
  const type = typeof value
  return value === null || type === 'string' || type === 'number' || type === 'bigint'
}

const SQLITE_BUSY = 5
const SQLITE_READONLY = 8
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_CONSTRAINT_FOREIGNKEY = 787
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067

interface SqliteFault {
  readonly message: string
  readonly errcode: number
}

function isSqliteFault(error: unknown): error is SqliteFault {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

/** Whether another connection has the lock that was wanted. */
export function isBusy(error: unknown): boolean {
  return isSqliteFault(error) && (error.errcode & 0xff) === SQLITE_BUSY
}

/** In our words what node:sqlite threw. SQLite's messages name tables and columns, never values, and are kept. */
export function translatedSqlite(error: unknown, otherwise: 'refused' | 'lost'): unknown {
  if (!isSqliteFault(error))
    return isClosed(error) ? new DatabaseUnavailable('closed') : fileFault(error, otherwise)
  if (error.errcode === SQLITE_CONSTRAINT_UNIQUE || error.errcode === SQLITE_CONSTRAINT_PRIMARYKEY) {
    const columns = error.message.slice(error.message.indexOf(':') + 2)
    const key = UNIQUE_KEYS.find((known) => known.columns.join(', ') === columns)
    if (key !== undefined) return new UniqueViolation(key.constraint, { cause: error })
  }
  if (error.errcode === SQLITE_CONSTRAINT_FOREIGNKEY) return new MissingReference({ cause: error })
  switch (error.errcode & 0xff) {
    case SQLITE_BUSY:
      return new DatabaseUnavailable('busy', { cause: error })
    case SQLITE_READONLY:
    case SQLITE_FULL:
      return new DatabaseUnavailable('full', { cause: error })
    case SQLITE_CANTOPEN:
      return new DatabaseUnavailable('refused', { cause: error })
    default:
      return new DatabaseFault(`SQLITE ${error.errcode}`, error.message, { cause: error })
  }
}

/** node:sqlite's word for a connection that was closed while somebody was still at work. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE'
}

/** Faults of the file system, met when the file is opened, mean that the database cannot be reached. */
function fileFault(error: unknown, otherwise: 'refused' | 'lost'): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  return new DatabaseUnavailable(otherwise, { cause: error })
}
