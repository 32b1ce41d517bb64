// What a repository works with: the database itself, or one transaction of it. A repository that needs several
// statements to stand or fall together asks for `atomic` and need not know which of the two it has.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Engine } from './database.ts'
import { DatabaseUsage, LockConflict } from './errors.ts'
import type { Schema } from './schema.ts'

export interface Scope {
  readonly engine: Engine
  readonly db: Kysely<Schema>
  /** Runs the work in this scope's transaction, or in one of its own. */
  atomic<T>(work: (scope: Scope) => Promise<T>): Promise<T>
}

/** A scope that is a transaction, and what is to be done once it is committed. */
export interface TransactionScope extends Scope {
  readonly afterCommit: (() => void)[]
}

const MAX_RUNS = 8
const GIVE_UP_AFTER_MS = 15_000

/** Starts transactions, repeats those that met a conflict, and keeps outer calls out of them. */
export class TransactionRunner {
  readonly #engine: Engine
  readonly #open = new AsyncLocalStorage<{ ended: boolean }>()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** For the driver: refuses a connection to whoever is inside a transaction and goes past it. */
  readonly guard = (): void => {
    if (this.#open.getStore()?.ended === false) {
      throw new DatabaseUsage('inside a transaction only its own repositories may be used')
    }
  }

  async run<T>(db: Kysely<Schema>, work: (scope: TransactionScope) => Promise<T>): Promise<T> {
    const started = performance.now()
    for (let run = 1; ; run++) {
      try {
        return await this.#once(db, work)
      } catch (error) {
        const patient = run < MAX_RUNS && performance.now() - started < GIVE_UP_AFTER_MS
        if (!(error instanceof LockConflict) || !patient) throw error
      }
      await sleep(Math.random() * 10 * 2 ** run)
    }
  }

  async #once<T>(db: Kysely<Schema>, work: (scope: TransactionScope) => Promise<T>): Promise<T> {
    const afterCommit: (() => void)[] = []
    const result = await db.transaction().execute(async (transaction) => {
      const scope: TransactionScope = {
        engine: this.#engine,
        db: transaction,
        afterCommit,
        atomic: (inner) => inner(scope),
      }
      const state = { ended: false }
      try {
        return await this.#open.run(state, () => work(scope))
      } finally {
        state.ended = true
      }
    })
    for (const callback of afterCommit) {
      try {
        callback()
      } catch (error) {
        // The transaction stands; its caller must not be told otherwise. The defect is reported to the process.
        process.emitWarning(error instanceof Error ? error : String(error))
      }
    }
    return result
  }
}
