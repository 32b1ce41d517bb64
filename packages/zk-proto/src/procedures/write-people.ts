// Adding, changing and deleting people: read the list, change only what is named, write, read the list again and compare.
// The uid is chosen here, from a fresh list, since nothing on the terminal protects a person from being overwritten.
// Source: docs/protocol §12.6.
import { sameBytes } from '../bytes.ts'
import { deletePerson, writePerson } from '../commands/people.ts'
import { readPinWidth } from '../commands/terminal.ts'
import { ZkProtocolError, ZkRefusedError, ZkTransportError, ZkUsageError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import { nameDecoder } from '../name-encoding.ts'
import { checkPin, editPersonRecord, encodeNewPerson, samePerson } from '../records/person-edit.ts'
import type { NewPerson, PersonTarget } from '../records/person-edit.ts'
import { personForm } from '../records/person.ts'
import type { Person, PersonLayoutName } from '../records/person.ts'
import { ask, refusal, request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { makeItCount, notKept } from './after-writing.ts'
import { optionIfKnown } from './read-info.ts'
import { readPeople } from './read-people.ts'
import type { PeopleRead, ReadPeoplePlan } from './read-people.ts'

/** What became of one person of a write. */
export interface PersonOutcome {
  readonly pin: string
  /** `unchanged`: it was there, and just so. `refused`: see `error`. */
  readonly outcome: 'added' | 'updated' | 'unchanged' | 'refused'
  /** As read back; undefined when refused. */
  readonly person: Person | undefined
  /** Why it was refused: by the terminal, or because its form cannot hold what was asked for. */
  readonly error: ZkError | undefined
}

/** How people are written. */
export interface WritePeoplePlan extends ReadPeoplePlan {
  /** Nothing is sent: the outcomes are what they would be, as far as the terminal’s own refusals are not known. */
  readonly dryRun?: boolean
}

/** Whether people must be there already, must not be, or may. */
export type Expectation = 'new' | 'there' | 'either'

const HIGHEST_UID = 65_535

interface Written {
  readonly pin: string
  readonly outcome: PersonOutcome['outcome']
  readonly record: Uint8Array | undefined
  readonly error: ZkError | undefined
}

/**
 * Writes people by their pins; fields that are not named stay as they are. A person that is refused does not keep the
 * others from being written. Throws what reading the list throws, and when the connection fails.
 */
export function* writePeople(
  people: readonly NewPerson[],
  expected: Expectation,
  plan: WritePeoplePlan,
): Procedure<PersonOutcome[]> {
  const before = yield* readPeople(plan)
  const target = yield* targetOf(before)
  const pinWidth = yield* pinWidthIfTold()
  const uids = new Set(before.people.map(({ uid }) => uid))
  const written: Written[] = []
  const pins = new Set<string>()
  for (const person of people) {
    const { pin } = person
    // The list that was read does not know of the first one yet: a second one would become somebody else, or undo it.
    const outcome = pins.has(pin)
      ? { pin, outcome: 'refused' as const, record: undefined, error: namedTwice(pin) }
      : yield* writeOne(person, expected, before, { target, uids, pinWidth, dryRun: plan.dryRun === true })
    pins.add(pin)
    written.push(outcome)
  }
  const sent = written.some(({ outcome }) => outcome === 'added' || outcome === 'updated')
  if (plan.dryRun === true) return written.map((one) => foreseen(one, target))
  if (!sent) return written.map((one) => settled(one, before, target))
  yield* makeItCount()
  const after = yield* readPeople(plan)
  return written.map((one) => settled(one, after, target))
}

/** What holds for all people of one write; `uids` are those that are taken. */
interface WriteTerms {
  readonly target: PersonTarget
  readonly uids: Set<number>
  readonly pinWidth: number | undefined
  readonly dryRun: boolean
}

function* writeOne(
  person: NewPerson,
  expected: Expectation,
  before: PeopleRead,
  { target, uids, pinWidth, dryRun }: WriteTerms,
): Procedure<Written> {
  const { pin } = person
  try {
    const present = findPerson(before, checkPin(pin))
    checkExpectation(pin, present, expected)
    if (present === undefined) checkWidth(pin, pinWidth)
    const uid = present?.uid ?? uidFor(person, uids, target.layout)
    const record =
      present === undefined
        ? encodeNewPerson(person, uid, target)
        : editPersonRecord(present.raw, person, target)
    const unchanged = present !== undefined && sameBytes(present.raw, record)
    if (!unchanged && !dryRun) yield* ask(writePerson, record)
    uids.add(uid)
    const outcome = unchanged ? 'unchanged' : present === undefined ? 'added' : 'updated'
    return { pin, outcome, record, error: undefined }
  } catch (error) {
    if (error instanceof ZkUsageError || error instanceof ZkRefusedError) {
      return { pin, outcome: 'refused', record: undefined, error }
    }
    throw error
  }
}

/** What the terminal holds now against what it was given. */
function settled(one: Written, after: PeopleRead, target: PersonTarget): PersonOutcome {
  const { pin, outcome, record, error } = one
  if (record === undefined) return { pin, outcome, person: undefined, error }
  const wanted = decodeOne(record, target)
  const person = after.people.find(({ uid }) => uid === wanted.uid)
  if (person !== undefined && samePerson(wanted, person)) return { pin, outcome, person, error }
  return {
    pin,
    outcome: 'refused',
    person: undefined,
    error: notKept(`the person with uid ${wanted.uid}`, { uid: wanted.uid }),
  }
}

/** What it would be. */
function foreseen({ pin, outcome, record, error }: Written, target: PersonTarget): PersonOutcome {
  return { pin, outcome, person: record === undefined ? undefined : decodeOne(record, target), error }
}

function decodeOne(record: Uint8Array, { layout }: PersonTarget): Person {
  // Names are compared as bytes: what this one is decoded with does not matter.
  return personForm(layout).decode(record, 0, nameDecoder('auto', []))
}

/** Deletes a person and their templates. Throws ZK_VALUE_OUT_OF_RANGE when there is none with that pin. */
export function* removePerson(pin: string, plan: ReadPeoplePlan): Procedure<Person> {
  const before = yield* readPeople(plan)
  const person = findPerson(before, pin)
  if (person === undefined) throw noSuchPin(pin)
  yield* ask(deletePerson, { uid: person.uid })
  yield* makeItCount()
  const after = yield* readPeople(plan)
  if (after.people.some(({ uid, pin: left }) => uid === person.uid && left === pin)) {
    throw notKept(`deleting the person with uid ${person.uid}`, { uid: person.uid })
  }
  return person
}

/** The form and encoding of this terminal's people; an empty list does not show them. Source: docs/protocol §12.3. */
export function* targetOf(list: PeopleRead): Procedure<PersonTarget> {
  const { nameEncoding } = list
  if (list.layout !== undefined) return { layout: list.layout, nameEncoding }
  const selfService = yield* optionIfKnown('~SSR')
  return { layout: selfService === '1' ? 'person/72' : 'person/28', nameEncoding }
}

/** The person of a pin. Throws ZK_BAD_RECORD when there are two: which one is meant is not guessed. */
export function findPerson(list: PeopleRead, pin: string): Person | undefined {
  if (typeof pin !== 'string') {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `A pin is a text, such as '1042', got ${typeof pin}`)
  }
  const found = list.people.filter((person) => person.plausible && person.pin === pin)
  if (found.length <= 1) return found[0]
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    `The terminal holds ${found.length} people with one pin; delete one of them there`,
    { effect: 'none', details: { pin, uids: found.map(({ uid }) => uid).join(', ') } },
  )
}

