// Notes of people who are about to be put on a terminal: written before anything is sent, removed when they are done or undone.
// What is still noted at a later contact was left by a process that died.
import { pendingPeople, type PendingPerson } from './schema.ts'
import type { Scope } from './scope.ts'

/** A person about to be put on a terminal, as they will look there. */
export type NewPendingPerson = Omit<PendingPerson, 'id'>

export interface PendingPeople {
  /** Gives the note's id. */
  insert(note: NewPendingPerson): Promise<number>
  /** Of one device, the oldest first. */
  list(deviceId: number): Promise<readonly PendingPerson[]>
  /** False when it was removed before. */
  remove(id: number): Promise<boolean>
}

export function pendingPeopleIn({ db }: Scope): PendingPeople {
  return {
    async insert(note) {
      const { insertId } = await db
        .insertInto('pending_people')
        .values(pendingPeople.encode(note))
        .executeTakeFirstOrThrow()
      return Number(insertId)
    },
    async list(deviceId) {
      const stored = await db
        .selectFrom('pending_people')
        .selectAll()
        .where('device_id', '=', deviceId)
        .orderBy('id')
        .execute()
      return stored.map((row) => pendingPeople.decode(row))
    },
    async remove(id) {
      const { numDeletedRows } = await db
        .deleteFrom('pending_people')
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return numDeletedRows > 0n
    },
  }
}
