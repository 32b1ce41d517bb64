// The records of a table in words: the layout is found as the library finds it, and where it finds none, none is guessed.
import {
  BULK_TABLES,
  decodeOperations,
  decodePeople,
  decodePunches,
  decodeTemplates,
  findAttendanceForm,
  findPersonForm,
  nameDecoder,
  punchStateName,
  refuseDoubtful,
  sms72,
  smsLink,
  TABLE_HEAD_BYTES,
  verifyModeName,
  NO_VERIFY_MODE,
  ZkError,
  type Layout,
  type Operation,
  type Person,
  type PersonForm,
  type Punch,
  type Template,
  type Fields,
} from '@org/zk-proto/wire'
import type { Fact } from './entry.ts'
import { fact, factsOf } from './facts.ts'
import { announcedBytes, type Stretch } from './table-read.ts'

/** What is known of a table beside its bytes. */
export interface TableContext {
  readonly name: string
  readonly stretches: readonly Stretch[]
  /** How many punches and people the terminal counts, where it was asked. */
  readonly counts: { readonly records: number | undefined; readonly people: number | undefined }
  /** It came by the old direct way, which some units answer with leftover memory. */
  readonly isDirect: boolean
  readonly nameEncoding: string
}

/** Records one by one, each with its place in the table. */
export type Records = Iterable<{ readonly index: number; readonly facts: readonly Fact[] }>

/** What a table holds. */
export interface DecodedTable {
  readonly layout: string | undefined
  readonly count: number
  readonly records: Records
  readonly remark: string | undefined
}

const NONE: DecodedTable = { layout: undefined, count: 0, records: [], remark: undefined }

/** The records of a table, or why they cannot be told. Nothing throws for bytes that came over the wire. */
export function decodeTable(table: TableContext): DecodedTable {
  try {
    return decoderOf(table.name)(table)
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    return { ...NONE, remark: error.message }
  }
}

function decoderOf(name: string): (table: TableContext) => DecodedTable {
  switch (name) {
    case BULK_TABLES.attendance.name:
      return attendance
    case BULK_TABLES.people.name:
      return people
    case BULK_TABLES.templates.name:
      return templates
    case BULK_TABLES.operationLog.name:
      return operations
    case BULK_TABLES.messages.name:
      return (table) => plainRecords(table, sms72)
    case BULK_TABLES.messageLinks.name:
      return (table) => plainRecords(table, smsLink)
    default:
      return () => ({ ...NONE, remark: 'the form of its records is not known' })
  }
}

/** The bytes behind the size word of a table that was seen whole. */
function wholeRecords({ stretches }: TableContext): Uint8Array | undefined {
  const [first] = stretches
  const total = announcedBytes(stretches)
  if (first === undefined || total === undefined) return undefined
  const end = TABLE_HEAD_BYTES + total
  return first.bytes.length >= end ? first.bytes.subarray(TABLE_HEAD_BYTES, end) : undefined
}

const NOT_WHOLE: DecodedTable = { ...NONE, remark: 'not seen whole, so it is not decoded' }

/** Also a log of which a part was read, as with a bookmark: the largest stretch shows the form. */
function attendance(table: TableContext): DecodedTable {
  const { stretches, counts, isDirect } = table
  const total = announcedBytes(stretches)
  if (total === undefined) return NOT_WHOLE
  const parts = stretches
    .map(({ start, bytes }) => ({
      start: Math.max(start, TABLE_HEAD_BYTES),
      bytes: bytes.subarray(Math.max(0, TABLE_HEAD_BYTES - start), TABLE_HEAD_BYTES + total - start),
    }))
    .filter(({ bytes }) => bytes.length > 0)
  const [sample] = parts.toSorted((a, b) => b.bytes.length - a.bytes.length)
  if (sample === undefined) return { ...NONE, remark: total === 0 ? 'empty' : NOT_WHOLE.remark }
  const form = findAttendanceForm(sample.bytes, total, counts.records)
  if (isDirect) refuseDoubtful(form, total, counts.records, sample.bytes)
  const { recordSize } = form
  const whole = parts.map(({ start, bytes }) => {
    const skip = (recordSize - ((start - TABLE_HEAD_BYTES) % recordSize)) % recordSize
    const records = bytes.subarray(skip, bytes.length - ((bytes.length - skip) % recordSize))
    return { first: (start + skip - TABLE_HEAD_BYTES) / recordSize, records }
  })
  const count = whole.reduce((sum, { records }) => sum + records.length / recordSize, 0)
  const all = total / recordSize
  return {
    layout: form.name,
    count,
    remark: count < all ? `${count} of ${all} records were read` : undefined,
    records: (function* () {
      for (const { first, records } of whole)
        for (const punch of decodePunches(form, records, first))
          yield { index: punch.index, facts: punchFacts(punch) }
    })(),
  }
}

