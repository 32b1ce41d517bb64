// What a terminal holds: people, logs, templates, options, clock, door, access rules, messages, and whether it is at
// work. It outlives its listener: stopped and started again with the same memory, a terminal has been switched off and
// on. It can be kept in a file.
import { formatPackedTime, packTime, parseWallTime, toHex } from '@org/zk-proto/wire'
import { AccessRules, type PersonZones } from './access-rules.ts'
import { AttendanceLog } from './attendance-log.ts'
import { TerminalClock } from './clock.ts'
import { Door, type Unlock } from './door.ts'
import type { Happening } from './live-happening.ts'
import { keepMemory, readMemoryFile, restoreMemory, type MemoryFile } from './memory-file.ts'
import {
  OperationLog,
  type OperationFacts,
  type OperationName,
  type OperationTruth,
} from './operation-log.ts'
import { People } from './people.ts'
import type { PersonTruth } from './person-record.ts'
import { profileNamed, type Profile } from './profile.ts'
import { encodePunch, punchRecordBytes, punchTruth, type PunchTruth } from './punch-record.ts'
import { Screen } from './screen.ts'
import { Sensor } from './sensor.ts'
import { ShortMessages } from './short-messages.ts'
import { Templates } from './templates.ts'

/** How a memory is made. */
export interface MemoryOptions {
  /** The model, or its name. Default: `typical`. */
  profile?: Profile | string
  /** Default: made from `seed`, so that terminals of different seeds differ. */
  serialNumber?: string
  /** What the serial number is made from when none is given. Default: 1. */
  seed?: number
  /** The comm key, 0 to 4294967295; 0: none. Default: 0. */
  commKey?: number
  /** IANA name of the zone whose wall time the clock shows. Default: UTC. */
  zone?: string
  /** Seconds by which the clock is fast. Default: 0. */
  driftSeconds?: number
  /** Milliseconds since 1970 in UTC: where time comes from. Default: `Date.now`. */
  now?: () => number
}

/** What somebody does at the terminal. Who is given by pin or by uid. */
export interface PunchInput {
  pin?: string
  uid?: number
  /** Default: 0, check in. */
  state?: number
  /** Default: 1, fingerprint. */
  verifyMode?: number
  workCode?: number
  /** Default: what the clock shows. */
  wallTime?: string
  /** The time in the terminal's own form, also one that no calendar has. Goes before `wallTime`. */
  packedTime?: number
}

/** A template as plain JSON, its bytes in hex: a simulated terminal has no secrets. */
export interface TemplateTruth {
  uid: number
  finger: number
  flag: number
  bytes: string
}

/** All that a terminal holds, as plain JSON. */
export interface TerminalTruth {
  profile: string
  serialNumber: string
  /** What its clock shows. */
  wallTime: string
  options: Record<string, string>
  people: PersonTruth[]
  templates: TemplateTruth[]
  punches: PunchTruth[]
  operations: OperationTruth[]
  door: { isOpen: boolean; unlocks: Unlock[] }
}

/** Records that clients wrote and that show only after CMD_REFRESHDATA: so many may wait. */
const MOST_PENDING = 10_000

const HIGHEST_KEY = 0xffff_ffff
const HIGHEST_UID = 0xffff

/** The memory of one terminal. */
export class TerminalMemory {
  readonly profile: Profile
  readonly serialNumber: string
  readonly people: People
  readonly log: AttendanceLog
  readonly operations: OperationLog
  readonly templates: Templates
  readonly access: AccessRules
  readonly messages: ShortMessages
  /** The table of work codes, as it is read: no source tells its records apart. */
  workCodes: Uint8Array = new Uint8Array(0)
  /** Options by name, as the terminal answers them. */
  readonly options: Map<string, string>
  readonly clock: TerminalClock
  readonly door: Door
  readonly sensor: Sensor
  readonly screen: Screen
  /** Whether it was put to sleep; whoever shows who they are wakes it. */
  asleep = false
  /** Told of what happens at the terminal: its listener, once it has been switched on. */
  audience: ((happenings: readonly Happening[]) => void) | undefined
  #commKey: number
  #pending: (() => void)[] = []
  #disabled = false
  #enabledAgainAt: number | undefined

