// Reading the list of people: whole, in memory, since a terminal holds at most some ten thousand of them.
// Source: docs/protocol §12 and §14.
import { BULK_TABLES, TABLE_HEAD_BYTES } from '../commands/bulk.ts'
import { readPeopleDirectly } from '../commands/people.ts'
import { DATA_TYPES } from '../codes.ts'
import { nameDecoder } from '../name-encoding.ts'
import { decodePeople, findPersonForm, personNames } from '../records/person.ts'
import type { Person, PersonLayoutName } from '../records/person.ts'
import { request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { capacityIfTold } from './read-attendance.ts'
import type { OnProgress } from './read-progress.ts'
import { readWholeTable } from './read-table.ts'

/** The people of a terminal. */
export interface PeopleRead {
  readonly people: readonly Person[]
  /** The form of their records; undefined, with a size of 0, when there are none. */
  readonly layout: PersonLayoutName | undefined
  readonly recordSize: number
  /** The terminal's own count; null where it does not say. Compare it: some terminals count wrong. */
  readonly announced: number | null
  /** How many records are probably no person; they are in `people`, marked. */
  readonly suspicious: number
  /** What the names were decoded with: a WHATWG label, or `latin1` where none was found to fit. */
  readonly nameEncoding: string
  readonly bytesReceived: number
}

export interface ReadPeoplePlan {
  /** `auto` or a WHATWG label. */
  readonly nameEncoding: string
  readonly onProgress: OnProgress | undefined
  readonly sliceBytes: number
}

/** No terminal holds more people than it has uids. */
const MOST_BYTES = 65_535 * 128 + TABLE_HEAD_BYTES

/** The list of people as it stands on the terminal, for forms of record that are not known here. */
export interface RawPeople {
  /** All records, one behind the other. May hold passwords. */
  readonly bytes: Uint8Array
  /** The terminal's own count; null where it does not say. */
  readonly announced: number | null
  /** Bytes of a record, where the count divides the list; undefined where it does not. A count can be wrong. */
  readonly recordSize: number | undefined
  /** The records one by one, where their size is known; empty where it is not. */
  readonly records: readonly Uint8Array[]
}

/** Reads the list of people without a look at its form. */
export function* readRawPeople(plan: Omit<ReadPeoplePlan, 'nameEncoding'>): Procedure<RawPeople> {
  const { announced, bytes } = yield* readList(plan)
  const size = announced === undefined || announced === 0 ? 0 : bytes.length / announced
  const recordSize = size > 0 && Number.isInteger(size) ? size : undefined
  const records = recordSize === undefined ? [] : cut(bytes, recordSize)
  return { bytes, announced: announced ?? null, recordSize, records }
}

function cut(bytes: Uint8Array, recordSize: number): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += recordSize) records.push(bytes.slice(at, at + recordSize))
  return records
}

function* readList(
  plan: Omit<ReadPeoplePlan, 'nameEncoding'>,
): Procedure<{ readonly announced: number | undefined; readonly bytes: Uint8Array }> {
  plan.onProgress?.({
    phase: 'preparing',
    bytesDone: 0,
    bytesTotal: undefined,
    recordsDone: 0,
    recordsTotal: undefined,
  })
  const { people: announced } = yield* capacityIfTold()
  const bytes = yield* readWholeTable({
    table: BULK_TABLES.people,
    direct: () => request(readPeopleDirectly, Uint8Array.of(DATA_TYPES.PEOPLE)),
    announced,
    sliceBytes: plan.sliceBytes,
    mostBytes: MOST_BYTES,
    onProgress: plan.onProgress,
  })
  return { announced, bytes }
}

/**
 * Reads everyone. Throws ZK_BAD_RECORD when the form of the records is not known or not certain; `readRawPeople` reads those
 * too.
 */
export function* readPeople(plan: ReadPeoplePlan): Procedure<PeopleRead> {
  const { announced, bytes: records } = yield* readList(plan)
  if (records.length === 0) {
    return {
      people: [],
      layout: undefined,
      recordSize: 0,
      announced: announced ?? null,
      suspicious: 0,
      nameEncoding: nameDecoder(plan.nameEncoding, []).encoding,
      bytesReceived: 0,
    }
  }
  const form = findPersonForm(records, announced)
  const names = nameDecoder(plan.nameEncoding, personNames(form, records), form.nameFieldBytes)
  const people = decodePeople(form, records, names)
  return {
    people,
    layout: form.name,
    recordSize: form.recordSize,
    announced: announced ?? null,
    suspicious: people.filter((person) => !person.plausible).length,
    nameEncoding: names.encoding,
    bytesReceived: records.length + TABLE_HEAD_BYTES,
  }
}
