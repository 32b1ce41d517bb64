// Opening a door. The attempt is stored and recorded before the terminal is asked, and settled with what became of it; nothing
// is queued, repeated or retried, since a late door is an open door. A repeated request gets the first one's answer.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  UniqueViolation,
  type Database,
  type JsonObject,
  type JsonValue,
  type UnlockAttempt,
} from '@org/data'
import { ZkError } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import { ServiceError, isErrorName, toServiceError, validationError } from '../errors.ts'
import type { Notices } from '../notices/notice.ts'
import { findActiveDevice, type WithTerminal } from '../terminals/with-terminal.ts'

/** Which door, for how long, and who asks. */
export interface UnlockInput {
  readonly deviceId: number
  /** How long it stays open: 1 to 60. */
  readonly seconds: number
  /** For the audit trail. */
  readonly reason?: string
  readonly by: Actor
  /** Names this request: asked again with it within 24 hours, the answer is the first one's. */
  readonly idempotencyKey?: string
  readonly signal: AbortSignal
}

/** A door that was opened. */
export interface Unlock {
  readonly deviceId: number
  /** The instant of the terminal's answer. */
  readonly unlockedAt: string
  readonly unlockedBy: string
  readonly seconds: number
  readonly auditId: string
}

/** What a request to open a door came to; `replayed`: the answer of an earlier one. */
export interface UnlockOutcome {
  readonly replayed: boolean
  readonly answer: Unlock | ServiceError
}

/** Opens doors. */
export interface Doors {
  /**
   * Resolves with the door opened, or with the error to be told: both are what a repetition of the request gets again. Throws
   * what leaves no attempt behind: DEVICE_NOT_FOUND, DEVICE_INACTIVE, VALIDATION_ERROR for a key that came with another
   * request, DATABASE_UNAVAILABLE.
   */
  unlock(input: UnlockInput): Promise<UnlockOutcome>
  /** Settles what dead processes have left: nobody knows whether those doors opened. How many there were. */
  settleAbandoned(): Promise<number>
}

/** What doors need. */
export interface DoorParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly audit: AuditTrail
  readonly notices: Notices
  /** How long an attempt may take at most, waiting for the terminal included. */
  readonly attemptMs: number
  readonly log: Logger
}

const DAY_MS = 86_400_000
/**
 * What is granted beyond an attempt's own time before it counts as abandoned: for clocks that differ. Both together stay below what a
 * request may take, so that whoever repeats the request of a process that died is told that, and not that it took too long.
 */
const ABANDONED_AFTER_MS = 8_000
/** How often a repetition looks whether the first request has its answer. */
const LOOK_MS = 100
const SETTLE_AT_ONCE = 100

