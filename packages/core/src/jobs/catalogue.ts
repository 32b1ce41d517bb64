// Every kind of job that the service has, declared once. Handlers stand in the worker and call one operation each.
import { createHash } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { Notice, NoticeChannel } from '../notices/notice.ts'
import { defineJob } from './define-job.ts'

/** `auto` reads what is new where the bookmark can be proved, `full` reads everything again. */
export const SyncMode = Type.Union([Type.Literal('auto'), Type.Literal('full')])
export type SyncMode = Static<typeof SyncMode>

/** A count, with what it counts where a program shows or generates that. */
const count = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description !== undefined && { description }) })
const Count = count()
const countOrNull = (description: string) => Type.Union([Count, Type.Null()], { description })

/**
 * What a finished sync proves. It is the job's result as stored and as the API returns it, hence in snake_case:
 * `read = new + known`, with `expired` where there is one, and `announced_before ≤ from + read ≤ announced_after` where the terminal gives a usable count.
 * It speaks of the read that succeeded. Where that one was begun anew within the run, what the given-up one had stored and
 * this one met again is new, as it is to everybody else; what an earlier run of the job stored before it failed is known.
 */
export const SyncCertificate = Type.Object({
  announced_before: countOrNull(
    'Records that the terminal announced before the transfer; null where it gives no usable count',
  ),
  announced_after: countOrNull('The same, after the transfer'),
  bytes_announced: count('Bytes that the terminal said it would send'),
  bytes_received: count('Bytes that came'),
  from: count('Index of the first record read; 0 for a whole read'),
  read: count('Records read'),
  new: count('Of these, stored now'),
  known: count('Of these, stored already'),
  expired: Type.Optional(
    count('Of these, older than punches are kept (PUNCH_RETENTION), so not stored; left out where none are'),
  ),
  invalid_time: count('Of these, with a time that is no real date; kept, without an instant'),
})
export type SyncCertificate = Static<typeof SyncCertificate>

/** Reads a device's attendance log into the table of punches. */
export const attendanceSync = defineJob({
  name: 'attendance-sync',
  queue: 'attendance-sync',
  data: Type.Object({ deviceId: Type.Integer({ minimum: 1 }), mode: SyncMode }),
  result: SyncCertificate,
  id: ({ deviceId }, now) => `sync-device-${deviceId}-${compactUtc(now)}`,
  dedupe: ({ deviceId }) => `attendance-sync-${deviceId}`,
  whenRepeated: (asked, unfinished) => {
    if (asked.mode === 'auto' || unfinished.data.mode === 'full') return 'same'
    return unfinished.state === 'waiting' ? { data: asked } : 'behind'
  },
  oneAtATime: ({ deviceId }) => `device-${deviceId}`,
  deviceId: ({ deviceId }) => deviceId,
  retries: 3,
  backoffMs: [5_000, 30_000, 120_000],
})

/** What a finished reading of a terminal's people tells: `read = inserted + updated + unchanged + suspicious + doubled`. */
export const PeopleSyncReport = Type.Object({
  announced: countOrNull("The terminal's own count; null where it gives none"),
  read: count('Records read'),
  inserted: count('Of these, people who were not known'),
  updated: count('Of these, people of whom something was new'),
  unchanged: count('Of these, people as they were known'),
  gone: countOrNull(
    "People who were marked as no longer on the terminal; null where the list was not whole by the terminal's own count, so nobody was",
  ),
  suspicious: count('Records that are probably no person; not stored'),
  doubled: count('Records with a PIN that another one has; the last counts'),
  fingers_read: Type.Boolean({
    description:
      'Whether the terminal let it be read who has which fingers; otherwise what was known of them stays',
  }),
  templates_kept: countOrNull('Templates that are kept now; null where none are to be kept'),
})
export type PeopleSyncReport = Static<typeof PeopleSyncReport>

