// A memory filled with what real terminals sent: the people and attendance records of the protocol archive, the
// records repeated over the last months with new times and every other byte as recorded.
import { readFileSync } from 'node:fs'
import { attendance40, fromHex } from '@org/zk-proto/wire'
import { TerminalMemory, type MemoryOptions } from './memory.ts'
import { personKey, withUid } from './person-record.ts'
import { withTime } from './punch-record.ts'
import { seededRandom } from './seeded-random.ts'
import { visits } from './working-days.ts'

const PERSON_LAYOUT = 'person/72'
const ATTENDANCE_LAYOUT = 'attendance/40'

/** How much of the recordings, and when. */
export interface RecordedInputOptions extends Omit<MemoryOptions, 'profile'> {
  /** About how many punches. Default: 5,000. With `since`, the days decide and this sets only how busy they are. */
  punches?: number
  /** Default: 1. */
  seed?: number
  /** Every punch is before this wall time. Default: what the terminal's clock shows. */
  until?: string
  /**
   * First wall time of the log. Two memories of one seed, count and `since` hold the same log, the one made later
   * with more at its end. Default: as far back as the count needs.
   */
  since?: string
}

/** One set of recorded records. */
export interface RecordedSet {
  /** Where in the protocol archive it comes from. */
  readonly source: string
  readonly note: string
  readonly records: readonly Uint8Array[]
}

/** The recorded attendance records of 40 bytes. */
export function recordedAttendance(): RecordedSet[] {
  return readSets('attendance-40.json')
}

/** The recorded records of people, of 72 bytes. */
export function recordedPeople(): RecordedSet[] {
  return readSets('people-72.json')
}

/**
 * A typical terminal that holds what was recorded. The attendance records keep their record form: person, verify
 * mode, state and unknown bytes as recorded, the time alone is new. Some of their people are not in the list of
 * people, and now and then two records are equal: both as recorded.
 */
export function recordedMemory(options: RecordedInputOptions = {}): TerminalMemory {
  const { punches = 5_000, seed = 1 } = options
  const memory = new TerminalMemory({ ...options, profile: 'typical' })
  for (const raw of peopleOfOneTerminal()) memory.people.store(raw)
  const until = options.until ?? memory.clock.read()
  for (const raw of repeatedRecords({ punches, seed, until, since: options.since })) memory.log.append(raw)
  return memory
}

/** Everybody who was recorded, as people of one terminal: a uid that is taken gives way to the next free one. */
function peopleOfOneTerminal(): Uint8Array[] {
  const uids = new Set<number>()
  const pins = new Set<string>()
  const people: Uint8Array[] = []
  for (const raw of recordedPeople().flatMap(({ records }) => records)) {
    const { uid, pin } = personKey(PERSON_LAYOUT, raw)
    if (pins.has(pin)) continue
    let free = uid
    while (uids.has(free)) free += 1
    uids.add(free)
    pins.add(pin)
    people.push(free === uid ? raw : withUid(PERSON_LAYOUT, raw, free))
  }
  return people
}

/** Records of one person, by whether their state says that the person comes or goes. */
interface RecordsOfPerson {
  readonly coming: Uint8Array[]
  readonly leaving: Uint8Array[]
}

/** States of people who leave: check out, break out, overtime out. */
const LEAVING_STATES: ReadonlySet<number> = new Set([1, 2, 5])

function repeatedRecords(plan: {
  punches: number
  seed: number
  until: string
  since: string | undefined
}): Uint8Array[] {
  const people = [...recordsByPin().values()]
  const made = visits({
    seed: plan.seed,
    people: people.length,
    count: plan.punches,
    until: plan.until,
    since: plan.since,
    takesPart: (who, coming) => recordsOf(people[who], coming).length > 0,
  })
  const records: Uint8Array[] = []
  for (const { who, packedTime, coming } of made) {
    const recorded = seededRandom(plan.seed, 'record', packedTime, who).pick(recordsOf(people[who], coming))
    if (recorded === undefined) continue
    records.push(withTime(ATTENDANCE_LAYOUT, recorded, packedTime))
  }
  return records
}

function recordsOf(person: RecordsOfPerson | undefined, coming: boolean): Uint8Array[] {
  return (coming ? person?.coming : person?.leaving) ?? []
}

function recordsByPin(): Map<string, RecordsOfPerson> {
  const people = new Map<string, RecordsOfPerson>()
  for (const raw of recordedAttendance().flatMap(({ records }) => records)) {
    const { pin, punchState } = attendance40.decode(raw)
    const person = people.get(pin) ?? { coming: [], leaving: [] }
    const recorded = LEAVING_STATES.has(punchState) ? person.leaving : person.coming
    recorded.push(raw)
    people.set(pin, person)
  }
  return people
}

function readSets(file: string): RecordedSet[] {
  const text = readFileSync(new URL(`../recorded/${file}`, import.meta.url), 'utf8')
  const parsed: unknown = JSON.parse(text)
  if (!isObject(parsed) || !Array.isArray(parsed['sets'])) throw new TypeError(`${file} holds no sets`)
  return parsed['sets'].map((set: unknown) => {
    if (!isObject(set) || !Array.isArray(set['records']))
      throw new TypeError(`${file} holds a set without records`)
    const { source, note, records } = set
    if (typeof source !== 'string' || typeof note !== 'string') throw new TypeError(`${file} names no source`)
    return { source, note, records: records.map((record) => fromHex(String(record))) }
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