/** Doors of this process. */
export function createDoors(parts: DoorParts): Doors {
  const { database, withTerminal, audit, notices, attemptMs, log } = parts

  /** Stores the attempt and its row of the audit trail, both or none. */
  const begin = (input: UnlockInput, requestKey: string | null): Promise<UnlockAttempt> => {
    const now = Date.now()
    const at = new Date(now).toISOString()
    return database.transaction(async (tx) => {
      if (requestKey !== null) await tx.doors.forgetRequests(new Date(now - DAY_MS).toISOString())
      const attempt = await tx.doors.insertAttempt({
        deviceId: input.deviceId,
        actor: input.by.name,
        address: input.by.address,
        requestKey,
        requestDigest: digestOf(input),
        at,
        overAt: new Date(now + attemptMs + ABANDONED_AFTER_MS).toISOString(),
      })
      const { seconds, reason } = input
      await audit.record(tx, {
        action: 'door.unlock',
        by: input.by,
        target: { type: 'device', id: input.deviceId },
        outcome: 'attempted',
        auditId: attempt.auditId,
        details: { seconds, reason: reason ?? null },
      })
      return attempt
    })
  }

  /**
   * Outcome, its row of the audit trail and the notice of it, all or none. False when somebody else has settled it: this process
   * was taken for dead. `seconds`: null where nobody knows any more how long was asked for.
   */
  const settle = (
    { auditId, deviceId, actor, address }: UnlockAttempt,
    state: Exclude<UnlockAttempt['state'], 'attempted'>,
    answer: JsonObject,
    seconds: number | null,
  ): Promise<boolean> =>
    database.transaction(async (tx) => {
      const settled = await tx.doors.settle(auditId, { state, answer, at: new Date().toISOString() })
      if (!settled) return false
      const deviceName = (await tx.devices.findById(deviceId))?.name ?? 'removed'
      await notices.tellIn(tx, {
        kind: 'door.unlock',
        deviceId,
        deviceName,
        by: actor,
        seconds,
        auditId,
        outcome: state,
      })
      const errorCode = answer['code']
      await audit.record(tx, {
        action: 'door.unlock',
        by: { name: actor, accountId: null, address },
        target: { type: 'device', id: deviceId },
        outcome: state,
        auditId,
        ...(typeof errorCode === 'string' ? { errorCode } : {}),
      })
      return true
    })

  /** The attempt's own course. Never rejects: whatever happens is its outcome. */
  const carryOut = async (
    input: UnlockInput,
    { auditId }: UnlockAttempt,
  ): Promise<{ state: Exclude<UnlockAttempt['state'], 'attempted'>; answer: Unlock | ServiceError }> => {
    const { deviceId, seconds, by } = input
    const deadline = AbortSignal.timeout(attemptMs)
    const signal = AbortSignal.any([input.signal, deadline])
    const command: { effect: ZkError['effect'] } = { effect: 'none' }
    try {
      // Whoever stands before the door does not wait for another question: nobody measures the clock after it.
      const unlockedAt = await withTerminal(
        deviceId,
        { signal, manner: 'joining', measuresClock: true, sendsOnce: true },
        async (hand) => {
          hand.lease.assertHeld()
          hand.signal.throwIfAborted()
          command.effect = 'unknown'
          try {
            // Once it is on its way it is waited for, even if nobody waits for us any more: the trail must tell what happened.
            const untilLost = AbortSignal.any([hand.lease.signal, deadline])
            await hand.terminal.door.unlock(seconds, { unit: hand.device.unlockUnit, signal: untilLost })
            return new Date().toISOString()
          } catch (error) {
            if (error instanceof ZkError) command.effect = error.effect
            throw error
          }
        },
      )
      return { state: 'success', answer: { deviceId, unlockedAt, unlockedBy: by.name, seconds, auditId } }
    } catch (error) {
      // Our own time is over: a terminal that was waited for in vain, whatever it was doing.
      const known = deadline.aborted
        ? new ServiceError('DEVICE_TIMEOUT', { cause: error })
        : toServiceError(error)
      if (command.effect === 'refused') return { state: 'refused', answer: known }
      if (command.effect === 'none') return { state: 'unreachable', answer: known }
      return { state: 'unknown', answer: new ServiceError('OUTCOME_UNKNOWN', { cause: error }) }
    }
  }

  const attempt = async (input: UnlockInput, stored: UnlockAttempt): Promise<UnlockOutcome> => {
    const { state, answer } = await carryOut(input, stored)
    try {
      const settled = await settle(stored, state, toStored(answer), input.seconds)
      if (!settled) log.error({ auditId: stored.auditId, state }, 'an unlock was settled by somebody else')
    } catch (error) {
      // The caller is told what happened all the same; the attempt is settled as unknown once its time is over.
      log.error(
        { err: error, auditId: stored.auditId, state },
        'the outcome of an unlock could not be stored',
      )
    }
    return { replayed: false, answer }
  }

  /** What the first request of this name was answered; waits while it still runs. */
  const replay = async (
    first: UnlockAttempt,
    requestKey: string,
    input: UnlockInput,
  ): Promise<UnlockOutcome> => {
    if (first.requestDigest !== digestOf(input)) {
      throw validationError([
        {
          field: 'idempotency-key',
          message: 'was used for another request; take a new one for each door that is to open',
        },
      ])
    }
    for (let known: UnlockAttempt | undefined = first; ;) {
      if (known === undefined) throw new ServiceError('OUTCOME_UNKNOWN')
      if (known.state !== 'attempted') return { replayed: true, answer: fromStored(known) }
      if (Date.parse(known.overAt) <= Date.now()) {
        await settle(known, 'unknown', toStored(new ServiceError('OUTCOME_UNKNOWN')), input.seconds)
      } else {
        await sleep(LOOK_MS, undefined, { signal: input.signal })
      }
      known = await database.doors.findAttemptByRequest(requestKey)
    }
  }

  return {
    async unlock(input) {
      const requestKey = requestKeyOf(input)
      const earlier = requestKey === null ? undefined : await findFresh(database, requestKey)
      if (earlier !== undefined && requestKey !== null) return replay(earlier, requestKey, input)
      await findActiveDevice(database, input.deviceId)
      let stored: UnlockAttempt
      try {
        stored = await begin(input, requestKey)
      } catch (error) {
        if (requestKey === null || !isTaken(error)) throw error
        const first = await database.doors.findAttemptByRequest(requestKey)
        if (first === undefined) throw error
        return replay(first, requestKey, input)
      }
      return attempt(input, stored)
    },

    async settleAbandoned() {
      const overdue = await database.doors.listOverdue(new Date().toISOString(), SETTLE_AT_ONCE)
      for (const abandoned of overdue) {
        await settle(abandoned, 'unknown', toStored(new ServiceError('OUTCOME_UNKNOWN')), null)
      }
      return overdue.length
    },
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof UniqueViolation && error.constraint === 'unlock_attempts.request_key'
}

/** The first request of this name within a day. */
async function findFresh(database: Database, requestKey: string): Promise<UnlockAttempt | undefined> {
  const first = await database.doors.findAttemptByRequest(requestKey)
  return first !== undefined && Date.parse(first.at) > Date.now() - DAY_MS ? first : undefined
}

/** Who asks counts by name: an API key and an account may send the same key and mean different requests. */
function requestKeyOf({ idempotencyKey, deviceId, by }: UnlockInput): string | null {
  return idempotencyKey === undefined ? null : sha256([by.name, deviceId, idempotencyKey])
}

function digestOf({ seconds, reason }: UnlockInput): string {
  return sha256([seconds, reason ?? null])
}

function sha256(parts: readonly JsonValue[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** An answer as it is kept for repetitions. */
function toStored(answer: Unlock | ServiceError): JsonObject {
  if (!(answer instanceof ServiceError)) return { ...answer }
  const { entry, code, message, retryAfterSeconds } = answer
  const reason =
    typeof answer.details === 'object' && answer.details !== null && 'reason' in answer.details
      ? answer.details.reason
      : undefined
  return {
    entry,
    code,
    message,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(typeof reason === 'string' ? { reason } : {}),
  }
}

/** The answer that was kept. An attempt settled without one was left by a dead process. */
function fromStored({ state, answer, auditId, deviceId, actor }: UnlockAttempt): Unlock | ServiceError {
  if (state === 'success') {
    const { unlockedAt, seconds } = answer ?? {}
    if (typeof unlockedAt !== 'string' || typeof seconds !== 'number')
      throw new Error(`the stored answer of ${auditId} is none`)
    return { deviceId, unlockedAt, unlockedBy: actor, seconds, auditId }
  }
  const { entry, message, retryAfterSeconds, reason } = answer ?? {}
  if (typeof entry !== 'string' || !isErrorName(entry)) return new ServiceError('OUTCOME_UNKNOWN')
  return new ServiceError(entry, {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof retryAfterSeconds === 'number' ? { retryAfterSeconds } : {}),
    ...(typeof reason === 'string' ? { details: { reason } } : {}),
  })
}
