// People of a terminal as rows, so that punches have names: read before a log is read whole, or names its people by uid alone.
import type { Database, NewPerson, Transaction } from '@org/data'
import type { PeopleRead, Person } from '@org/zk-proto'

/** How many rows are looked at with one query. */
const PAGE = 1_000

/** Whose people, and the lease in whose name they are written. */
export interface PeopleOwner {
  readonly deviceId: number
  readonly fence: number
}

/**
 * Inserts or updates everyone plausible; finger numbers, which this list does not tell, stay as they are. Whoever is not on
 * the list is marked as gone, when it is as long as the terminal itself counts: a shorter one proves nobody's absence.
 */
export async function storePeople(
  database: Database,
  { deviceId, fence }: PeopleOwner,
  { people, announced }: Pick<PeopleRead, 'people' | 'announced'>,
): Promise<void> {
  const persons = people.filter((person) => person.plausible)
  const whole = announced === people.length
  if (persons.length === 0 && !whole) return
  await database.transaction(async (tx) => {
    await tx.devices.checkFence(deviceId, fence)
    const fingers = await knownFingers(tx, deviceId)
    const rows = persons.map((person) => toRow(person, fingers.get(person.pin) ?? []))
    const now = new Date().toISOString()
    await tx.people.upsertMany(deviceId, rows, now)
    if (!whole) return
    // A record that is probably no person may still be somebody's, damaged: it speaks against their absence.
    const present = people.map(({ pin }) => pin)
    await tx.people.markAbsent(deviceId, present, now)
  })
}

function toRow(person: Person, fingers: readonly number[]): NewPerson {
  return {
    pin: person.pin,
    uid: person.uid,
    name: person.name,
    privilege: person.privilege,
    cardNumber: person.cardNumber === 0 ? null : person.cardNumber,
    groupNumber: person.group,
    hasPassword: person.password !== '',
    fingers,
  }
}

async function knownFingers(tx: Transaction, deviceId: number): Promise<Map<string, readonly number[]>> {
  const known = new Map<string, readonly number[]>()
  for (let offset = 0; ; offset += PAGE) {
    const { rows } = await tx.people.list({ deviceIds: [deviceId] }, { offset, limit: PAGE })
    for (const row of rows) known.set(row.pin, row.fingers)
    if (rows.length < PAGE) return known
  }
}