  /** @throws RangeError for an unknown profile or zone, or a comm key out of range. */
  constructor(options: MemoryOptions = {}) {
    const { profile = 'typical', seed = 1 } = options
    this.profile = typeof profile === 'string' ? profileNamed(profile) : profile
    const { personLayout, attendanceLayout, capacity, fullLog, uniquePins } = this.profile
    const { mostOperations, fullOperationLog, mostMessages, highestGroup } = this.profile
    this.serialNumber = options.serialNumber ?? `SIM${String(seed).padStart(10, '0')}`
    this.people = new People(personLayout, capacity.people, uniquePins)
    this.log = new AttendanceLog(punchRecordBytes(attendanceLayout), capacity.records, fullLog)
    this.operations = new OperationLog(mostOperations, fullOperationLog, () => this.packedNow())
    this.templates = new Templates(capacity.fingerprints)
    this.access = new AccessRules(highestGroup)
    this.messages = new ShortMessages(mostMessages)
    this.options = new Map([
      ...Object.entries(this.profile.options),
      ['~SerialNumber', this.serialNumber],
      ['MAC', macOf(this.serialNumber)],
    ])
    this.clock = new TerminalClock(options)
    this.door = new Door(() => this.clock.nowMs())
    this.sensor = new Sensor(this)
    this.screen = new Screen()
    this.#commKey = checkedKey(options.commKey ?? 0)
  }

  /**
   * The terminal that `save` kept, with a clock that is as wrong as it was. `profile`: the model, where it is none of
   * those there are by name.
   * @throws MemoryFileError when the file is none, was damaged, or does not fit the model; RangeError for an unknown model.
   */
  static load(file: unknown, profile?: Profile | string): TerminalMemory {
    const kept = readMemoryFile(file)
    const memory = new TerminalMemory({
      profile: profile ?? kept.profile,
      serialNumber: kept.serialNumber,
      commKey: kept.commKey,
      zone: kept.zone,
      driftSeconds: kept.driftSeconds,
    })
    restoreMemory(memory, kept)
    return memory
  }

  /** All it holds as plain JSON, for `load`. */
  save(): MemoryFile {
    return keepMemory(this)
  }

  /** The comm key; 0: none. */
  get commKey(): number {
    return this.#commKey
  }

  set commKey(key: number) {
    this.#commKey = checkedKey(key)
  }

