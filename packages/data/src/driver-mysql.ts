// MySQL and MariaDB by mysql2, as Kysely sees them. Every wait has a deadline: to connect, for a free connection, for
// an answer. A connection whose state is in doubt is thrown away, never given to the next.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  CompiledQuery,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely'
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise'
import {
  DatabaseFault,
  DatabaseUnavailable,
  LockConflict,
  MissingReference,
  UniqueViolation,
  type Constraint,
  type UnavailableReason,
} from './errors.ts'
import { UNIQUE_KEYS } from './schema.ts'

export interface MysqlOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Encrypted, with the server's certificate and name checked. */
  readonly tls: boolean
  readonly poolSize: number
  /** How long to wait for a connection. */
  readonly waitMs: number
  /** How long to wait for a statement's answer. */
  readonly statementMs: number
  /** Called whenever a connection is asked for; throws where that is not allowed. */
  readonly guard: () => void
}

const QUEUE_LIMIT = 1_000 // askers that may wait for a connection at once
const LOCK_WAIT_SECONDS = 5
const STATEMENT_ATTEMPTS = 6

/** Strict, so that a value that does not fit is refused and not cut; the same whatever the server's own setting is. */
const SESSION = [
  'set session transaction isolation level read committed',
  `set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00',
   innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`,
]

/** Kysely's own MySQL with our driver. */
export function mysqlDialect(driver: Driver): Dialect {
  return {
    createDriver: () => driver,
    createQueryCompiler: () => new MysqlQueryCompiler(),
    createAdapter: () => new MysqlAdapter(),
    createIntrospector: (db) => new MysqlIntrospector(db),
  }
}

export class MysqlDriver implements Driver {
  readonly #pool: Pool
  readonly #options: MysqlOptions
  readonly #connections = new WeakMap<object, MysqlConnection>()
  readonly #lent = new Set<MysqlConnection>()
  #asking = 0
  #closed = false

  constructor(options: MysqlOptions) {
    this.#options = options
    this.#pool = createPool({
      host: options.host,
      port: options.port,
      user: options.user,
      password: options.password,
      database: options.database,
      ...(options.tls ? { ssl: { minVersion: 'TLSv1.2', verifyIdentity: true } } : {}),
      connectionLimit: options.poolSize,
      queueLimit: QUEUE_LIMIT,
      connectTimeout: options.waitMs,
      charset: 'utf8mb4',
      dateStrings: true,
      timezone: 'Z',
      supportBigNumbers: true,
      flags: ['-FOUND_ROWS'], // an update counts the rows that it changed
      enableKeepAlive: true,
    })
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<MysqlConnection> {
    this.#options.guard()
    if (this.#closed) throw new DatabaseUnavailable('closed')
    this.#asking++
    try {
      const connection = await this.#readyConnection()
      this.#lent.add(connection)
      return connection
    } finally {
      this.#asking--
    }
  }

  async #readyConnection(): Promise<MysqlConnection> {
    const raw = await this.#rawConnection()
    // mysql2 wraps a connection anew each time it is lent; underneath it is the same object.
    const known = this.#connections.get(raw.connection)
    if (known !== undefined) {
      known.lend(raw)
      return known
    }
    const connection = new MysqlConnection(raw, this.#options.statementMs)
    try {
      for (const statement of SESSION) await connection.executeQuery(CompiledQuery.raw(statement))
    } catch (error) {
      raw.destroy()
      throw error
    }
    this.#connections.set(raw.connection, connection)
    return connection
  }

  /** A connection of the pool, in time. One that comes too late goes back at once. */
  async #rawConnection(): Promise<PoolConnection> {
    const asked = this.#pool.getConnection()
    const settled = new AbortController()
    const late = sleep(this.#options.waitMs, 'late' as const, { signal: settled.signal })
    try {
      const first = await Promise.race([asked, late])
      if (first !== 'late') return first
      asked.then((connection) => connection.release()).catch(nobodyWaits)
      throw new DatabaseUnavailable('busy')
    } catch (error) {
      throw translated(error)
    } finally {
      settled.abort()
      late.catch(nobodyWaits)
    }
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    const ours = this.#owned(connection)
    this.#lent.delete(ours)
    ours.giveBack()
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#owned(connection).begin()
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#owned(connection).commit()
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#owned(connection).rollback()
  }

  #owned(connection: DatabaseConnection): MysqlConnection {
    if (connection instanceof MysqlConnection) return connection
    throw new TypeError('a connection of another driver')
  }

  /** Waits for the connections that are lent or asked for, a bounded time, then ends all of them. */
  async destroy(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const deadline = performance.now() + this.#options.waitMs
    while (this.#lent.size + this.#asking > 0 && performance.now() < deadline) await sleep(10)
    await this.#end()
  }

  /** Ends all connections, whatever is under way on them. */
  async destroyNow(): Promise<void> {
    this.#closed = true
    await this.#end()
  }

  async #end(): Promise<void> {
    for (const connection of this.#lent) connection.destroy()
    await this.#pool.end().catch(nobodyWaits)
  }
}

/** For outcomes that concern nobody any more: a timer that was called off, a connection that failed while closing. */
function nobodyWaits(): void {}

class MysqlConnection implements DatabaseConnection {
  #raw: PoolConnection
  readonly #statementMs: number
  #inTransaction = false
  #doubtful = false

