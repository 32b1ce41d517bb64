// The one way in: a URL becomes an open, migrated, checked database. What is opened here is closed here.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { accountsIn } from './accounts.ts'
import { apiKeysIn } from './api-keys.ts'
import { auditIn } from './audit.ts'
import { doorsIn } from './doors.ts'
import { credentialsIn } from './credentials.ts'
import type { AloneHold, Database, Engine, Transaction } from './database.ts'
import { devicesIn } from './devices.ts'
import { DatabaseUnavailable } from './errors.ts'
import { jobsIn } from './jobs.ts'
import { keptTransfersIn } from './kept-transfers.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { checkMigrated } from './migrations/migrate.ts'
import { parseDatabaseUrl } from './parse-database-url.ts'
import { pendingPeopleIn } from './pending-people.ts'
import { peopleIn } from './people.ts'
import { personTemplatesIn } from './person-templates.ts'
import { punchesIn } from './punches.ts'
import { openRows, type Rows } from './rows.ts'
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
  const rows = await openRows(place, runner, options.poolSize ?? DEFAULT_POOL_SIZE)
  try {
    if (options.migrate !== false) await rows.migrate()
    await checkMigrated(rows.engine, rows.db, MIGRATIONS)
  } catch (error) {
    await rows.close()
    throw error
  }
  return new OpenDatabase(rows, runner)
}

/** All repositories on a database, or on one transaction of it. */
export function repositoriesOf(scope: Scope) {
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
