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

/** Reads everyone. Throws ZK_BAD_RECORD when the form of the records is not known or not certain. */
export function* readPeople(plan: ReadPeoplePlan): Procedure<PeopleRead> {
  plan.onProgress?.({
    phase: 'preparing',
    bytesDone: 0,
    bytesTotal: undefined,
    recordsDone: 0,
    recordsTotal: undefined,
  })
  const { people: announced } = yield* capacityIfTold()
  const records = yield* readWholeTable({
    table: BULK_TABLES.people,
    direct: () => request(readPeopleDirectly, Uint8Array.of(DATA_TYPES.PEOPLE)),
    announced,
    sliceBytes: plan.sliceBytes,
    mostBytes: MOST_BYTES,
    onProgress: plan.onProgress,
  })
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
  const names = nameDecoder(plan.nameEncoding, personNames(form, records))
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