  /** Whether keypad, reader and sensor work. */
  get isEnabled(): boolean {
    if (this.#enabledAgainAt !== undefined && this.clock.nowMs() >= this.#enabledAgainAt) this.enable()
    return !this.#disabled
  }

  enable(): void {
    this.#disabled = false
    this.#enabledAgainAt = undefined
  }

  /** Blocks the terminal: until it is enabled, or for so many seconds when they are not 0. */
  disable(seconds = 0): void {
    this.#disabled = true
    this.#enabledAgainAt = seconds > 0 ? this.clock.nowMs() + seconds * 1000 : undefined
  }

  /** What a loss of power leaves: everything stored; the terminal comes up enabled. */
  restart(): void {
    this.enable()
    this.refresh()
    this.asleep = false
    this.sensor.reset()
    this.screen.reset()
  }

  /** Something happened at the terminal: clients that asked for such events are told. */
  announce(happenings: readonly Happening[]): void {
    this.audience?.(happenings)
  }

  /** A client wrote something: it shows at once, or when it asks for that. False when too much waits already. */
  write(change: () => void): boolean {
    if (this.profile.writesShow === 'at-once') change()
    else if (this.#pending.length >= MOST_PENDING) return false
    else this.#pending.push(change)
    return true
  }

  /** What clients wrote shows. */
  refresh(): void {
    for (const change of this.#pending.splice(0)) change()
  }

  /** A client had something done: it stands in the operation log where the model records that. */
  clientDid(operation: OperationName, facts: OperationFacts = {}): void {
    if (this.profile.recordsClients) this.operations.write(operation, facts)
  }

  /** Removes everybody with all that belongs to them. */
  clearPeople(): void {
    for (const { uid } of this.people.list()) this.removePerson(uid)
  }

  /** Access control back to what it was when the terminal was new, for everybody too. */
  resetAccess(): void {
    this.access.reset()
    const none: PersonZones = { own: false, zones: [0, 0, 0] }
    for (const { uid } of this.people.list()) {
      this.people.setGroup(uid, 1)
      this.people.setZones(uid, none)
    }
  }

  /** Everything goes that was ever put in; options, clock and comm key stay. */
  clear(): void {
    this.clearPeople()
    this.clearLog()
    this.operations.clear()
    this.messages.clear()
    this.workCodes = new Uint8Array(0)
    this.access.reset()
  }

  /** Removes a person with all that belongs to them; false when there is nobody of that uid. */
  removePerson(uid: number): boolean {
    if (!this.people.remove(uid)) return false
    this.templates.removeAllOf(uid)
    this.access.forget(uid)
    this.messages.unlinkAllOf(uid)
    return true
  }

  /**
   * Writes a punch as a finger would. Gives the record as it stands in the log; undefined when nothing was recorded,
   * because the terminal is disabled or its full log takes no more. Clients are told of what the hand does, not of this.
   * @throws RangeError for a wall time that does not exist, ZkUsageError for what the record form cannot hold.
   */
  punch(input: PunchInput): PunchTruth | undefined {
    if (!this.isEnabled) return undefined
    const { attendanceLayout } = this.profile
    const record = encodePunch(attendanceLayout, {
      ...this.#whoIs(input),
      packedTime: input.packedTime ?? packTime(parseWallTime(input.wallTime ?? this.clock.read())),
      verifyMode: input.verifyMode ?? 1,
      state: input.state ?? 0,
      workCode: input.workCode ?? 0,
    })
    const index = this.log.append(record)
    return index === undefined ? undefined : punchTruth(attendanceLayout, record, index)
  }

  /** Empties the attendance log. */
  clearLog(): void {
    this.log.clear()
  }

  /** Everything it holds. */
  truth(): TerminalTruth {
    const { recordBytes, count } = this.log
    const records = this.log.snapshot()
    return {
      profile: this.profile.name,
      serialNumber: this.serialNumber,
      wallTime: this.clock.read(),
      options: Object.fromEntries(this.options),
      people: this.people.list(),
      templates: this.templates.list().map((template) => ({ ...template, bytes: toHex(template.bytes) })),
      punches: Array.from({ length: count }, (_, index) =>
        punchTruth(
          this.profile.attendanceLayout,
          records.subarray(index * recordBytes, (index + 1) * recordBytes),
          index,
        ),
      ),
      operations: this.operations.truth(),
      door: { isOpen: this.door.isOpen, unlocks: this.door.unlocks.map((unlock) => ({ ...unlock })) },
    }
  }

  /** The clock in the terminal's own form. */
  packedNow(): number {
    return packTime(parseWallTime(this.clock.read()))
  }

  /** Sets the clock from the terminal's own form. @throws RangeError when there is no such day. */
  setPackedTime(packed: number): void {
    this.clock.set(formatPackedTime(packed))
  }

  #whoIs({ pin, uid }: PunchInput): { uid: number; pin: string } {
    if (uid !== undefined) return { uid, pin: pin ?? this.people.get(uid)?.pin ?? String(uid) }
    if (pin === undefined) throw new RangeError('a punch is somebody’s: expected a pin or a uid')
    const known = this.people.findByPin(pin)?.uid
    if (known !== undefined) return { uid: known, pin }
    // Of somebody who is not in the list the number is all there is; short logs keep it as the uid.
    const number = Number(pin)
    return { uid: Number.isInteger(number) && number <= HIGHEST_UID ? number : 0, pin }
  }
}

function checkedKey(key: number): number {
  if (!Number.isInteger(key) || key < 0 || key > HIGHEST_KEY) {
    throw new RangeError(`expected a comm key from 0 to ${HIGHEST_KEY}, got ${key}`)
  }
  return key
}

/** A hardware address in the maker's range, from the serial number. */
function macOf(serialNumber: string): string {
  let digest = 0
  for (let index = 0; index < serialNumber.length; index++) {
    digest = (Math.imul(digest, 31) + serialNumber.charCodeAt(index)) >>> 0
  }
  const tail = [digest >>> 16, digest >>> 8, digest].map((byte) =>
    (byte & 0xff).toString(16).padStart(2, '0'),
  )
  return ['00', '17', '61', ...tail].join(':')
}