  constructor(raw: PoolConnection, statementMs: number) {
    this.#raw = raw
    this.#statementMs = statementMs
  }

  lend(raw: PoolConnection): void {
    this.#raw = raw
  }

  giveBack(): void {
    if (this.#doubtful || this.#inTransaction) this.#raw.destroy()
    else this.#raw.release()
  }

  destroy(): void {
    this.#raw.destroy()
  }

  /** Calls back when the connection is lost. Of use to whoever never gives it back. */
  whenGone(callback: () => void): void {
    this.#raw.once('end', callback)
    this.#raw.once('error', callback)
  }

  async begin(): Promise<void> {
    this.#inTransaction = true
    await this.#run('begin', [])
  }

  async commit(): Promise<void> {
    await this.#run('commit', [])
    this.#inTransaction = false
  }

  /** Never throws: a connection that cannot roll back is thrown away, and the server rolls back for it. */
  async rollback(): Promise<void> {
    if (this.#doubtful) return
    try {
      await this.#run('rollback', [])
      this.#inTransaction = false
    } catch {
      this.#doubt()
    }
  }

  /** At once: behind a statement that has no answer yet, every further one would wait without a deadline. */
  #doubt(): void {
    this.#doubtful = true
    this.#raw.destroy()
  }

  /** Outside a transaction a statement that met a deadlock has changed nothing, and is asked again. */
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run<Row>(query.sql, query.parameters)
      } catch (error) {
        if (this.#inTransaction || !(error instanceof LockConflict) || attempt === STATEMENT_ATTEMPTS)
          throw error
      }
      await sleep(Math.random() * 10 * 2 ** attempt)
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query)
  }

  async #run<Row>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>>
  async #run(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    try {
      const [result] = await this.#raw.query({ sql, values: [...parameters], timeout: this.#statementMs })
      if (Array.isArray(result)) return { rows: result }
      const { affectedRows, insertId } = result
      return { rows: [], numAffectedRows: BigInt(affectedRows), insertId: BigInt(insertId) }
    } catch (error) {
      const known = translated(error)
      if (known instanceof DatabaseUnavailable && !(known instanceof LockConflict)) this.#doubt()
      throw known
    }
  }
}

const DUPLICATE_KEY = 1062
const LOCK_CONFLICTS = new Set([1205, 1213])
const MISSING_REFERENCES = new Set([1451, 1452])

/** Server and client errors after which the database may be usable again, by number or by name. */
const UNAVAILABLE = new Map<number | string, UnavailableReason>([
  ...unavailable('refused', [1044, 1045, 1049, 1129, 1130, 1251, 1698, 3159]),
  ...unavailable('refused', [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EACCES',
  ]),
  ...unavailable('refused', ['ETIMEDOUT', 'HANDSHAKE_NO_SSL_SUPPORT', 'HANDSHAKE_SSL_ERROR']),
  ...unavailable('busy', [1040, 1203, 1226]),
  ...unavailable('lost', [1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 4031]),
  ...unavailable('lost', ['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_DESTROYED']),
  ...unavailable('timeout', [1317, 1969, 3024]),
  ...unavailable('timeout', ['PROTOCOL_SEQUENCE_TIMEOUT']),
  ...unavailable('full', [1021, 1036, 1114, 1290, 1792, 1836]),
])

function unavailable(reason: UnavailableReason, codes: readonly (number | string)[]) {
  return codes.map((code): [number | string, UnavailableReason] => [code, reason])
}

/** What mysql2 says without a code. */
const UNNAMED = new Map<string, UnavailableReason>([
  ['Queue limit reached.', 'busy'],
  ['No connections available.', 'busy'],
  ['Pool is closed.', 'closed'],
])

/** Errors whose text names tables and columns, but no values. */
const HARMLESS_TEXT = new Set([1048, 1054, 1091, 1146, 1264, 1364, 1406])

/** mysql2's errors carry the statement with its values; only code and number go on, and text where it is harmless. */
function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseUnavailable) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const errno = 'errno' in error && typeof error.errno === 'number' ? error.errno : 0
  const cause = new Error(`${code} ${errno}`)
  if (LOCK_CONFLICTS.has(errno)) return new LockConflict({ cause })
  if (MISSING_REFERENCES.has(errno)) return new MissingReference({ cause })
  const constraint = errno === DUPLICATE_KEY ? violated(error.message) : undefined
  if (constraint !== undefined) return new UniqueViolation(constraint, { cause })
  const reason =
    UNAVAILABLE.get(errno) ?? UNAVAILABLE.get(code) ?? UNNAMED.get(error.message) ?? lostIfFatal(error)
  if (reason !== undefined) return new DatabaseUnavailable(reason, { cause })
  if (code === '') return error
  return new DatabaseFault(`${code} ${errno}`, HARMLESS_TEXT.has(errno) ? error.message : '', { cause })
}

/** The server ends its message with the index, with or without the table before it. */
function violated(message: string): Constraint | undefined {
  const index = /for key '(?:[^']*\.)?([^'.]+)'$/.exec(message)?.[1]
  return UNIQUE_KEYS.find((known) => known.index === index)?.constraint
}

/** mysql2 marks every error that has cost it the connection. */
function lostIfFatal(error: Error): UnavailableReason | undefined {
  return 'fatal' in error && error.fatal === true ? 'lost' : undefined
}
