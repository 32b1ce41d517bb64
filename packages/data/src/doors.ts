// Attempts to open doors. An attempt is stored before the door is asked and settled once, by whoever knows what became of it;
// its number counts the attempts of a UTC day without gaps or doubles.
import { storedInstant, type Instant, type JsonObject } from './columns.ts'
import { forUpdate, keepExisting } from './dialect.ts'
import { unlockAttempts, unlockDays, type UnlockAttempt } from './schema.ts'
import type { Scope } from './scope.ts'

/** An attempt about to be made. */
export interface NewUnlockAttempt {
  readonly deviceId: number
  readonly actor: string
  /** The network address that asked. */
  readonly address: string | null
  /** Names the request among all, so that its repetition is known; null: a request that may be repeated as a new one. */
  readonly requestKey: string | null
  /** Of what was asked: a repetition that asks for something else is none. */
  readonly requestDigest: string
  readonly at: Instant
  /** When whoever makes it will have settled it, if alive. */
  readonly overAt: Instant
}

/** What became of an attempt. */
export interface UnlockSettlement {
  readonly state: Exclude<UnlockAttempt['state'], 'attempted'>
  /** What the caller was told; null when nobody is there to be told. */
  readonly answer: JsonObject | null
  readonly at: Instant
}

export interface Doors {
  findAttempt(auditId: string): Promise<UnlockAttempt | undefined>
  findAttemptByRequest(requestKey: string): Promise<UnlockAttempt | undefined>
  /** Attempts that should have been settled before `now`, the oldest first: their process has died. */
  listOverdue(now: Instant, limit: number): Promise<readonly UnlockAttempt[]>
}

export interface DoorsInTransaction extends Doors {
  /**
   * Stores an attempt under the next number of its day, which stays locked until the transaction ends; its audit id is
   * `AUD-YYYYMMDD-NNN`. Throws UniqueViolation `unlock_attempts.request_key`.
   */
  insertAttempt(attempt: NewUnlockAttempt): Promise<UnlockAttempt>
  /** Says what became of it. False when that was said before. */
  settle(auditId: string, settlement: UnlockSettlement): Promise<boolean>
  /** Forgets the request keys of attempts made before `before`: what comes with such a key is new. */
  forgetRequests(before: Instant): Promise<void>
}

/** Three digits or more. */
const NUMBER_DIGITS = 3

export function doorsIn(scope: Scope): DoorsInTransaction {
  const { db } = scope
  const all = () => db.selectFrom('unlock_attempts').selectAll()

  /** The next number of the day. */
  async function nextOf(day: string): Promise<number> {
    const start = unlockDays.encode({ day, attempts: 0 })
    await keepExisting(scope, db.insertInto('unlock_days').values(start), 'day').execute()
    const ofDay = db.selectFrom('unlock_days').selectAll().where('day', '=', day)
    const attempts = unlockDays.decode(await forUpdate(scope, ofDay).executeTakeFirstOrThrow()).attempts + 1
    await db.updateTable('unlock_days').set({ attempts }).where('day', '=', day).execute()
    return attempts
  }

  return {
    findAttempt: (auditId) => first(all().where('audit_id', '=', auditId)),

    findAttemptByRequest: (requestKey) => first(all().where('request_key', '=', requestKey)),

    async listOverdue(now, limit) {
      const stored = await all()
        .where('state', '=', 'attempted')
        .where('over_at', '<=', storedInstant(now))
        .orderBy('over_at')
        .limit(limit)
        .execute()
      return stored.map((row) => unlockAttempts.decode(row))
    },

    async insertAttempt(attempt) {
      const day = attempt.at.slice(0, 10).replaceAll('-', '')
      const number = String(await nextOf(day)).padStart(NUMBER_DIGITS, '0')
      const row = {
        ...attempt,
        auditId: `AUD-${day}-${number}`,
        state: 'attempted',
        answer: null,
        settledAt: null,
      } as const
      const { insertId } = await db
        .insertInto('unlock_attempts')
        .values(unlockAttempts.encode(row))
        .executeTakeFirstOrThrow()
      return { ...row, id: Number(insertId) }
    },

    async settle(auditId, { state, answer, at }) {
      const { numUpdatedRows } = await db
        .updateTable('unlock_attempts')
        .set(unlockAttempts.encodeChanges({ state, answer, settledAt: at }))
        .where('audit_id', '=', auditId)
        .where('state', '=', 'attempted')
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async forgetRequests(before) {
      await db
        .updateTable('unlock_attempts')
        .set({ request_key: null })
        .where('request_key', '>=', '') // any: an index is gone along for this, and not for "not null"
        .where('at', '<', storedInstant(before))
        .execute()
    },
  }
}

async function first(query: {
  executeTakeFirst(): Promise<object | undefined>
}): Promise<UnlockAttempt | undefined> {
  const stored = await query.executeTakeFirst()
  return stored && unlockAttempts.decode(stored)
}
