// Every kind of job that the service has, declared once. Handlers stand in the worker and call one operation each.
import { Type, type Static } from 'typebox'
import { Notice, NoticeChannel } from '../notices/notice.ts'
import { defineJob } from './define-job.ts'

/** `auto` reads what is new where the bookmark can be proved, `full` reads everything again. */
export const SyncMode = Type.Union([Type.Literal('auto'), Type.Literal('full')])
export type SyncMode = Static<typeof SyncMode>

const Count = Type.Integer({ minimum: 0 })

/**
 * What a finished sync proves. It is the job's result as stored and as the API returns it, hence in snake_case:
 * `read = new + known`, and `announced_before ≤ from + read ≤ announced_after` where the terminal gives a usable count.
 * It speaks of the read that succeeded. Where that one was begun anew within the run, what the given-up one had stored and
 * this one met again is new, as it is to everybody else; what an earlier run of the job stored before it failed is known.
 */
export const SyncCertificate = Type.Object({
  /** Records that the terminal announced before the transfer and after it; null where it gives no usable count. */
  announced_before: Type.Union([Count, Type.Null()]),
  announced_after: Type.Union([Count, Type.Null()]),
  bytes_announced: Count,
  bytes_received: Count,
  /** Index of the first record read; 0 for a whole read. */
  from: Count,
  read: Count,
  new: Count,
  known: Count,
  /** Records whose packed time is no real date; kept, without an instant. */
  invalid_time: Count,
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

/** What a correction of times did: punches gone over, and those of them whose zone, instant or status became another. */
export const TimesCorrection = Type.Object({ seen: Count, changed: Count })
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
  /** Records that were taken off the terminal; 0 where its log was empty. */
  cleared: Count,
  /** Records of the read that came before, and those of them that were stored by it. */
  read: Count,
  new: Count,
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

/**
 * Delivers one notice by one channel, at least once: a repetition carries the same notice id, by which the receiver can tell. Kept
 * up for a day of outage.
 */
export const noticeDelivery = defineJob({
  name: 'notice-delivery',
  queue: 'notifications',
  data: Type.Object({
    channel: NoticeChannel,
    noticeId: Type.String(),
    at: Type.String(),
    notice: Notice,
  }),
  result: NoticeReceipt,
  id: ({ noticeId, channel }) => `notice-${noticeId}-${channel}`,
  retries: 12,
  backoffMs: [5_000, 30_000, 120_000, 600_000, 3_600_000, 10_800_000],
  timeLimitMs: 60_000,
})

/** YYYYMMDDHHMMSS in UTC. */
function compactUtc(instant: Date): string {
  return instant.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')
}
