// What people are told of by e-mail, Slack or webhook: one form a kind, with the facts that its sentence needs, and the port of
// notices. A notice is stored as the data of the job that delivers it, hence the schema.
import type { Transaction } from '@org/data'
import { Type, type Static } from 'typebox'
import type { JobView } from '../jobs/job-queue.ts'

/** Ways to deliver a notice; each is set by the environment. */
export const NoticeChannel = Type.Union([
  Type.Literal('smtp'),
  Type.Literal('slack'),
  Type.Literal('webhook'),
])
export type NoticeChannel = Static<typeof NoticeChannel>

const Device = { deviceId: Type.Integer({ minimum: 1 }), deviceName: Type.String() }
/** An account's e-mail address, `key:<name>`, or `system`. */
const By = { by: Type.String() }

/** One thing to be told. */
export const Notice = Type.Union([
  Type.Object({
    kind: Type.Literal('door.unlock'),
    ...Device,
    ...By,
    /** Null where a dead process has left the attempt. */
    seconds: Type.Union([Type.Integer(), Type.Null()]),
    auditId: Type.String(),
    outcome: Type.Union([
      Type.Literal('success'),
      Type.Literal('refused'),
      Type.Literal('unreachable'),
      Type.Literal('unknown'),
    ]),
  }),
  Type.Object({ kind: Type.Literal('device.restart'), ...Device, ...By }),
  Type.Object({
    kind: Type.Literal('device.offline'),
    ...Device,
    reason: Type.Union([Type.String(), Type.Null()]),
  }),
  Type.Object({ kind: Type.Literal('device.online'), ...Device }),
  Type.Object({
    kind: Type.Literal('device.log-almost-full'),
    ...Device,
    records: Type.Integer(),
    capacity: Type.Integer(),
  }),
  Type.Object({
    kind: Type.Literal('sync.failed'),
    ...Device,
    jobId: Type.String(),
    /** The kind of job. */
    job: Type.String(),
    code: Type.String(),
    message: Type.String(),
  }),
  Type.Object({ kind: Type.Literal('cache.cleared'), ...By, keys: Type.Integer() }),
  Type.Object({ kind: Type.Literal('test'), ...By }),
])
export type Notice = Static<typeof Notice>

/** The notice of one kind. */
export type NoticeOf<Kind extends Notice['kind']> = Extract<Notice, { readonly kind: Kind }>

/** A notice on its way by one channel. */
export interface QueuedNotice {
  readonly channel: NoticeChannel
  readonly job: JobView
}

/** Where notices go. */
export interface Notices {
  /** Queues it for every channel that is set. Resolves when that is done or has failed; a failure is logged, never thrown. */
  tell(notice: Notice): Promise<void>
  /**
   * Queues it in a transaction: it is told exactly when that commits. Rejects with what the database throws, and then the
   * transaction must not commit.
   */
  tellIn(tx: Transaction, notice: Notice): Promise<void>
  /** Queues a test for every channel that is set. Rejects with what the database throws. */
  test(by: string): Promise<readonly QueuedNotice[]>
}
