// Doors in JSON.
import type { Unlock } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, toInstant } from './instant.ts'

/** How long a door stays open when nobody says otherwise. */
export const DEFAULT_UNLOCK_SECONDS = 5
const LONGEST_UNLOCK_SECONDS = 60

/** Body of `POST /devices/{deviceId}/unlock`; it may be left out. */
export const UnlockRequest = Type.Object(
  {
    seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: LONGEST_UNLOCK_SECONDS,
        default: DEFAULT_UNLOCK_SECONDS,
        description: 'How long the door stays open',
        examples: [5],
      }),
    ),
    reason: Type.Optional(
      Type.String({
        format: 'one-line',
        maxLength: 200,
        description: 'Why; kept in the audit trail',
        examples: ['Delivery at the gate'],
      }),
    ),
  },
  {
    additionalProperties: false,
    description: 'How long, and why',
    examples: [{ seconds: 5, reason: 'Delivery at the gate' }],
  },
)

/** Headers of the same. */
export const UnlockHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Names this request for 24 hours: sent again with it, the first answer comes back, and the door does not open again',
      examples: ['7f9c24e8-3b0d-4f7e-9d5a-1c2b3a4d5e6f'],
    }),
  ),
})

/** What it answers. */
export const UnlockReceipt = Type.Object(
  {
    device_id: Type.Integer({ examples: [1] }),
    unlock_time: Instant("When the terminal's answer came"),
    unlocked_by: Type.String({
      description: 'E-mail address of the account, or key:<name> for an API key',
      examples: ['admin@example.com'],
    }),
    auto_lock_in: Type.Integer({ description: 'Seconds until it locks by itself', examples: [5] }),
    audit_id: Type.String({
      description: 'Names the attempt in the audit trail',
      examples: ['AUD-20240205-001'],
    }),
  },
  { $id: 'UnlockReceipt', description: 'A door that was opened' },
)

/** A door that was opened, in JSON. */
export function toUnlockReceipt(unlock: Unlock): Static<typeof UnlockReceipt> {
  return {
    device_id: unlock.deviceId,
    unlock_time: toInstant(unlock.unlockedAt),
    unlocked_by: unlock.unlockedBy,
    auto_lock_in: unlock.seconds,
    audit_id: unlock.auditId,
  }
}
