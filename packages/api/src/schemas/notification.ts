// The test of the ways to deliver notices, in JSON.
import type { QueuedNotice } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'

const CHANNEL = ['smtp', 'slack', 'webhook'] as const
const CHANNEL_DOC = { description: 'A way to deliver notices that is set', examples: ['smtp'] }

/** Body of `POST /notifications/test`; it may be left out. */
export const NoticeTestRequest = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** `POST /notifications/test`. */
export const NoticeTestReceipt = Type.Object(
  {
    channels: Type.Array(Type.Enum(CHANNEL, CHANNEL_DOC), {
      description: 'What is set; empty where nothing is',
    }),
    jobs: Type.Array(
      Type.Object({
        channel: Type.Enum(CHANNEL, CHANNEL_DOC),
        job_id: Type.String({
          description: 'Ask `GET /queue/jobs/{jobId}` with it: that is the delivery log',
          examples: ['notice-0b3f2c3e-6d0b-4b1e-9a55-2f6d3a1c7e10-smtp'],
        }),
      }),
      { description: 'The job that delivers the test, one a channel' },
    ),
  },
  { $id: 'NoticeTestReceipt', description: 'Where the test goes, and what to ask how it fared' },
)

/** The queued tests in JSON. */
export function toNoticeTestReceipt(queued: readonly QueuedNotice[]): Static<typeof NoticeTestReceipt> {
  return {
    channels: queued.map(({ channel }) => channel),
    jobs: queued.map(({ channel, job }) => ({ channel, job_id: job.id })),
  }
}
