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
