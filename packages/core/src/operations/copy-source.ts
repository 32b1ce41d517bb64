// Where people come from who are written to a terminal: another terminal, or the table. Read whole before the other terminal is
// touched, so that two copies in opposite directions never wait for each other.
import type { Database, Person as PersonRow } from '@org/data'
import { fieldsToCopy, privilegeLevel, type NewPerson, type PersonLayoutName } from '@org/zk-proto'
import type { PeopleCopyOrder, PeopleCopyReport } from '../jobs/catalogue.ts'
import type { WithTerminal } from '../terminals/with-terminal.ts'
import type { KeptTemplates, VersionedTemplate } from './kept-templates.ts'
import { withPeopleOf } from './read-people.ts'

/** Somebody to be written. */
export interface SourcePerson {
  readonly pin: string
  /** The privilege byte. */
  readonly privilege: number
  readonly templates: readonly VersionedTemplate[]
  /** What a terminal of that form can keep of them. May hold a password. */
  fields(layout: PersonLayoutName): NewPerson
}

/** All who are to be written. */
export interface CopySource {
  readonly people: readonly SourcePerson[]
  /** PINs that were asked for and that nobody has there. */
  readonly missing: readonly string[]
  /** PINs that several people have there: which one is meant is not guessed. */
  readonly ambiguous: readonly string[]
  readonly templatesFrom: PeopleCopyReport['templates_from']
}

/** What finding them needs. */
export interface CopySourceParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly templates: KeptTemplates
  readonly waitMs: number
}

/** Finds them. Throws whatever keeps the other terminal from answering, and STORED_KEY_UNREADABLE. */
export async function findCopySource(
  parts: CopySourceParts,
  order: PeopleCopyOrder,
  signal: AbortSignal,
): Promise<CopySource> {
  const { fromDeviceId } = order
  const found =
    fromDeviceId === null
      ? await fromTable(parts, order)
      : await fromTerminal(parts, order, fromDeviceId, signal)
  const byPin = Map.groupBy(found.people, ({ pin }) => pin)
  return {
    templatesFrom: found.templatesFrom,
    people: [...byPin.values()].filter(({ length }) => length === 1).flat(),
    ambiguous: [...byPin].filter(([, { length }]) => length > 1).map(([pin]) => pin),
    missing: (order.pins ?? []).filter((pin) => !byPin.has(pin)),
  }
}

async function fromTerminal(
  { withTerminal, waitMs }: CopySourceParts,
  { pins, templates: wanted }: PeopleCopyOrder,
  deviceId: number,
  signal: AbortSignal,
): Promise<Pick<CopySource, 'people' | 'templatesFrom'>> {
  const { list, templates } = await withPeopleOf(
    withTerminal,
    { deviceId, signal, waitMs },
    async (_, read) => read,
  )
  const chosen = pins === null ? undefined : new Set(pins)
  const people = list.people.filter(
    ({ plausible, pin }) => plausible && (chosen === undefined || chosen.has(pin)),
  )
  return {
    templatesFrom: wanted && templates !== undefined ? 'device' : 'none',
    people: people.map((person) => ({
      pin: person.pin,
      privilege: person.privilege,
      templates: wanted ? (templates?.get(person.uid) ?? []) : [],
      fields: (layout) => fieldsToCopy(person, layout),
    })),
  }
}

async function fromTable(
  { database, templates: kept }: CopySourceParts,
  { deviceId, pins, within, templates: wanted }: PeopleCopyOrder,
): Promise<Pick<CopySource, 'people' | 'templatesFrom'>> {
  const rows =
    pins === null ? await rowsOf(database, deviceId) : await rowsOfPins(database, { deviceId, pins, within })
  const takesTemplates = wanted && kept.kept
  const people: SourcePerson[] = []
  for (const [owner, ofOwner] of Map.groupBy(rows, (row) => row.deviceId)) {
    for (const batch of batches(ofOwner)) {
      const opened = takesTemplates
        ? await kept.open(
            owner,
            batch.map(({ pin }) => pin),
          )
        : new Map<string, readonly VersionedTemplate[]>()
      people.push(...batch.map((row) => fromRow(row, opened.get(row.pin) ?? [])))
    }
  }
  return { people, templatesFrom: takesTemplates ? 'database' : 'none' }
}

const DISABLED_BIT = 0x01

/** The table knows no passwords: one that the terminal has stays. */
function fromRow(row: PersonRow, templates: readonly VersionedTemplate[]): SourcePerson {
  const { pin, name, privilege, cardNumber, groupNumber } = row
  const level = privilegeLevel(privilege)
  return {
    pin,
    privilege,
    templates,
    fields: () => ({
      pin,
      name,
      enabled: (privilege & DISABLED_BIT) === 0,
      cardNumber: cardNumber ?? 0,
      ...(groupNumber === null ? {} : { group: groupNumber }),
      ...(level === 'unknown' ? {} : { level }),
    }),
  }
}

const PAGE = 500

/** Who is on the device by the table. */
async function rowsOf(database: Database, deviceId: number): Promise<readonly PersonRow[]> {
  return everyPage(database, { deviceIds: [deviceId], onDevice: true })
}

/** Those PINs: as the device itself has or had them, else as they were last seen on any other. */
async function rowsOfPins(
  database: Database,
  {
    deviceId,
    pins,
    within,
  }: Pick<PeopleCopyOrder, 'deviceId' | 'within'> & { readonly pins: readonly string[] },
): Promise<readonly PersonRow[]> {
  const best = new Map<string, PersonRow>()
  for (const batch of batches(pins)) {
    for (const row of await everyPage(database, {
      pins: batch,
      ...(within !== null && { deviceIds: within }),
    })) {
      const known = best.get(row.pin)
      if (known === undefined || isBetter(row, known, deviceId)) best.set(row.pin, row)
    }
  }
  return [...best.values()]
}

function isBetter(row: PersonRow, known: PersonRow, deviceId: number): boolean {
  const isOwn = (one: PersonRow): boolean => one.deviceId === deviceId
  if (isOwn(row) !== isOwn(known)) return isOwn(row)
  if (row.onDevice !== known.onDevice) return row.onDevice
  return row.updatedAt > known.updatedAt
}

async function everyPage(
  database: Database,
  filter: Parameters<Database['people']['list']>[0],
): Promise<readonly PersonRow[]> {
  const all: PersonRow[] = []
  for (;;) {
    const { rows } = await database.people.list(filter, { offset: all.length, limit: PAGE })
    all.push(...rows)
    if (rows.length < PAGE) return all
  }
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += PAGE) yield all.slice(from, from + PAGE)
}
