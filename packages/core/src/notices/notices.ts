// Notices on their way out: for each channel that is set, one job that delivers it, so that whoever has something to tell waits for
// no mail server and nothing is forgotten while one is away.
import { randomUUID } from 'node:crypto'
import type { Transaction } from '@org/data'
import type { Logger } from 'pino'
import { noticeDelivery } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { Notice, NoticeChannel, Notices, QueuedNotice } from './notice.ts'

/** What notices are queued with. */
export interface NoticesParts {
  readonly jobs: JobQueue
  readonly channels: readonly NoticeChannel[]
  readonly log: Logger
}

/** Notices of this process. */
export function createNotices({ jobs, channels, log }: NoticesParts): Notices {
  /** One id for all channels, made once: a repetition of a delivery carries it again. */
  const newDelivery = (notice: Notice) => ({ noticeId: randomUUID(), at: new Date().toISOString(), notice })

  const queueAll = async (notice: Notice, tx?: Transaction): Promise<readonly QueuedNotice[]> => {
    const delivery = newDelivery(notice)
    const queued: QueuedNotice[] = []
    for (const channel of channels) {
      const { job } = await jobs.enqueue(noticeDelivery, { ...delivery, channel }, tx && { tx })
      queued.push({ channel, job })
    }
    return queued
  }

  return {
    async tell(notice) {
      const delivery = newDelivery(notice)
      for (const channel of channels) {
        try {
          await jobs.enqueue(noticeDelivery, { ...delivery, channel })
        } catch (error) {
          log.error({ err: error, kind: notice.kind, channel }, 'a notice could not be queued')
        }
      }
    },
    async tellIn(tx, notice) {
      await queueAll(notice, tx)
    },
    test: (by) => queueAll({ kind: 'test', by }),
  }
}
