// Turns at work that one process at a time does, such as cleaning up: whoever takes a turn keeps the others from the work until it is
// over, however many there are and whoever of them dies.
import { storedInstant, type Instant } from './columns.ts'
import { keepExisting } from './dialect.ts'
import { turns } from './schema.ts'
import type { Scope } from './scope.ts'

export interface Turns {
  /**
   * Takes the turn of this name for so long. True for one of those who ask: when nobody has it at `now`. A turn that was taken more
   * than a whole one after `now` was taken by a clock that has been set back since, and is free.
   */
  take(name: string, turn: { readonly now: Instant; readonly forMs: number }): Promise<boolean>
}

const NEVER = '1970-01-01T00:00:00.000Z'

export function turnsIn(scope: Scope): Turns {
  const { db } = scope
  return {
    async take(name, { now, forMs }) {
      const untaken = turns.encode({ name, takenAt: NEVER, freeAt: NEVER })
      await keepExisting(scope, db.insertInto('turns').values(untaken), 'name').execute()
      const freeAt = new Date(Date.parse(now) + forMs).toISOString()
      const { numUpdatedRows } = await db
        .updateTable('turns')
        .set(turns.encodeChanges({ takenAt: now, freeAt }))
        .where('name', '=', name)
        .where((of) =>
          of.or([of('free_at', '<=', storedInstant(now)), of('taken_at', '>', storedInstant(freeAt))]),
        )
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },
  }
}
