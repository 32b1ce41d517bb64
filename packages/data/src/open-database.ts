// The one way in: a URL becomes an open, migrated, checked database. What is opened here is closed here.
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, sql } from 'kysely'
import { accountsIn } from './accounts.ts'
import { apiKeysIn } from './api-keys.ts'
import { auditIn } from './audit.ts'
import { doorsIn } from './doors.ts'
import { credentialsIn } from './credentials.ts'
import type { AloneHold, Database, Engine, Transaction } from './database.ts'
import { devicesIn } from './devices.ts'
import { MysqlDriver, mysqlDialect } from './driver-mysql.ts'
import { openSqlite, sqliteDialect } from './driver-sqlite.ts'
import { DatabaseUnavailable } from './errors.ts'
import { holdFile, holdServer } from './hold-alone.ts'
import { jobsIn } from './jobs.ts'
import { keptTransfersIn } from './kept-transfers.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { checkMigrated, migrate } from './migrations/migrate.ts'
import { parseDatabaseUrl, type MysqlPlace, type SqlitePlace } from './parse-database-url.ts'
import { pendingPeopleIn } from './pending-people.ts'
import { peopleIn } from './people.ts'
import { personTemplatesIn } from './person-templates.ts'
import { punchesIn } from './punches.ts'
import type { Schema } from './schema.ts'
import { TransactionRunner, type Scope, type TransactionScope } from './scope.ts'
import { settingsIn } from './settings.ts'
import { syncPlansIn } from './sync-plans.ts'
import { turnsIn } from './turns.ts'

export interface OpenOptions {
  /** Connections at most, on the servers; 10 by default. */
  readonly poolSize?: number
  /** Whether to bring the schema up to date; true by default. Otherwise SchemaTooOld is thrown where it is not. */
  readonly migrate?: boolean
}

const DEFAULT_POOL_SIZE = 10
const WAIT_MS = 10_000
const STATEMENT_MS = 30_000
const MIGRATION_STATEMENT_MS = 3_600_000 // an index over many millions of rows takes its time
const PING_MS = 5_000

/**
 * Opens `sqlite:/path/file.db`, `sqlite::memory:`, `mysql://user:password@host:port/name` or `mariadb://…`; with
 * `?tls=verify` the connection to a server is encrypted and its certificate checked.
 *
 * A SQLite file and its folder are made where missing, readable by their owner alone. A server's database must exist.
 * Migrations run under a lock: of several processes that start together one migrates, the others wait. Throws
 * SchemaTooNew, SchemaTooOld, DatabaseUnavailable, or DatabaseUsage for a URL of another form.
 */
export async function openDatabase(url: string, options: OpenOptions = {}): Promise<Database> {
  const place = parseDatabaseUrl(url)
  const runner = new TransactionRunner(place.engine)
  const rows =
    place.engine === 'sqlite'
      ? await rowsInFile(place, runner)
      : rowsOnServer(place, runner, options.poolSize ?? DEFAULT_POOL_SIZE)
  try {
    if (options.migrate !== false) await rows.migrate()
    await checkMigrated(rows.engine, rows.db, MIGRATIONS)
  } catch (error) {
    await rows.close()
    throw error
  }
  return new OpenDatabase(rows, runner)
}

/** Where rows are, and what is done differently there. */
interface Rows {
  readonly engine: Engine
  readonly db: Kysely<Schema>
  migrate(): Promise<void>
  holdAlone(): Promise<AloneHold | undefined>
  close(): Promise<void>
}

async function rowsInFile({ path }: SqlitePlace, { guard }: TransactionRunner): Promise<Rows> {
  const driver = await openSqlite({ path, waitMs: WAIT_MS, guard })
  const db = new Kysely<Schema>({ dialect: sqliteDialect(driver) })
  return {
    engine: 'sqlite',
    db,
    migrate: () => migrate('sqlite', db, MIGRATIONS),
    holdAlone: async () => holdFile(path),
    close: () => driver.destroy(),
  }
}