/** A punch in words. */
export function punchFacts(punch: Punch): Fact[] {
  const { pin, uid, wallTime, verifyMode, state, workCode, denied, plausible } = punch
  return [
    ...(pin === undefined ? [] : [fact('pin', pin, 'pin')]),
    ...(uid === undefined ? [] : [fact('uid', uid, 'uid')]),
    fact('wallTime', wallTime, 'plain'),
    fact('state', punchStateName(state), 'plain'),
    fact('stateCode', state, 'plain'),
    ...(verifyMode === NO_VERIFY_MODE ? [] : [fact('verifyMode', verifyModeName(verifyMode), 'plain')]),
    ...(workCode === undefined || workCode === 0 ? [] : [fact('workCode', workCode, 'plain')]),
    ...(denied ? [fact('denied', true, 'plain')] : []),
    ...(plausible ? [] : [fact('plausible', false, 'plain')]),
  ]
}

function people(table: TableContext): DecodedTable {
  const records = wholeRecords(table)
  if (records === undefined) return NOT_WHOLE
  if (records.length === 0) return { ...NONE, remark: 'empty' }
  const form = findPersonForm(records, table.counts.people)
  return {
    layout: form.name,
    count: Math.floor(records.length / form.recordSize),
    remark: undefined,
    records: decodedPeople(form, records, table.nameEncoding),
  }
}

/** People in words, without their passwords. `records` are whole ones of a form. */
export function* decodedPeople(form: PersonForm, records: Uint8Array, nameEncoding: string): Records {
  const names = nameDecoder(nameEncoding, namesOf(form, records), form.nameFieldBytes)
  for (const [index, person] of decodePeople(form, records, names).entries())
    yield { index, facts: personFacts(person) }
}

function* namesOf(form: PersonForm, records: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at + form.recordSize <= records.length; at += form.recordSize)
    yield form.nameBytes(records, at)
}

function personFacts(person: Person): Fact[] {
  return [
    fact('uid', person.uid, 'uid'),
    fact('pin', person.pin, 'pin'),
    fact('name', person.name, 'name'),
    fact('level', person.level, 'plain'),
    ...(person.enabled ? [] : [fact('enabled', false, 'plain')]),
    fact('group', person.group, 'plain'),
    ...(person.cardNumber === 0 ? [] : [fact('cardNumber', person.cardNumber, 'card')]),
    ...(person.password === '' ? [] : [fact('hasPassword', true, 'plain')]),
    ...(person.timeZones === undefined ? [] : [fact('timeZones', person.timeZones.join(' '), 'plain')]),
    ...(person.plausible ? [] : [fact('plausible', false, 'plain')]),
  ]
}

function templates(table: TableContext): DecodedTable {
  const records = wholeRecords(table)
  if (records === undefined) return NOT_WHOLE
  const found = decodeTemplates(records)
  return {
    layout: 'templateHead',
    count: found.length,
    remark: found.length === 0 ? 'empty' : undefined,
    records: found.map((template, index) => ({ index, facts: templateFacts(template) })),
  }
}

/** Of a template no byte is told. */
export function templateFacts({ uid, finger, flag, bytes }: Template): Fact[] {
  return [
    fact('uid', uid, 'uid'),
    fact('finger', finger, 'plain'),
    fact('flag', flag, 'plain'),
    fact('templateBytes', bytes.length, 'plain'),
  ]
}

function operations(table: TableContext): DecodedTable {
  const records = wholeRecords(table)
  if (records === undefined) return NOT_WHOLE
  const found = decodeOperations(records)
  return {
    layout: 'operation/16',
    count: found.length,
    remark: found.length === 0 ? 'empty' : undefined,
    records: found.map((operation) => ({ index: operation.index, facts: operationFacts(operation) })),
  }
}

function operationFacts({ name, operation, administratorUid, wallTime, parameters }: Operation): Fact[] {
  const [about, ...others] = parameters
  return [
    fact('operation', name, 'plain'),
    fact('operationCode', operation, 'plain'),
    fact('administratorUid', administratorUid, 'uid'),
    fact('wallTime', wallTime, 'plain'),
    // As a rule the person operated on.
    fact('about', about, 'uid'),
    fact('parameters', others.join(' '), 'plain'),
  ]
}

function plainRecords<F extends Fields>(table: TableContext, layout: Layout<F>): DecodedTable {
  const records = wholeRecords(table)
  if (records === undefined) return NOT_WHOLE
  const count = Math.floor(records.length / layout.sizeBytes)
  return {
    layout: layout.name,
    count,
    remark: count === 0 ? 'empty' : undefined,
    records: Array.from({ length: count }, (_, index) => ({
      index,
      facts: factsOf(layout.decode(records, index * layout.sizeBytes), layout.fields),
    })),
  }
}
