// Whose punches these are: the log names people by pin, or by uid where it is old, and says nothing else of them. The list of
// people does. Source: docs/protocol §13.1 and §13.3.
import type { Person } from './person.ts'

/** What a record says of who it was: a Punch says it, and so does whatever was stored of one. */
export interface NamedRecord {
  readonly pin: string | undefined
  readonly uid: number | undefined
}

/** A record with the person it belongs to. */
export interface OwnedRecord<R extends NamedRecord> {
  readonly punch: R
  /** Undefined for somebody who is not on the list: deleted since, or never there. */
  readonly person: Person | undefined
  /** By what the person was found. */
  readonly by: 'pin' | 'uid' | 'nothing'
}

/**
 * Joins records with people, one result a record, in their order. The pin decides. A uid decides only where the record has
 * no pin: some firmware writes a running number in its place. Where several people share a pin, the uid chooses among them,
 * or nobody is named.
 */
export function joinPeople<R extends NamedRecord>(
  punches: Iterable<R>,
  people: readonly Person[],
): OwnedRecord<R>[] {
  const byPin = new Map<string, Person[]>()
  const byUid = new Map<number, Person>()
  for (const person of people) {
    if (!person.plausible) continue
    byUid.set(person.uid, person)
    const others = byPin.get(person.pin)
    if (others === undefined) byPin.set(person.pin, [person])
    else others.push(person)
  }
  return Array.from(punches, (punch): OwnedRecord<R> => {
    const { pin, uid } = punch
    if (pin === undefined) {
      const person = uid === undefined ? undefined : byUid.get(uid)
      return { punch, person, by: person === undefined ? 'nothing' : 'uid' }
    }
    const found = byPin.get(pin) ?? []
    const person = found.length === 1 ? found[0] : found.find((one) => one.uid === uid)
    return { punch, person, by: person === undefined ? 'nothing' : 'pin' }
  })
}