/** Reads who is on a terminal into the table of people. */
export const peopleSync = defineJob({
  name: 'user-sync',
  queue: 'user-sync',
  data: Type.Object({ deviceId: Type.Integer({ minimum: 1 }) }),
  result: PeopleSyncReport,
  id: ({ deviceId }, now) => `sync-users-device-${deviceId}-${compactUtc(now)}`,
  dedupe: ({ deviceId }) => `user-sync-${deviceId}`,
  oneAtATime: ({ deviceId }) => `device-${deviceId}`,
  deviceId: ({ deviceId }) => deviceId,
  retries: 3,
  backoffMs: [5_000, 30_000, 120_000],
})

/** Whom to copy to a terminal, from where, and on whose behalf. Holds nobody's password or template. */
const PeopleCopyOrder = Type.Object({
  deviceId: Type.Integer({ minimum: 1 }),
  /** Null: the database. */
  fromDeviceId: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  /** Null: everybody. */
  pins: Type.Union([Type.Array(Type.String()), Type.Null()]),
  /** Devices whose people whoever asked may see; null: all. */
  within: Type.Union([Type.Array(Type.Integer({ minimum: 1 })), Type.Null()]),
  templates: Type.Boolean(),
  dryRun: Type.Boolean(),
  /** Whether an admin asked, so that people with rights at the terminal may be written. */
  mayGrant: Type.Boolean(),
  by: Type.Object({
    name: Type.String(),
    accountId: Type.Union([Type.Integer(), Type.Null()]),
    address: Type.Union([Type.String(), Type.Null()]),
  }),
})
export type PeopleCopyOrder = Static<typeof PeopleCopyOrder>

const CopiedPeople = Type.Object({
  count: count('How many'),
  users: Type.Array(
    Type.Object({
      user_id: Type.String(),
      reason: Type.String({ description: 'Why, as a word that stays' }),
      fingers: Type.Array(Type.Integer(), { description: 'Fingers that it is about' }),
      message: Type.Optional(Type.String({ description: 'Why, for people' })),
    }),
    { description: 'The first 1,000' },
  ),
})

/** What became of everybody who was to be copied. A person whose finger alone was refused is listed twice. */
export const PeopleCopyReport = Type.Object({
  dry_run: Type.Boolean({ description: 'Nothing was written: this is what would be' }),
  chosen: count('People who were to be copied'),
  added: CopiedPeople,
  updated: CopiedPeople,
  unchanged: CopiedPeople,
  refused: CopiedPeople,
  templates_from: Type.Union([Type.Literal('device'), Type.Literal('database'), Type.Literal('none')], {
    description: 'Where templates came from; none where none were asked for, or none are kept',
  }),
})
export type PeopleCopyReport = Static<typeof PeopleCopyReport>

/** Writes people, and their templates, to a terminal. */
export const peopleCopy = defineJob({
  name: 'user-copy',
  queue: 'user-sync',
  data: PeopleCopyOrder,
  result: PeopleCopyReport,
  id: ({ deviceId }, now) => `copy-users-device-${deviceId}-${compactUtc(now)}`,
  dedupe: (order) => `user-copy-${createHash('sha256').update(JSON.stringify(order)).digest('hex')}`,
  oneAtATime: ({ deviceId }) => `device-${deviceId}`,
  deviceId: ({ deviceId }) => deviceId,
  retries: 3,
  backoffMs: [5_000, 30_000, 120_000],
})

/** What a correction of times did. */
export const TimesCorrection = Type.Object({
  seen: count('Punches gone over'),
  changed: count('Of these, those whose zone, instant or status became another'),
})
export type TimesCorrection = Static<typeof TimesCorrection>

/**
 * Computes the instants of a device's stored punches anew after its zone was changed. It touches rows only, so it goes on for a device
 * that was switched off or deleted. A change that comes while it runs is followed by another run.
 */
