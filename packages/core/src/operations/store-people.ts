// People of a terminal as rows, so that punches have names: read once before a log is read whole.
import type { Database, NewPerson, Transaction } from '@org/data'
import type { Person } from '@org/zk-proto'

/** How many rows are looked at with one query. */
const PAGE = 1_000

/** Whose people, and the lease in whose name they are written. */
export interface PeopleOwner {
  readonly deviceId: number
  readonly fence: number
}

/** Inserts or updates everyone plausible. Finger numbers, which this list does not tell, stay as they are. */
export async function storePeople(
  database: Database,
  { deviceId, fence }: PeopleOwner,
  people: readonly Person[],
): Promise<void> {
  const persons = people.filter((person) => person.plausible)
  if (persons.length === 0) return
  await database.transaction(async (tx) => {
    await tx.devices.checkFence(deviceId, fence)
    const fingers = await knownFingers(tx, deviceId)
    const rows = persons.map((person) => toRow(person, fingers.get(person.pin) ?? []))
    await tx.people.upsertMany(deviceId, rows, new Date().toISOString())
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
