// Somebody shows who they are: whom the terminal takes them for, whether they may enter, what is written, whether the
// door opens, and what clients hear of it. Source: docs/protocol §13.6, §13.7, §19 and §26.8.
import { TEMPLATE_FLAGS } from '@org/zk-proto/wire'
import { wallMs } from './clock.ts'
import { happeningsOf, personAlarmRaised } from './live-happening.ts'
import type { TerminalMemory } from './memory.ts'
import { ownZonesOf, type PersonTruth } from './person-record.ts'
import type { PunchTruth } from './punch-record.ts'

/** Means of verification, with the number that multi-mode terminals record. Source: docs/protocol §13.6. */
const VERIFY_MODES = { finger: 1, code: 3, card: 4, face: 15 } as const
const DENIED = 7
const DISABLED_BIT = 1

/** How somebody shows who they are. */
export type Means = keyof typeof VERIFY_MODES

/** Who shows what. */
export interface Showing {
  /** Undefined: somebody whom the terminal does not know. */
  readonly pin: string | undefined
  readonly by: Means
  /** The key that was pressed: 0 check in. */
  readonly state: number
  /** Which finger, where it is one. */
  readonly finger: number
}

/**
 * What comes of somebody showing who they are at a terminal that is on. Gives the record; undefined when nothing was
 * recorded: the terminal is disabled, full, enrols, reads no finger now, or knows nobody of that pin.
 */
export function recognise(memory: TerminalMemory, showing: Showing): PunchTruth | undefined {
  if (!memory.isEnabled) return undefined
  memory.asleep = false
  const { profile } = memory
  const byFinger = showing.by === 'finger'
  const shown = showing.pin === undefined ? undefined : memory.people.findByPin(showing.pin)
  if (byFinger && isTakenUp(memory, shown)) return undefined
  const person = recognised(memory, shown, byFinger)
  const punch = person && recordOf(memory, person, showing)
  const doorOpened = punch !== undefined && !punch.denied && opensDoor(memory, person)
  const happenings = happeningsOf({ byFinger, person, punch, doorOpened }, profile.punchEventBytes)
  if (person !== undefined && byFinger && isDuress(memory, person, showing.finger)) {
    const { uid } = person
    const whose = { uid, finger: showing.finger, verifyMode: VERIFY_MODES.finger }
    happenings.push(personAlarmRaised('duress', whose, profile.alarmOrder))
  }
  memory.announce(happenings)
  return punch
}

/** The relay opens for the seconds of the option LockOn; false where that says never. */
export function openForLockOn(memory: TerminalMemory): boolean {
  const seconds = Number(memory.options.get('LockOn') ?? 0)
  if (!(seconds > 0)) return false
  memory.door.openFor(seconds * 1000)
  return true
}

/** A sensor that enrols takes the finger as a press; one that rests takes none. */
function isTakenUp({ sensor }: TerminalMemory, shown: PersonTruth | undefined): boolean {
  const order = sensor.enrolling
  if (order === undefined) return sensor.isResting
  const own = shown === undefined || shown.uid === order.uid
  return sensor.press(own ? 'good' : 'duplicate')
}

/** The person the terminal takes somebody for: nobody who is disabled, and no other than the one it waits for. */
function recognised(
  { sensor }: TerminalMemory,
  shown: PersonTruth | undefined,
  byFinger: boolean,
): PersonTruth | undefined {
  const { verifying } = sensor
  if (byFinger) sensor.verified()
  if (byFinger && verifying !== undefined && shown?.uid !== verifying) return undefined
  return shown !== undefined && (shown.privilege & DISABLED_BIT) === 0 ? shown : undefined
}

function recordOf(memory: TerminalMemory, person: PersonTruth, showing: Showing): PunchTruth | undefined {
  const { profile } = memory
  const { uid, pin } = person
  const verifyMode = VERIFY_MODES[showing.by]
  if (mayEnter(memory, person)) return memory.punch({ uid, pin, state: showing.state, verifyMode })
  return profile.logsDenials ? memory.punch({ uid, pin, state: DENIED, verifyMode }) : undefined
}

function mayEnter({ profile, access, clock }: TerminalMemory, person: PersonTruth): boolean {
  if (!profile.checksAccess) return true
  const zones = ownZonesOf(profile.personLayout, person.raw) ?? access.zonesOf(person.uid)
  return access.admits({ group: person.group, zones }, wallMs(clock.read()))
}

function opensDoor(memory: TerminalMemory, person: PersonTruth | undefined): boolean {
  return person !== undefined && memory.profile.opensDoor && openForLockOn(memory)
}

function isDuress({ templates }: TerminalMemory, { uid }: PersonTruth, finger: number): boolean {
  return templates.get(uid, finger)?.flag === TEMPLATE_FLAGS.duress
}
