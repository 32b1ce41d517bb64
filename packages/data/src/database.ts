// What this package offers: a database with its repositories, and transactions that offer the same repositories bound
// to them. What makes sense in a transaction only is found on the transaction only.
import type { Accounts, AccountsInTransaction } from './accounts.ts'
import type { ApiKeys } from './api-keys.ts'
import type { Audit, AuditInTransaction } from './audit.ts'
import type { Credentials, CredentialsInTransaction } from './credentials.ts'
import type { Devices, DevicesInTransaction } from './devices.ts'
import type { Doors, DoorsInTransaction } from './doors.ts'
import type { Jobs } from './jobs.ts'
import type { PendingPeople } from './pending-people.ts'
import type { KeptTransfers } from './kept-transfers.ts'
import type { People } from './people.ts'
import type { PersonTemplates } from './person-templates.ts'
import type { Punches, PunchesInTransaction } from './punches.ts'
import type { Settings } from './settings.ts'
import type { SyncPlans } from './sync-plans.ts'
import type { Turns } from './turns.ts'

/** The two families of engines; MariaDB counts as MySQL. */
export type Engine = 'sqlite' | 'mysql'

/** Part of a list, and how many rows the whole list has. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly total: number
}

/** Which part of a list: `limit` rows after the first `offset`. */
export interface PageRequest {
  readonly offset: number
  readonly limit: number
}

/**
 * An open, migrated database. Every call may throw DatabaseUnavailable. Whoever opened it closes it.
 *
 * Inside the work of a transaction only the transaction's own repositories may be used: on SQLite there is one
 * connection, so the outer ones would wait for the transaction that waits for them. Both engines refuse it.
 */
export interface Database {
  readonly engine: Engine
  /** Whether several processes may use it at once. */
  readonly shared: boolean
  readonly accounts: Accounts
  readonly credentials: Credentials
  readonly apiKeys: ApiKeys
  readonly devices: Devices
  readonly people: People
  readonly pendingPeople: PendingPeople
  readonly personTemplates: PersonTemplates
  readonly punches: Punches
  readonly jobs: Jobs
  readonly audit: Audit
  readonly doors: Doors
  readonly settings: Settings
  readonly keptTransfers: KeptTransfers
  readonly syncPlans: SyncPlans
  readonly turns: Turns
  /**
   * Runs `work` in one transaction: committed when it returns, rolled back when it throws. On the servers the isolation
   * is READ COMMITTED, and a deadlock or a lock that was not granted in time repeats the work whole, a bounded number
   * of times: it must have no effects outside the transaction (see afterCommit). On SQLite transactions run one at
   * a time.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /**
   * The right to be the only service process on these rows; undefined when another has it. Not waited for. It ends by
   * `release`, by `close`, or with the process, however that ends. In memory it is always given.
   */
  holdAlone(): Promise<AloneHold | undefined>
  /** One round trip; throws DatabaseUnavailable when there is no answer in time. */
  ping(signal?: AbortSignal): Promise<void>
  /** Waits for the work that is under way (a bounded time), then ends all connections. May be called twice. */
  close(): Promise<void>
}

/** See Database.holdAlone. */
export interface AloneHold {
  /** Aborts when the right was lost while it was held: the connection that it hangs on is gone. */
  readonly lost: AbortSignal
  /** Gives it back; may be called twice. */
  release(): Promise<void>
}

/** The repositories within one transaction. Of no use once it has ended. */
export interface Transaction {
  readonly engine: Engine
  readonly accounts: AccountsInTransaction
  readonly credentials: CredentialsInTransaction
  readonly apiKeys: ApiKeys
  readonly devices: DevicesInTransaction
  readonly people: People
  readonly pendingPeople: PendingPeople
  readonly personTemplates: PersonTemplates
  readonly punches: PunchesInTransaction
  readonly jobs: Jobs
  readonly audit: AuditInTransaction
  readonly doors: DoorsInTransaction
  readonly settings: Settings
  readonly keptTransfers: KeptTransfers
  readonly syncPlans: SyncPlans
  readonly turns: Turns
  /**
   * Calls `callback` once the transaction is committed, in the order given; never when it was rolled back, and only
   * those of the run that was committed when the work was repeated. A callback must not throw.
   */
  afterCommit(callback: () => void): void
}