function rowsOnServer(place: MysqlPlace, { guard }: TransactionRunner, poolSize: number): Rows {
  const options = { ...place, poolSize, statementMs: STATEMENT_MS, waitMs: WAIT_MS, guard }
  const driver = new MysqlDriver(options)
  return {
    engine: 'mysql',
    db: new Kysely<Schema>({ dialect: mysqlDialect(driver) }),
    migrate: async () => {
      // On a connection of its own, with a patience that no other statement is given.
      const own = new MysqlDriver({ ...options, poolSize: 1, statementMs: MIGRATION_STATEMENT_MS })
      try {
        await migrate('mysql', new Kysely<Schema>({ dialect: mysqlDialect(own) }), MIGRATIONS)
      } finally {
        await own.destroy()
      }
    },
    holdAlone: () => holdServer(options),
    close: () => driver.destroy(),
  }
}

function repositoriesOf(scope: Scope) {
  return {
    accounts: accountsIn(scope),
    credentials: credentialsIn(scope),
    apiKeys: apiKeysIn(scope),
    devices: devicesIn(scope),
    people: peopleIn(scope),
    pendingPeople: pendingPeopleIn(scope),
    personTemplates: personTemplatesIn(scope),
    punches: punchesIn(scope),
    jobs: jobsIn(scope),
    audit: auditIn(scope),
    doors: doorsIn(scope),
    settings: settingsIn(scope),
    keptTransfers: keptTransfersIn(scope),
    syncPlans: syncPlansIn(scope),
    turns: turnsIn(scope),
  }
}

class OpenDatabase implements Database {
  readonly engine: Engine
  readonly shared: boolean
  readonly accounts: Database['accounts']
  readonly credentials: Database['credentials']
  readonly apiKeys: Database['apiKeys']
  readonly devices: Database['devices']
  readonly people: Database['people']
  readonly pendingPeople: Database['pendingPeople']
  readonly personTemplates: Database['personTemplates']
  readonly punches: Database['punches']
  readonly jobs: Database['jobs']
  readonly audit: Database['audit']
  readonly doors: Database['doors']
  readonly settings: Database['settings']
  readonly keptTransfers: Database['keptTransfers']
  readonly syncPlans: Database['syncPlans']
  readonly turns: Database['turns']
  readonly #rows: Rows
  readonly #runner: TransactionRunner
  readonly #holds: AloneHold[] = []

  constructor(rows: Rows, runner: TransactionRunner) {
    const { engine, db } = rows
    this.engine = engine
    this.shared = engine === 'mysql'
    this.#rows = rows
    this.#runner = runner
    const scope: Scope = { engine, db, atomic: (work) => runner.run(db, work) }
    const repositories = repositoriesOf(scope)
    this.accounts = repositories.accounts
    this.credentials = repositories.credentials
    this.apiKeys = repositories.apiKeys
    this.devices = repositories.devices
    this.people = repositories.people
    this.pendingPeople = repositories.pendingPeople
    this.personTemplates = repositories.personTemplates
    this.punches = repositories.punches
    this.jobs = repositories.jobs
    this.audit = repositories.audit
    this.doors = repositories.doors
    this.settings = repositories.settings
    this.keptTransfers = repositories.keptTransfers
    this.syncPlans = repositories.syncPlans
    this.turns = repositories.turns
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#runner.run(this.#rows.db, (scope: TransactionScope) =>
      work({
        engine: this.engine,
        ...repositoriesOf(scope),
        afterCommit: (callback) => void scope.afterCommit.push(callback),
      }),
    )
  }

  async holdAlone(): Promise<AloneHold | undefined> {
    const hold = await this.#rows.holdAlone()
    if (hold !== undefined) this.#holds.push(hold)
    return hold
  }

  async ping(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const answered = new AbortController()
    const ended = AbortSignal.any([answered.signal, ...(signal === undefined ? [] : [signal])])
    const late = sleep(PING_MS, 'late' as const, { signal: ended })
    try {
      const first = await Promise.race([sql`select 1`.execute(this.#rows.db), late])
      if (first === 'late') throw new DatabaseUnavailable('timeout')
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      answered.abort()
    }
  }

  async close(): Promise<void> {
    await this.#rows.close()
    for (const hold of this.#holds) await hold.release()
  }
}
