// A terminal's memory as plain JSON: what `--save` writes and `--load` reads. A file is looked at field by field before
// anything is taken from it; what does not fit is refused with the place and the reason.
import { fromHex, personVerifyMode, sms72, toHex } from '@org/zk-proto/wire'
import {
  WEEK_BYTES,
  type AccessFacts,
  type GroupRule,
  type PersonZones,
  type ThreeZones,
} from './access-rules.ts'
import type { TerminalMemory } from './memory.ts'

/** Says what a file is. */
const FORMAT = 'zk-sim memory'
/** Raised when an older program could not read a newer file. */
const VERSION = 1
const HIGHEST_U8 = 0xff
const HIGHEST_U16 = 0xffff

/** Records of one size: how many there are, their bytes in base64, and where the next one goes. */
export interface KeptLog {
  recordBytes: number
  count: number
  cursor: number
  records: string
}

/** A group, a person or the like with its three time zones. */
export interface KeptZones {
  number: number
  zones: number[]
}

/** All that a terminal holds. Records are bytes in hex unless said otherwise. */
export interface MemoryFile {
  format: typeof FORMAT
  version: typeof VERSION
  /** The model's name. */
  profile: string
  serialNumber: string
  commKey: number
  /** IANA name of the zone that the clock follows. */
  zone: string
  /** Seconds by which the clock is fast. */
  driftSeconds: number
  options: Record<string, string>
  people: string[]
  templates: { uid: number; finger: number; flag: number; bytes: string }[]
  attendance: KeptLog
  operations: KeptLog
  access: {
    groups: (KeptZones & { style: number })[]
    timeZones: { number: number; week: string }[]
    combinations: { number: number; groups: number[] }[]
    verifyModes: string[]
    personZones: (KeptZones & { own: boolean })[]
  }
  messages: string[]
  messageLinks: { uid: number; id: number }[]
  /** The table of work codes. */
  workCodes: string
  door: { heldOpen: boolean; unlocks: { at: number; milliseconds: number }[] }
}

/** A file that is no kept memory. The message begins with the place in it. */
export class MemoryFileError extends Error {
  override readonly name = 'MemoryFileError'

  constructor(place: string, wrong: string, options?: ErrorOptions) {
    super(`${place === '' ? 'the memory file' : place}: ${wrong}`, options)
  }
}

/** A memory as plain JSON. */
export function keepMemory(memory: TerminalMemory): MemoryFile {
  const { people, templates, log, operations, messages, door, profile, clock } = memory
  return {
    format: FORMAT,
    version: VERSION,
    profile: profile.name,
    serialNumber: memory.serialNumber,
    commKey: memory.commKey,
    zone: clock.zone,
    driftSeconds: clock.driftSeconds,
    options: Object.fromEntries(memory.options),
    people: people.list().map(({ raw }) => raw),
    templates: templates.list().map((template) => ({ ...template, bytes: toHex(template.bytes) })),
    attendance: keepLog(log.snapshot(), log.recordBytes, log.cursor),
    operations: keepLog(operations.snapshot(), operations.recordBytes, operations.cursor),
    access: keepAccess(memory.access.facts()),
    messages: messages.list().map(toHex),
    messageLinks: messages.links().map((link) => ({ ...link })),
    workCodes: toHex(memory.workCodes),
    door: { heldOpen: door.isHeldOpen, unlocks: door.unlocks.map((unlock) => ({ ...unlock })) },
  }
}

