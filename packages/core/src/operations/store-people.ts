// People of a terminal as rows: what a sync of people is about, and what an attendance sync needs for names and PINs.
import type { Database } from '@org/data'
import type { PeopleRead, Person } from '@org/zk-proto'
import { toRow } from './person-rows.ts'

/** Whose people, and the lease in whose name they are written. */
export interface PeopleOwner {
  readonly deviceId: number
  readonly fence: number
}

/** What is known beside the list, and who is told how far it is. */
export interface StorePeopleOptions {
  /** Enrolled fingers by uid, of everybody. Left out: not told, so what is known of them stays. */
  readonly fingersByUid?: ReadonlyMap<number, readonly number[]>
  readonly onStored?: (done: number, total: number) => void
}

/** What was put in: `inserted + updated + unchanged + doubled` are the plausible people given. */
export interface StoredPeople {
  readonly inserted: number
  readonly updated: number
  readonly unchanged: number
  /** People whose PIN another one has; the last counts. */
  readonly doubled: number
  /** Null: the list was not whole, so nobody was marked as gone. */
  readonly gone: number | null
}

const BATCH = 100

/**
 * Inserts or updates everyone plausible, a hundred in one transaction. Whoever is not on the list is marked as gone, when it is
 * as long as the terminal itself counts: a shorter one proves nobody's absence.
 */
export async function storePeople(
  database: Database,
  { deviceId, fence }: PeopleOwner,
  { people, announced }: Pick<PeopleRead, 'people' | 'announced'>,
  { fingersByUid, onStored }: StorePeopleOptions = {},
): Promise<StoredPeople> {
  const plausible = people.filter((person) => person.plausible)
  const persons = [...new Map(plausible.map((person) => [person.pin, person])).values()]
  const fingersOf = ({ uid }: Person): readonly number[] | null =>
    fingersByUid === undefined ? null : (fingersByUid.get(uid) ?? [])
  const now = new Date().toISOString()
  const stored = { inserted: 0, updated: 0, unchanged: 0 }

  for (let from = 0; from < persons.length; from += BATCH) {
    const rows = persons.slice(from, from + BATCH).map((person) => toRow(person, fingersOf(person)))
    const written = await database.transaction(async (tx) => {
      await tx.devices.checkFence(deviceId, fence)
      return tx.people.upsertMany(deviceId, rows, now)
    })
    stored.inserted += written.inserted
    stored.updated += written.updated
    stored.unchanged += written.unchanged
    onStored?.(from + rows.length, persons.length)
  }

  const doubled = plausible.length - persons.length
  if (announced !== people.length) return { ...stored, doubled, gone: null }
  // A record that is probably no person may still be somebody's, damaged: it speaks against their absence.
  const present = people.map(({ pin }) => pin)
  const gone = await database.transaction(async (tx) => {
    await tx.devices.checkFence(deviceId, fence)
    return tx.people.markAbsent(deviceId, present, now)
  })
  return { ...stored, doubled, gone }
}