export const timesCorrection = defineJob({
  name: 'times-correction',
  queue: 'maintenance',
  data: Type.Object({ deviceId: Type.Integer({ minimum: 1 }) }),
  result: TimesCorrection,
  id: ({ deviceId }, now) => `times-device-${deviceId}-${compactUtc(now)}`,
  dedupe: ({ deviceId }) => `times-correction-${deviceId}`,
  whenRepeated: (_, { state }) => (state === 'waiting' ? 'same' : 'behind'),
  oneAtATime: ({ deviceId }) => `times-device-${deviceId}`,
  deviceId: ({ deviceId }) => deviceId,
  retries: 12,
  backoffMs: [1_000, 5_000, 30_000, 120_000, 600_000],
})

/** What a clearing did. */
export const ClearingReceipt = Type.Object({
  cleared: count('Records that were taken off the terminal; 0 where its log was empty'),
  read: count('Records of the read that came before'),
  new: count('Of these, stored by it'),
})
export type ClearingReceipt = Static<typeof ClearingReceipt>

/**
 * Empties a terminal's attendance log once every record is proven to be stored. Tried once: whoever wants it tried again asks again,
 * and the proof is made anew.
 */
export const attendanceClearing = defineJob({
  name: 'attendance-clearing',
  queue: 'maintenance',
  data: Type.Object({
    deviceId: Type.Integer({ minimum: 1 }),
    /** Who asked, for the audit trail. */
    by: Type.Object({
      name: Type.String(),
      accountId: Type.Union([Type.Integer(), Type.Null()]),
      address: Type.Union([Type.String(), Type.Null()]),
    }),
  }),
  result: ClearingReceipt,
  id: ({ deviceId }, now) => `clear-device-${deviceId}-${compactUtc(now)}`,
  dedupe: ({ deviceId }) => `attendance-clearing-${deviceId}`,
  oneAtATime: ({ deviceId }) => `device-${deviceId}`,
  deviceId: ({ deviceId }) => deviceId,
  retries: 0,
  backoffMs: [],
})

/** What a delivered notice leaves behind. */
export const NoticeReceipt = Type.Object({ channel: NoticeChannel, notice_id: Type.String() })
export type NoticeReceipt = Static<typeof NoticeReceipt>

const NoticeDelivery = Type.Object({
  channel: NoticeChannel,
  noticeId: Type.String(),
  at: Type.String(),
  notice: Notice,
})
export type NoticeDelivery = Static<typeof NoticeDelivery>

/** How patient deliveries are: kept up for a day of outage. */
const DELIVERY_PATIENCE = {
  retries: 12,
  backoffMs: [5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000],
  timeLimitMs: 60_000,
}

/** Delivers one notice by one channel, at least once: a repetition carries the same notice id, by which the receiver can tell. */
export const noticeDelivery = defineJob({
  name: 'notice-delivery',
  queue: 'notifications',
  data: NoticeDelivery,
  result: NoticeReceipt,
  id: ({ noticeId, channel }) => `notice-${noticeId}-${channel}`,
  ...DELIVERY_PATIENCE,
})

/** Punches that one delivery carries at most. */
export const PUNCHES_A_DELIVERY = 100

const PunchDelivery = Type.Object({
  deliveryId: Type.String(),
  at: Type.String(),
  punchIds: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1, maxItems: PUNCHES_A_DELIVERY }),
})
export type PunchDelivery = Static<typeof PunchDelivery>

/** What delivered punches leave behind. */
export const PunchReceipt = Type.Object({ delivery_id: Type.String(), punches: Count })
export type PunchReceipt = Static<typeof PunchReceipt>

/** Posts new punches to the webhook, at least once; as they are when it is sent, so a corrected zone or name counts. */
export const punchDelivery = defineJob({
  name: 'punch-delivery',
  queue: 'notifications',
  data: PunchDelivery,
  result: PunchReceipt,
  id: ({ deliveryId }) => `punches-${deliveryId}`,
  ...DELIVERY_PATIENCE,
})

/** YYYYMMDDHHMMSS in UTC. */
function compactUtc(instant: Date): string {
  return instant.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
}