/** Looks at a parsed file. @throws MemoryFileError with the first thing that is wrong. */
export function readMemoryFile(file: unknown): MemoryFile {
  const root = objectAt(file, '')
  if (root['format'] !== FORMAT) throw new MemoryFileError('format', `expected ${JSON.stringify(FORMAT)}`)
  if (root['version'] !== VERSION) {
    throw new MemoryFileError('version', `expected ${VERSION}, got ${told(root['version'])}`)
  }
  const access = objectAt(root['access'], 'access')
  const door = objectAt(root['door'], 'door')
  return {
    format: FORMAT,
    version: VERSION,
    profile: textAt(root['profile'], 'profile'),
    serialNumber: textAt(root['serialNumber'], 'serialNumber'),
    commKey: integerAt(root['commKey'], 'commKey'),
    zone: textAt(root['zone'], 'zone'),
    driftSeconds: numberAt(root['driftSeconds'], 'driftSeconds'),
    options: Object.fromEntries(
      Object.entries(objectAt(root['options'], 'options')).map(([name, value]) => [
        name,
        textAt(value, `options.${name}`),
      ]),
    ),
    people: listAt(root['people'], 'people', hexAt),
    templates: listAt(root['templates'], 'templates', (value, place) => {
      const { uid, finger, flag, bytes } = objectAt(value, place)
      return {
        uid: integerAt(uid, `${place}.uid`, HIGHEST_U16),
        finger: integerAt(finger, `${place}.finger`),
        flag: integerAt(flag, `${place}.flag`, HIGHEST_U8),
        bytes: hexAt(bytes, `${place}.bytes`),
      }
    }),
    attendance: logAt(root['attendance'], 'attendance'),
    operations: logAt(root['operations'], 'operations'),
    access: {
      groups: listAt(access['groups'], 'access.groups', (value, place) => ({
        ...zonesAt(value, place),
        style: integerAt(objectAt(value, place)['style'], `${place}.style`),
      })),
      timeZones: listAt(access['timeZones'], 'access.timeZones', (value, place) => {
        const { number, week } = objectAt(value, place)
        return {
          number: integerAt(number, `${place}.number`),
          week: hexAt(week, `${place}.week`, WEEK_BYTES),
        }
      }),
      combinations: listAt(access['combinations'], 'access.combinations', (value, place) => {
        const { number, groups } = objectAt(value, place)
        return {
          number: integerAt(number, `${place}.number`),
          groups: listAt(groups, `${place}.groups`, (group, at) => integerAt(group, at)),
        }
      }),
      verifyModes: listAt(access['verifyModes'], 'access.verifyModes', (value, place) =>
        hexAt(value, place, personVerifyMode.sizeBytes),
      ),
      personZones: listAt(access['personZones'], 'access.personZones', (value, place) => ({
        ...zonesAt(value, place),
        own: booleanAt(objectAt(value, place)['own'], `${place}.own`),
      })),
    },
    messages: listAt(root['messages'], 'messages', (value, place) => hexAt(value, place, sms72.sizeBytes)),
    messageLinks: listAt(root['messageLinks'], 'messageLinks', (value, place) => {
      const { uid, id } = objectAt(value, place)
      return { uid: integerAt(uid, `${place}.uid`, HIGHEST_U16), id: integerAt(id, `${place}.id`) }
    }),
    workCodes: hexAt(root['workCodes'], 'workCodes'),
    door: {
      heldOpen: booleanAt(door['heldOpen'], 'door.heldOpen'),
      unlocks: listAt(door['unlocks'], 'door.unlocks', (value, place) => {
        const { at, milliseconds } = objectAt(value, place)
        return {
          at: numberAt(at, `${place}.at`),
          milliseconds: numberAt(milliseconds, `${place}.milliseconds`),
        }
      }),
    },
  }
}

/** Fills a new memory with what a file holds. @throws MemoryFileError where it does not fit the model. */
export function restoreMemory(memory: TerminalMemory, kept: MemoryFile): void {
  memory.options.clear()
  for (const [name, value] of Object.entries(kept.options)) memory.options.set(name, value)
  for (const [index, raw] of kept.people.entries()) {
    const wrong = memory.people.store(fromHex(raw))
    if (wrong !== undefined) {
      const why = `the model ${memory.profile.name} does not take this person: ${wrong}`
      throw new MemoryFileError(`people[${index}]`, why)
    }
  }
  for (const [index, { uid, finger, flag, bytes }] of kept.templates.entries()) {
    if (!memory.templates.store(uid, finger, fromHex(bytes), flag)) {
      throw new MemoryFileError(
        `templates[${index}]`,
        `it is too long, there is no room for it, or no finger ${finger}`,
      )
    }
  }
  restoreLog(kept.attendance, 'attendance', memory.log)
  restoreLog(kept.operations, 'operations', memory.operations)
  restoreAccess(memory, kept.access)
  for (const [index, raw] of kept.messages.entries()) {
    if (!memory.messages.store(fromHex(raw))) {
      throw new MemoryFileError(`messages[${index}]`, 'it has no number, or there is no room for it')
    }
  }
  for (const [index, link] of kept.messageLinks.entries()) {
    if (!memory.messages.link(link)) {
      throw new MemoryFileError(`messageLinks[${index}]`, `there is no message ${link.id}`)
    }
  }
  memory.workCodes = fromHex(kept.workCodes)
  memory.door.hold(kept.door.heldOpen)
  memory.door.restore(kept.door.unlocks)
}

/** The rules as they were kept, each looked at as one that a client writes. */
function restoreAccess({ access, profile }: TerminalMemory, kept: MemoryFile['access']): void {
  const { groups, timeZones, combinations, verifyModes, personZones } = accessFacts(kept)
  const none = (place: string, index: number): never => {
    throw new MemoryFileError(`access.${place}[${index}]`, `the model ${profile.name} does not take this`)
  }
  access.restore({ groups: [], timeZones: [], combinations: [], verifyModes, personZones: [] })
  for (const [index, [zone, week]] of timeZones.entries())
    if (!access.setTimeZone(zone, week)) none('timeZones', index)
  for (const [index, [group, rule]] of groups.entries())
    if (!access.setGroup(group, rule)) none('groups', index)
  for (const [index, [combination, members]] of combinations.entries())
    if (!access.setCombination(combination, members)) none('combinations', index)
  for (const [index, [uid, zones]] of personZones.entries()) {
    if (uid > HIGHEST_U16 || !access.areZones(zones.zones)) none('personZones', index)
    access.setZonesOf(uid, zones)
  }
}

interface RestorableLog {
  readonly recordBytes: number
  restore(records: Uint8Array, cursor: number): void
}