function checkExpectation(pin: string, present: Person | undefined, expected: Expectation): void {
  if (expected === 'there' && present === undefined) throw noSuchPin(pin)
  if (expected === 'new' && present !== undefined) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `The pin ${pin} is taken, by uid ${present.uid}`, {
      details: { reason: 'pin_taken', pin, uid: present.uid },
    })
  }
}

/** The error for a pin that nobody has. */
export function noSuchPin(pin: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `Nobody on the terminal has the pin ${pin.slice(0, 24)}`, {
    details: { reason: 'no_such_pin', pin: pin.slice(0, 24) },
  })
}

function namedTwice(pin: string): ZkUsageError {
  const shown = pin.slice(0, 24)
  return new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `The pin ${shown} is given more than once; the first counts`,
    {
      details: { reason: 'pin_given_twice', pin: shown },
    },
  )
}

function checkWidth(pin: string, pinWidth: number | undefined): void {
  if (pinWidth === undefined || pinWidth === 0 || pin.length <= pinWidth) return
  throw new ZkUsageError(
    'ZK_NOT_ENCODABLE',
    `The pin has ${pin.length} characters; this terminal takes ${pinWidth}`,
    { details: { field: 'pin', length: pin.length, limit: pinWidth } },
  )
}

/** How many characters a pin may have; undefined where the terminal does not say. Capture req-pinwidth-udp-sdk. */
export function* pinWidthIfTold(): Procedure<number | undefined> {
  const answer = yield* request(readPinWidth, undefined)
  if (readPinWidth.accepts.includes(answer.code)) return answer.payload[0]
  const refused = refusal(readPinWidth, answer)
  if (refused instanceof ZkTransportError) throw refused
  return undefined
}

/** The uid that was asked for, if nobody has it; else a free one. */
function uidFor({ pin, uid }: NewPerson, uids: ReadonlySet<number>, layout: PersonLayoutName): number {
  if (uid === undefined) return freeUid(pin, uids, layout)
  if (Number.isInteger(uid) && uid >= 1 && uid <= HIGHEST_UID && !uids.has(uid)) return uid
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `The uid ${uid} is taken, or is no number from 1 to ${HIGHEST_UID}`,
    { details: { reason: 'uid_taken', uid } },
  )
}

/**
 * The uid that a new person gets on a terminal whose list was just read. Whoever must know it before the person is written
 * gives it to `add`. Throws ZK_VALUE_OUT_OF_RANGE when none is left.
 */
export function nextUid({ people, layout }: Pick<PeopleRead, 'people' | 'layout'>, pin: string): number {
  return freeUid(pin, new Set(people.map(({ uid }) => uid)), layout ?? 'person/72')
}

/** One above the highest, else the lowest that is free; with numbered pins the pin itself where that is free. */
function freeUid(pin: string, uids: ReadonlySet<number>, layout: PersonLayoutName): number {
  const same = Number(pin)
  if (layout === 'person/28' && same >= 1 && same <= HIGHEST_UID && !uids.has(same)) return same
  let highest = 0
  for (const uid of uids) highest = Math.max(highest, uid)
  if (highest < HIGHEST_UID) return highest + 1
  for (let uid = 1; uid <= HIGHEST_UID; uid += 1) if (!uids.has(uid)) return uid
  throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', 'The terminal has no uid left for another person')
}
