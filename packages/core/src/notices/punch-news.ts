// New punches on their way to the webhook: queued in the transaction that stored them, so that each is posted at least once and none
// that was rolled back. One call a transaction, with the ids of its new rows.
import { randomUUID } from 'node:crypto'
import type { Transaction } from '@org/data'
import { PUNCHES_A_DELIVERY, punchDelivery } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'

/** Whoever wants to hear of new punches. */
export interface PunchNews {
  /** False: nobody does; then ids need not be looked up, and `tellIn` does nothing. */
  readonly wanted: boolean
  /** A live event's row that a sync takes over is no new punch. Rejects with what the database throws. */
  tellIn(tx: Transaction, punchIds: readonly number[]): Promise<void>
}

export function createPunchNews(jobs: JobQueue, wanted: boolean): PunchNews {
  return {
    wanted,
    async tellIn(tx, punchIds) {
      if (!wanted) return
      const at = new Date().toISOString()
      for (let from = 0; from < punchIds.length; from += PUNCHES_A_DELIVERY) {
        const part = punchIds.slice(from, from + PUNCHES_A_DELIVERY)
        await jobs.enqueue(punchDelivery, { deliveryId: randomUUID(), at, punchIds: part }, { tx })
      }
    },
  }
}
