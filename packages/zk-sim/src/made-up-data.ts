// People and punches from a seed, in the record forms of any profile: what fills a terminal that has no recording.
// The same seed makes the same bytes.
import { madeUpTemplate } from './made-up-template.ts'
import { TerminalMemory, type MemoryOptions } from './memory.ts'
import { encodePerson, type PersonFacts } from './person-record.ts'
import type { Profile } from './profile.ts'
import { encodePunch } from './punch-record.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'
import { visits } from './working-days.ts'

/** How much is made up, and when. */
export interface MadeUpOptions extends MemoryOptions {
  /** How many people, as far as the model has room. Default: 50. */
  people?: number
  /** How many punches, as far as the log has room. Default: 1,000. */
  punches?: number
  /** How many people, of the first ones, have a finger enrolled. Default: 0. */
  fingers?: number
  /** Every punch is before this wall time. Default: what the terminal's clock shows. */
  until?: string
}

const GIVEN_NAMES = [
  'Ana',
  'Budi',
  'Chidi',
  'Dewi',
  'Elif',
  'Farid',
  'Grace',
  'Hana',
  'Ivan',
  'João',
  'Keiko',
  'Lena',
]
const FAMILY_NAMES = [
  'Abebe',
  'Castro',
  'Demir',
  'Ito',
  'Kovač',
  'Larsen',
  'Mensah',
  'Nguyễn',
  'Okoye',
  'Petrov',
]
/** For fields that hold ASCII alone: the same names without their accents. */
const SHORT_NAMES = GIVEN_NAMES.map((name) => name.normalize('NFD').replace(/\P{ASCII}/gu, ''))

const USUAL_FINGER = 6
const DENIED = 7
const NO_STATE = 255
/** Of so many people who punch, one has been deleted since. */
const PEOPLE_PER_DELETED = 40

/**
 * A terminal with made-up people and punches. Some punches belong to people who are no longer in the list, some are
 * equal to another of the same second, and an access panel refuses some: as on terminals in use.
 * @throws RangeError for a number that counts nothing, such as -1, and for what a memory refuses.
 */
export function madeUpMemory(options: MadeUpOptions = {}): TerminalMemory {
  const { people = 50, punches = 1_000, fingers = 0, seed = 1 } = options
  for (const [name, number] of Object.entries({ people, punches, fingers })) {
    if (!Number.isSafeInteger(number) || number < 0)
      throw new RangeError(`expected ${name} of 0 or more, got ${number}`)
  }
  const memory = new TerminalMemory(options)
  const { profile } = memory
  const deleted = punches > 0 ? Math.floor(people / PEOPLE_PER_DELETED) : 0
  const everybody = Array.from({ length: people + deleted }, (_, index) =>
    madeUpPerson(profile, index + 1, seed),
  )
  for (const person of everybody.slice(0, people))
    memory.people.store(encodePerson(profile.personLayout, person))
  const { serialNumber, options: settings } = memory
  for (const { uid } of everybody.slice(0, Math.min(people, fingers))) {
    const template = madeUpTemplate(settings.get('~ZKFPVersion'), { serialNumber, uid, finger: USUAL_FINGER })
    memory.templates.store(uid, USUAL_FINGER, template)
  }
  if (everybody.length === 0) return memory
  const until = options.until ?? memory.clock.read()
  for (const { who, packedTime, coming } of visits({
    seed,
    people: everybody.length,
    count: punches,
    until,
  })) {
    const person = everybody[who]
    if (person === undefined) continue
    const random = seededRandom(seed, 'punch', packedTime, who)
    const record = encodePunch(profile.attendanceLayout, {
      uid: person.uid,
      pin: person.pin,
      packedTime,
      verifyMode: verifyModeOf(profile, random),
      state: stateOf(profile, coming, random),
      workCode: 0,
    })
    memory.log.append(record)
  }
  return memory
}

function madeUpPerson(profile: Profile, uid: number, seed: number): PersonFacts {
  const random = seededRandom(seed, 'person', uid)
  const long = profile.personLayout === 'person/72'
  const name = long
    ? `${random.pick(GIVEN_NAMES) ?? ''} ${random.pick(FAMILY_NAMES) ?? ''}`
    : (random.pick(SHORT_NAMES) ?? '')
  return {
    uid,
    // Old units want uid and pin to be equal; on others pins are texts, and some begin with zeros.
    pin: long ? `${random.chance(0.05) ? '00' : ''}${1_000 + uid}` : String(uid),
    name,
    privilege: uid === 1 ? 14 : 0,
    password: random.chance(0.1) ? String(1_000 + random.below(9_000)) : '',
    cardNumber: random.chance(0.3) ? 1_000_000 + random.below(9_000_000) : 0,
    group: 1,
  }
}

/** Fingers above all; faces on units that see them, and some cards and passwords. Source: docs/protocol §13.6. */
function verifyModeOf(profile: Profile, random: SeededRandom): number {
  const modes = profile.capacity.faces > 0 ? [15, 15, 15, 4] : [1, 1, 1, 4, 3]
  return random.pick(modes) ?? 1
}

function stateOf(profile: Profile, coming: boolean, random: SeededRandom): number {
  if (profile.logsDenials && random.chance(0.05)) return DENIED
  // Half a byte holds the state in layout B: there is no room for "no key was pressed".
  if (profile.attendanceLayout !== 'attendance/8b' && random.chance(0.03)) return NO_STATE
  return coming ? 0 : 1
}
