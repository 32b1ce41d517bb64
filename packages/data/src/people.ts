// People: who is on which device, by PIN. A person gone from a terminal stays, marked.
import { sql } from 'kysely'
import { storedInstant, type Instant } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { insertMany, rowsPerStatement } from './dialect.ts'
import { lockDevice } from './devices.ts'
import { people, type Person } from './schema.ts'
import type { Scope } from './scope.ts'

/** A person as a terminal has them. */
export type NewPerson = Omit<
  Person,
  'id' | 'deviceId' | 'onDevice' | 'updatedAt' | 'searchText' | 'fingers'
> & {
  /** Null: not told. Then what is known of the person under this uid stays. */
  readonly fingers: readonly number[] | null
}

export interface PeopleFilter {
  readonly deviceIds?: readonly number[]
  readonly pins?: readonly string[]
  readonly onDevice?: boolean
  /** Part of PIN or name, without case. */
  readonly search?: string
}

/** What upsertMany did; the three add up to the rows given. */
export interface PeopleWritten {
  readonly inserted: number
  readonly updated: number
  readonly unchanged: number
}

export interface People {
  /**
   * Inserts or updates by PIN, and marks as being on the device; `updatedAt` moves only where something changed. Of
   * rows with the same PIN the last counts. Throws MissingReference for an unknown device.
   */
  upsertMany(deviceId: number, people: readonly NewPerson[], now: Instant): Promise<PeopleWritten>
  /** Marks everybody of the device whose PIN is not listed as gone from it; how many were. */
  markAbsent(deviceId: number, presentPins: Iterable<string>, now: Instant): Promise<number>
  /** Marks one as gone from the device. False when they were not on it. */
  markGone(deviceId: number, pin: string, now: Instant): Promise<boolean>
  findByPin(deviceId: number, pin: string): Promise<Person | undefined>
  /** By device and PIN. */
  list(filter: PeopleFilter, page: PageRequest): Promise<Page<Person>>
  /** The device's PINs by uid. Where a uid was given twice, the person who is on the device has it, then who changed last. */
  pinByUid(deviceId: number): Promise<ReadonlyMap<number, string>>
}

export function peopleIn(scope: Scope): People {
  const { db } = scope
  const ofDevice = (deviceId: number) => db.selectFrom('people').selectAll().where('device_id', '=', deviceId)

  return {
    upsertMany: (deviceId, given, now) =>
      scope.atomic(async (tx) => {
        await lockDevice(tx, deviceId)
        const latest = [...new Map(given.map((person) => [person.pin, person])).values()]
        const written = { inserted: 0, updated: 0, unchanged: given.length - latest.length }
        for (const batch of batches(latest)) {
          const known = await knownByPin(tx, deviceId, batch)
          const rows = batch.map((person) => ({
            ...person,
            deviceId,
            fingers: person.fingers ?? fingersOf(known.get(person.pin), person),
            onDevice: true,
            updatedAt: now,
            searchText: `${person.pin}\n${person.name}`.toLowerCase(),
          }))
          const changed = rows.filter((row) => !sameState(known.get(row.pin), row))
          await insertMany(tx, people, changed, UPSERT)
          const fresh = changed.filter((row) => !known.has(row.pin)).length
          written.inserted += fresh
          written.updated += changed.length - fresh
          written.unchanged += rows.length - changed.length
        }
        return written
      }),

    markAbsent: (deviceId, presentPins, now) =>
      scope.atomic(async (tx) => {
        await lockDevice(tx, deviceId)
        const present = new Set(presentPins)
        const listed = await tx.db
          .selectFrom('people')
          .selectAll()
          .where('device_id', '=', deviceId)
          .where('on_device', '=', 1)
          .execute()
        const gone = listed.map((stored) => people.decode(stored)).filter(({ pin }) => !present.has(pin))
        for (const batch of batches(gone)) {
          await tx.db
            .updateTable('people')
            .set({ on_device: 0, updated_at: storedInstant(now) })
            .where(
              'id',
              'in',
              batch.map(({ id }) => id),
            )
            .execute()
        }
        return gone.length
      }),

    async markGone(deviceId, pin, now) {
      const { numUpdatedRows } = await db
        .updateTable('people')
        .set({ on_device: 0, updated_at: storedInstant(now) })
        .where('device_id', '=', deviceId)
        .where('pin', '=', pin)
        .where('on_device', '=', 1)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async findByPin(deviceId, pin) {
      const stored = await ofDevice(deviceId).where('pin', '=', pin).executeTakeFirst()
      return stored && people.decode(stored)
    },

    async list({ deviceIds, pins, onDevice, search }, { offset, limit }) {
      if (deviceIds?.length === 0 || pins?.length === 0) return { rows: [], total: 0 }
      let wanted = db.selectFrom('people').selectAll()
      if (deviceIds !== undefined) wanted = wanted.where('device_id', 'in', deviceIds)
      if (pins !== undefined) wanted = wanted.where('pin', 'in', pins)
      if (onDevice !== undefined) wanted = wanted.where('on_device', '=', onDevice ? 1 : 0)
      if (search !== undefined) {
        wanted = wanted.where(sql<number>`instr(search_text, ${search.toLowerCase()})`, '>', 0)
      }
      const stored = await wanted.orderBy('device_id').orderBy('pin').limit(limit).offset(offset).execute()
      const { total } = await wanted
        .clearSelect()
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return { rows: stored.map((row) => people.decode(row)), total }
    },

    async pinByUid(deviceId) {
      const stored = await ofDevice(deviceId)
        .where('uid', 'is not', null)
        .orderBy('on_device')
        .orderBy('updated_at')
        .orderBy('id')
        .execute()
      const pins = new Map<number, string>()
      for (const { uid, pin } of stored.map((row) => people.decode(row))) {
        if (uid !== null) pins.set(uid, pin)
      }
      return pins
    },
  }
}

/** All that a terminal tells of a person; the row's identity stays. */
const UPSERT = {
  key: ['device_id', 'pin'],
  columns: people.insertColumns.filter((column) => column !== 'device_id' && column !== 'pin'),
}

function* batches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  const most = rowsPerStatement(people.insertColumns.length)
  for (let from = 0; from < rows.length; from += most) yield rows.slice(from, from + most)
}

async function knownByPin(
  scope: Scope,
  deviceId: number,
  batch: readonly NewPerson[],
): Promise<Map<string, Person>> {
  const stored = await scope.db
    .selectFrom('people')
    .selectAll()
    .where('device_id', '=', deviceId)
    .where(
      'pin',
      'in',
      batch.map(({ pin }) => pin),
    )
    .execute()
  return new Map(stored.map((row) => people.decode(row)).map((person) => [person.pin, person]))
}

/** Fingers that are not told are those known of the same person: not of one who had the PIN before, and is gone. */
function fingersOf(known: Person | undefined, { uid }: NewPerson): readonly number[] {
  return known !== undefined && known.onDevice && known.uid === uid ? known.fingers : []
}

function sameState(known: Person | undefined, row: Omit<Person, 'id' | 'deviceId' | 'updatedAt'>): boolean {
  return (
    known !== undefined &&
    known.uid === row.uid &&
    known.name === row.name &&
    known.privilege === row.privilege &&
    known.cardNumber === row.cardNumber &&
    known.groupNumber === row.groupNumber &&
    known.hasPassword === row.hasPassword &&
    known.fingers.join() === row.fingers.join() &&
    known.onDevice === row.onDevice &&
    known.searchText === row.searchText
  )
}