function restoreLog(kept: KeptLog, place: string, log: RestorableLog): void {
  if (kept.recordBytes !== log.recordBytes) {
    throw new MemoryFileError(
      place,
      `its records have ${kept.recordBytes} bytes, those of this model ${log.recordBytes}`,
    )
  }
  try {
    log.restore(Buffer.from(kept.records, 'base64'), kept.cursor)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new MemoryFileError(place, error.message, { cause: error })
  }
}

function keepLog(bytes: Uint8Array, recordBytes: number, cursor: number): KeptLog {
  const records = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return { recordBytes, count: bytes.length / recordBytes, cursor, records }
}

function keepAccess(facts: AccessFacts): MemoryFile['access'] {
  return {
    groups: facts.groups.map(([number, { zones, style }]) => ({ number, zones: [...zones], style })),
    timeZones: facts.timeZones.map(([number, week]) => ({ number, week: toHex(week) })),
    combinations: facts.combinations.map(([number, groups]) => ({ number, groups: [...groups] })),
    verifyModes: facts.verifyModes.map(toHex),
    personZones: facts.personZones.map(([number, { zones, own }]) => ({ number, zones: [...zones], own })),
  }
}

function accessFacts(kept: MemoryFile['access']): AccessFacts {
  return {
    groups: kept.groups.map(({ number, zones, style }): [number, GroupRule] => [
      number,
      { zones: threeOf(zones), style },
    ]),
    timeZones: kept.timeZones.map(({ number, week }): [number, Uint8Array] => [number, fromHex(week)]),
    combinations: kept.combinations.map(({ number, groups }): [number, number[]] => [number, groups]),
    verifyModes: kept.verifyModes.map(fromHex),
    personZones: kept.personZones.map(({ number, zones, own }): [number, PersonZones] => [
      number,
      { zones: threeOf(zones), own },
    ]),
  }
}

function threeOf([first = 0, second = 0, third = 0]: readonly number[]): ThreeZones {
  return [first, second, third]
}

function objectAt(value: unknown, place: string): Record<string, unknown> {
  if (!isObject(value)) throw new MemoryFileError(place, `expected an object, got ${told(value)}`)
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listAt<T>(value: unknown, place: string, read: (value: unknown, place: string) => T): T[] {
  if (!Array.isArray(value)) throw new MemoryFileError(place, `expected a list, got ${told(value)}`)
  return value.map((item: unknown, index) => read(item, `${place}[${index}]`))
}

function zonesAt(value: unknown, place: string): KeptZones {
  const { number, zones } = objectAt(value, place)
  const three = listAt(zones, `${place}.zones`, (zone, at) => integerAt(zone, at))
  if (three.length !== 3) throw new MemoryFileError(`${place}.zones`, `expected three, got ${three.length}`)
  return { number: integerAt(number, `${place}.number`), zones: three }
}

function logAt(value: unknown, place: string): KeptLog {
  const log = objectAt(value, place)
  const recordBytes = integerAt(log['recordBytes'], `${place}.recordBytes`)
  const count = integerAt(log['count'], `${place}.count`)
  const records = textAt(log['records'], `${place}.records`)
  if (!/^[A-Za-z0-9+/]*={0,2}$/u.test(records))
    throw new MemoryFileError(`${place}.records`, 'expected base64')
  const bytes = Buffer.byteLength(records, 'base64')
  if (bytes !== count * recordBytes) {
    const wanted = `expected ${count} records of ${recordBytes} bytes`
    throw new MemoryFileError(`${place}.records`, `${wanted}, got ${bytes} bytes`)
  }
  return { recordBytes, count, cursor: integerAt(log['cursor'], `${place}.cursor`), records }
}

function textAt(value: unknown, place: string): string {
  if (typeof value !== 'string') throw new MemoryFileError(place, `expected a text, got ${told(value)}`)
  return value
}

function numberAt(value: unknown, place: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new MemoryFileError(place, `expected a number, got ${told(value)}`)
  }
  return value
}

/** A whole number; `highest` when the wire has room for no more. */
function integerAt(value: unknown, place: string, highest?: number): number {
  const number = numberAt(value, place)
  if (typeof highest === 'number' && number > highest) {
    throw new MemoryFileError(place, `expected at most ${highest}, got ${number}`)
  }
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new MemoryFileError(place, `expected a whole number of 0 or more, got ${number}`)
  }
  return number
}

function booleanAt(value: unknown, place: string): boolean {
  if (typeof value !== 'boolean')
    throw new MemoryFileError(place, `expected true or false, got ${told(value)}`)
  return value
}

/** Bytes in hex; `sizeBytes` when only one length is right. */
function hexAt(value: unknown, place: string, sizeBytes?: number): string {
  const hex = textAt(value, place)
  if (!/^(?:[0-9a-f]{2})*$/iu.test(hex)) throw new MemoryFileError(place, 'expected bytes in hex')
  if (typeof sizeBytes === 'number' && hex.length !== sizeBytes * 2) {
    throw new MemoryFileError(place, `expected ${sizeBytes} bytes, got ${hex.length / 2}`)
  }
  return hex
}

function told(value: unknown): string {
  if (value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : JSON.stringify(value)
}
