// Notices on their way out: for each channel that is set, one job that delivers it, so that whoever has something to tell waits for
// no mail server and nothing is forgotten while one is away.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { noticeDelivery } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { NoticeChannel, Notices } from './notice.ts'

/** What notices are queued with. */
export interface NoticesParts {
  readonly jobs: JobQueue
  readonly channels: readonly NoticeChannel[]
  readonly log: Logger
}

/** Notices of this process. */
export function createNotices({ jobs, channels, log }: NoticesParts): Notices {
  return {
    async tell(notice) {
      const noticeId = randomUUID()
      const at = new Date().toISOString()
      for (const channel of channels) {
        try {
          await jobs.enqueue(noticeDelivery, { channel, noticeId, at, notice })
        } catch (error) {
          log.error({ err: error, kind: notice.kind, channel }, 'a notice could not be queued')
        }
      }
    },
  }
}
