// The audit trail in JSON.
import type { AuditFilter, AuditRecord, AuditVerdict } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, InstantOrNull, toInstant } from './instant.ts'
import { PageQuery } from './paging.ts'

const ACTION_EXAMPLE = 'door.unlock'
const ACTOR_EXAMPLE = 'admin@example.com'

const word = (description: string, example: string, maxLength = 64) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, description, examples: [example] }))
const bound = (description: string) =>
  Type.Optional(Type.String({ format: 'instant', description, examples: ['2024-02-05T14:30:00Z'] }))

/** Query of `GET /audit`. */
export const AuditQuery = Type.Object({
  actor: word('Who did it: an e-mail address, key:<name> or system', ACTOR_EXAMPLE, 400),
  action: word('What was done', ACTION_EXAMPLE),
  target_type: word('To what kind of thing', 'device'),
  target_id: word('To which one', '1', 191),
  outcome: word('What became of it', 'success'),
  from: bound('Not before this instant'),
  to: bound('Not after this instant'),
  ...PageQuery,
})

const textOrNull = (description: string, example: string | null) =>
  Type.Union([Type.String(), Type.Null()], { description, examples: [example] })

/** One act. */
export const AuditReply = Type.Object(
  {
    id: Type.Integer({ description: 'Its place in the chain, from 1', examples: [42] }),
    audit_id: textOrNull('Names an attempt in other answers too', 'AUD-20240205-001'),
    at: Instant('When it was done'),
    actor: Type.String({
      description: 'E-mail address, key:<name> or system',
      examples: [ACTOR_EXAMPLE],
    }),
    action: Type.String({ examples: [ACTION_EXAMPLE] }),
    target_type: textOrNull('What kind of thing it was done to', 'device'),
    target_id: textOrNull('Which one', '1'),
    address: textOrNull('The network address that asked', '192.168.1.20'),
    outcome: Type.String({
      description:
        'success, refused, unreachable (nothing was sent), unknown; attempted while that is not known yet',
      examples: ['success'],
    }),
    error_code: textOrNull('Why it did not succeed', null),
    outcome_at: InstantOrNull('When its outcome was recorded, where that is a row of its own'),
    details: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
      description: 'What else is known of it',
      examples: [{ seconds: 5, reason: 'Delivery at the gate' }],
    }),
  },
  { $id: 'AuditEntry', description: 'An act with its outcome' },
)

/** `GET /audit/verify`. */
export const VerdictReply = Type.Object(
  {
    whole: Type.Boolean({
      description: 'Every row is as it was written, and none is missing',
      examples: [true],
    }),
    count: Type.Integer({ description: 'How many rows there are by the head of the chain', examples: [42] }),
    hash: Type.String({
      description: "The last row's keyed hash by the head of the chain; empty while there is none",
      examples: ['1f0c9a3e:6f1c…'],
    }),
    broken_at: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Place of the first row that is wrong or missing',
      examples: [null],
    }),
  },
  { $id: 'AuditVerdict', description: 'Whether the chain is whole' },
)

/** What a query asks for. */
export function toAuditFilter(query: Static<typeof AuditQuery>): AuditFilter {
  const { actor, action, target_type: targetType, target_id: targetId, outcome, from, to } = query
  return {
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(targetType !== undefined && { targetType }),
    ...(targetId !== undefined && { targetId }),
    ...(outcome !== undefined && { outcome }),
    ...(from !== undefined && { from: new Date(from).toISOString() }),
    ...(to !== undefined && { to: endOf(to) }),
  }
}

/** Rows are kept to the millisecond and shown to the second: a bound without a fraction includes its second. */
function endOf(to: string): string {
  const instant = new Date(to)
  if (!/:\d\d\.\d/.test(to)) instant.setUTCMilliseconds(999)
  return instant.toISOString()
}

/** An act in JSON: the attempt, with what its outcome adds. */
export function toAuditReply({ entry, outcome }: AuditRecord): Static<typeof AuditReply> {
  const last = outcome ?? entry
  const details = { ...entry.details, ...outcome?.details }
  return {
    id: entry.id,
    audit_id: entry.auditId,
    at: toInstant(entry.at),
    actor: entry.actor,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    address: entry.address,
    outcome: last.outcome,
    error_code: last.errorCode,
    outcome_at: outcome === null ? null : toInstant(outcome.at),
    details: Object.keys(details).length === 0 ? null : details,
  }
}

/** A verdict in JSON. */
export function toVerdictReply(verdict: AuditVerdict): Static<typeof VerdictReply> {
  return {
    whole: verdict.whole,
    count: verdict.head.count,
    hash: verdict.head.hash,
    broken_at: verdict.whole ? null : verdict.brokenAt,
  }
}
