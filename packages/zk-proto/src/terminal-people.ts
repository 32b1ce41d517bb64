// terminal.people: who is on the terminal. Every write is read back and compared before it counts as done.
import { setVerifyMode, verifyModeOf } from './procedures/access-rules.ts'
import { makeItCount } from './procedures/after-writing.ts'
import { readPeople, readRawPeople } from './procedures/read-people.ts'
import type { PeopleRead, RawPeople } from './procedures/read-people.ts'
import type { OnProgress } from './procedures/read-progress.ts'
import {
  findPerson,
  noSuchPin,
  pinWidthIfTold,
  removePerson,
  targetOf,
  writePeople,
} from './procedures/write-people.ts'
import type { PersonOutcome, WritePeoplePlan } from './procedures/write-people.ts'
import { clearAdministrators } from './commands/clearing.ts'
import type { NewPerson, PersonFields } from './records/person-edit.ts'
import type { Person, PersonLayoutName } from './records/person.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

export interface ReadPeopleOptions extends CallOptions {
  readonly onProgress?: OnProgress
}

export interface PutPeopleOptions extends CallOptions {
  /** Nothing is written; the outcomes tell what would be. What the terminal itself would refuse is not known then. */
  readonly dryRun?: boolean
}

/** People, named by their pins. Source: docs/protocol §12. */
export class TerminalPeople {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** Everyone. Throws ZK_BAD_RECORD when the form of the records is not known or not certain; then `readRaw` reads them. */
  list(options: ReadPeopleOptions = {}): Promise<PeopleRead> {
    return this.#line.perform(readPeople(this.#plan(options)), options, true)
  }

  /** The list as bytes, in whatever form the terminal keeps it. May hold passwords: log it nowhere. */
  readRaw(options: ReadPeopleOptions = {}): Promise<RawPeople> {
    return this.#line.perform(readRawPeople(this.#plan(options)), options, true)
  }

  /** The form in which it keeps people: that of its list or, while nobody is on it, what it says of itself. */
  readLayout(options: ReadPeopleOptions = {}): Promise<PersonLayoutName> {
    return this.#line.perform(layoutOf(this.#plan(options)), options, true)
  }

  /** The person of a pin; undefined when there is none. Throws ZK_BAD_RECORD when there are two, as writing does. */
  async find(pin: string, options: ReadPeopleOptions = {}): Promise<Person | undefined> {
    return findPerson(await this.list(options), pin)
  }

  /**
   * Adds a person under the next free uid, or the one that is given. Throws ZK_VALUE_OUT_OF_RANGE when pin or uid is there
   * already (`details.reason` is `pin_taken` or `uid_taken`), ZK_NOT_ENCODABLE for what the terminal’s form cannot hold
   * (`details.field`), ZK_REFUSED when the terminal refuses or does not keep it.
   */
  async add(person: NewPerson, options: CallOptions = {}): Promise<Person> {
    return only(await this.#line.perform(writePeople([person], 'new', this.#plan(options)), options, true))
  }

  /**
   * Changes the named fields of a person and leaves every other byte as it was. Throws as `add` does; `details.reason` is
   * `no_such_pin` when there is none.
   */
  async edit(pin: string, changes: PersonFields, options: CallOptions = {}): Promise<Person> {
    const wanted = [{ ...changes, pin }]
    return only(await this.#line.perform(writePeople(wanted, 'there', this.#plan(options)), options, true))
  }

  /**
   * Adds those who are not there and changes those who are, in one go: the list is read once before and once after. One
   * that is refused is told in its outcome and does not keep the others from being written. Of a pin that is given twice
   * the first counts; `details.reason` of the other is `pin_given_twice`.
   */
  put(people: readonly NewPerson[], options: PutPeopleOptions = {}): Promise<PersonOutcome[]> {
    return this.#line.perform(writePeople(people, 'either', this.#plan(options)), options, true)
  }

  /** Deletes a person and their templates; punches stay in the log. Throws ZK_VALUE_OUT_OF_RANGE when there is none. */
  remove(pin: string, options: CallOptions = {}): Promise<Person> {
    return this.#line.perform(removePerson(pin, this.#plan(options)), options, true)
  }

  /** How many characters a pin may have there; undefined where the terminal does not say. */
  readPinWidth(options: CallOptions = {}): Promise<number | undefined> {
    return this.#line.perform(pinWidthIfTold(), options)
  }

  /** How a person is to be recognised: 0 as the group, else 128 and a verify mode. */
  readVerifyMode(uid: number, options: CallOptions = {}): Promise<number> {
    return this.#line.perform(verifyModeOf(uid), options)
  }

  /** Sets how a person is to be recognised: 0 as the group, else 128 and a verify mode. */
  writeVerifyMode(uid: number, mode: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setVerifyMode(uid, mode), options)
  }

  /** Takes everyone’s rights away: all become ordinary users. */
  clearAdministrators(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(takeRightsAway(), options)
  }

  #plan({ onProgress, dryRun = false }: ReadPeopleOptions & PutPeopleOptions): WritePeoplePlan {
    return { nameEncoding: this.#line.nameEncoding, onProgress, sliceBytes: this.#line.sliceBytes, dryRun }
  }
}

function* layoutOf(plan: WritePeoplePlan): Procedure<PersonLayoutName> {
  return (yield* targetOf(yield* readPeople(plan))).layout
}

function* takeRightsAway() {
  yield* ask(clearAdministrators, undefined)
  yield* makeItCount()
}

function only([outcome]: readonly PersonOutcome[]): Person {
  if (outcome?.person !== undefined) return outcome.person
  throw outcome?.error ?? noSuchPin('')
}
