// Attendance logs that could not be read, kept as sealed text for some days: the newest few of each device.
import { storedInstant, type Instant } from './columns.ts'
import { keptTransfers, type KeptTransfer } from './schema.ts'
import type { Scope } from './scope.ts'

/** What is kept of a transfer, without its bytes. */
export type KeptTransferFacts = Omit<KeptTransfer, 'sealed'>

export interface KeptTransfers {
  /** Keeps one, and of the same device the newest `most` with it. The new one's id. */
  insert(transfer: Omit<KeptTransfer, 'id'>, most: number): Promise<number>
  /** Those that stand at `now`, the newest first. */
  list(now: Instant): Promise<readonly KeptTransferFacts[]>
  /** Undefined when there is none, or it should have been removed by `now`. */
  find(id: number, now: Instant): Promise<KeptTransfer | undefined>
  /** Removes those whose time is over at `now`. How many there were. */
  removeOverdue(now: Instant): Promise<number>
}

export function keptTransfersIn(scope: Scope): KeptTransfers {
  const { db } = scope
  const standing = (now: Instant) =>
    db.selectFrom('kept_transfers').where('kept_until', '>', storedInstant(now))

  return {
    async insert(transfer, most) {
      return scope.atomic(async (tx) => {
        const { insertId } = await tx.db
          .insertInto('kept_transfers')
          .values(keptTransfers.encode(transfer))
          .executeTakeFirstOrThrow()
        const ids = await tx.db
          .selectFrom('kept_transfers')
          .select('id')
          .where('device_id', '=', transfer.deviceId)
          .orderBy('id', 'desc')
          .execute()
        const surplus = ids.slice(most).map(({ id }) => id)
        if (surplus.length > 0) await tx.db.deleteFrom('kept_transfers').where('id', 'in', surplus).execute()
        return Number(insertId)
      })
    },

    async list(now) {
      const columns = keptTransfers.columns.filter((column) => column !== 'sealed')
      const stored = await standing(now).select(columns).orderBy('id', 'desc').execute()
      return stored.map((row) => {
        const { sealed: _, ...facts } = keptTransfers.decode({ ...row, sealed: '' })
        return facts
      })
    },

    async find(id, now) {
      const stored = await standing(now).selectAll().where('id', '=', id).executeTakeFirst()
      return stored && keptTransfers.decode(stored)
    },

    async removeOverdue(now) {
      const { numDeletedRows } = await db
        .deleteFrom('kept_transfers')
        .where('kept_until', '<=', storedInstant(now))
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
