// An act on a terminal of which the audit trail tells whatever becomes of it: the attempt is committed before anything is sent, success
// in the transaction of the act's own rows, and everything else in one of its own. An attempt without an outcome was broken off.
import { randomUUID } from 'node:crypto'
import type { Database, Transaction } from '@org/data'
import { ZkError, ZkUsageError } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { AuditTrail, AuditedAct } from '../audit-trail.ts'
import { toServiceError } from '../errors.ts'
import { inServiceWords } from '../terminals/terminal-errors.ts'

/** What recording needs. */
export interface AuditedAttemptParts {
  readonly database: Database
  readonly audit: AuditTrail
  readonly log: Logger
}

/** Records success at the end of the act's transaction, with what is known besides by then. */
export type RecordSuccess = (tx: Transaction, details?: AuditedAct['details']) => Promise<void>

/**
 * Records the attempt, carries it out, and records how it failed. Throws DATABASE_UNAVAILABLE before anything was begun, and what
 * `carryOut` throws, which calls `succeed` once.
 */
export async function attemptAudited<Result>(
  { database, audit, log }: AuditedAttemptParts,
  act: Omit<AuditedAct, 'outcome' | 'auditId' | 'errorCode'>,
  carryOut: (succeed: RecordSuccess) => Promise<Result>,
): Promise<Result> {
  const auditId = `${act.action}-${randomUUID()}`
  await database.transaction((tx) => audit.record(tx, { ...act, auditId, outcome: 'attempted' }))
  try {
    return await carryOut((tx, details) =>
      audit.record(tx, { ...act, auditId, outcome: 'success', details: { ...act.details, ...details } }),
    )
  } catch (error) {
    const outcome = outcomeOf(error)
    const errorCode = toServiceError(inServiceWords(error, 'operation')).code
    try {
      await database.transaction((tx) => audit.record(tx, { ...act, auditId, outcome, errorCode }))
    } catch (failure) {
      log.error({ err: failure, auditId, outcome }, 'the outcome of an act could not be recorded')
    }
    throw error
  }
}

const CLIENT_ERROR = 400
const SERVER_ERROR = 500

/** What is not known to have changed nothing is unknown. */
function outcomeOf(error: unknown): AuditedAct['outcome'] {
  if (error instanceof ZkUsageError) return 'refused'
  if (error instanceof ZkError) return error.effect === 'none' ? 'unreachable' : error.effect
  const { status } = toServiceError(error)
  return status >= CLIENT_ERROR && status < SERVER_ERROR ? 'refused' : 'unknown'
}
