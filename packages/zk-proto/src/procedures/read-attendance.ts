// Reading the attendance log: whole, or only what follows a bookmark whose anchor still matches, as punches or as columns.
// Batches are handed over slice by slice; the next slice is asked for when the last batch was taken.
// Source: docs/protocol §13 and §14.
import { hexHead, joinBytes } from '../bytes.ts'
import { readAttendanceDirectly } from '../commands/attendance.ts'
import { BULK_TABLES, TABLE_HEAD_BYTES } from '../commands/bulk.ts'
import { readCapacity } from '../commands/terminal.ts'
import { ZkProtocolError } from '../errors.ts'
import { findAttendanceForm } from '../records/attendance-form.ts'
import type { Capacity } from '../records/capacity.ts'
import { decodeCapacity } from '../records/capacity.ts'
import { KNOWN_ATTENDANCE_FORMS } from '../records/punch.ts'
import type { AttendanceForm } from '../records/punch.ts'
import { ask, isUntold, offer, request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { COLUMNS, PUNCHES } from './attendance-batch.ts'
import type { AttendanceBatch, AttendanceColumnsBatch, BatchMaker } from './attendance-batch.ts'
import { ANCHOR_RECORDS, anchorOf, BookmarkMaker, formOfBookmark } from './attendance-bookmark.ts'
import type { AttendanceBookmark } from './attendance-bookmark.ts'
import { recordBytes, withTable } from './bulk-read.ts'
import type { OpenTable } from './bulk-read.ts'
import type { OnProgress } from './read-progress.ts'
import { orHandOut } from './unreadable-log.ts'
import type { OnUnreadable } from './unreadable-log.ts'

export type { AttendanceBatch, AttendanceColumnsBatch } from './attendance-batch.ts'

/** What a read found: the certificate that nothing is missing. */
export interface AttendanceSummary {
  /** The terminal's own count before and after; null where it gives no usable one. */
  readonly announcedBefore: number | null
  readonly announcedAfter: number | null
  /** Bytes of what was asked for: the whole table, or the tail with its anchor. Equal when nothing is missing. */
  readonly bytesAnnounced: number
  readonly bytesReceived: number
  /** Log index of the first record handed out, and how many followed from there. */
  readonly from: number
  readonly read: number
  readonly anchor: 'none' | 'matched' | 'mismatched'
  /** How many records the terminal can hold; null where it does not say. */
  readonly capacity: number | null
  /** Behind the last record; undefined when the log is empty. */
  readonly bookmark: AttendanceBookmark | undefined
}

export interface ReadAttendancePlan {
  readonly from: AttendanceBookmark | undefined
  readonly onProgress: OnProgress | undefined
  readonly onUnreadable?: OnUnreadable | undefined
  readonly sliceBytes: number
}

const LONGEST_BATCH_RECORDS = 4096
const NO_BYTES = new Uint8Array(0)

type Reading = Pick<
  AttendanceSummary,
  'bytesAnnounced' | 'bytesReceived' | 'from' | 'read' | 'anchor' | 'bookmark'
>

/** Counts and capacities; nothing is told where the terminal refuses to say, or says what cannot be read. */
export function* capacityIfTold(): Procedure<Capacity> {
  try {
    return yield* ask(readCapacity, undefined)
  } catch (error) {
    // Some firmware does not know the question; a table can be read without the answer.
    if (isUntold(error)) return decodeCapacity(NO_BYTES)
    throw error
  }
}

/**
 * Reads the log and hands out its punches. Throws ZK_BAD_RECORD when its form is not known or not certain, and
 * ZK_TRANSFER_INCOMPLETE when a byte is missing: never less than the log without an error.
 */
export function readAttendance(plan: ReadAttendancePlan): Procedure<AttendanceSummary, AttendanceBatch> {
  return readLog(plan, PUNCHES)
}

/** Reads the log as `readAttendance` does, and hands it out as columns. */
export function readAttendanceColumns(
  plan: ReadAttendancePlan,
): Procedure<AttendanceSummary, AttendanceColumnsBatch> {
  return readLog(plan, COLUMNS)
}

function* readLog<B>(plan: ReadAttendancePlan, batches: BatchMaker<B>): Procedure<AttendanceSummary, B> {
  const { from } = plan
  const bookmarkForm = from === undefined ? undefined : formOfBookmark(from)
  tell(plan, 'preparing', 0, undefined, 0, undefined)
  const before = yield* capacityIfTold()
  const reading = yield* withTable(
    {
      table: BULK_TABLES.attendance,
      direct: () => request(readAttendanceDirectly, undefined),
      announced: before.records,
    },
    function* (table): Procedure<Reading, B> {
      if (table.sizeBytes === 0)
        return { ...NOTHING_READ, anchor: from === undefined ? 'none' : 'mismatched' }
      if (from === undefined || bookmarkForm === undefined || from.index === 0) {
        return yield* readWhole(table, plan, batches, before, 'none')
      }
      const tail = yield* readTail(table, plan, batches, from, bookmarkForm, before)
      return tail ?? (yield* readWhole(table, plan, batches, before, 'mismatched'))
    },
  )
  tell(plan, 'checking', reading.bytesReceived, reading.bytesAnnounced, reading.read, reading.read)
  const after = yield* capacityIfTold()
  // A terminal that counts 0 and holds records does not count: its numbers prove nothing.
  const usable = after.records !== 0 || reading.from + reading.read === 0
  return {
    ...reading,
    announcedBefore: usable ? (before.records ?? null) : null,
    announcedAfter: usable ? (after.records ?? null) : null,
    capacity: after.recordCapacity ?? before.recordCapacity ?? null,
  }
}

const NOTHING_READ: Omit<Reading, 'anchor'> = {
  bytesAnnounced: 0,
  bytesReceived: 0,
  from: 0,
  read: 0,
  bookmark: undefined,
}

function tell(
  plan: ReadAttendancePlan,
  phase: 'preparing' | 'reading' | 'checking',
  bytesDone: number,
  bytesTotal: number | undefined,
  recordsDone: number,
  recordsTotal: number | undefined,
): void {
  plan.onProgress?.({ phase, bytesDone, bytesTotal, recordsDone, recordsTotal })
}

/** From the first record on. */
function* readWhole<B>(
  table: OpenTable,
  plan: ReadAttendancePlan,
  batches: BatchMaker<B>,
  { records: announced, recordCapacity: capacity }: Capacity,
  anchor: 'none' | 'mismatched',
): Procedure<Reading, B> {
  const beginning = yield* table.read(0, plan.sliceBytes)
  const total = recordBytes(table, beginning)
  const bytesAnnounced = total + TABLE_HEAD_BYTES
  refuseShort(table, total, announced)
  if (total === 0) return { ...NOTHING_READ, bytesAnnounced, bytesReceived: bytesAnnounced, anchor }
  const sample = beginning.subarray(TABLE_HEAD_BYTES, bytesAnnounced)
  const { sliceBytes, onUnreadable } = plan
  const unreadable = { announcedRecords: announced, sliceBytes, onUnreadable }
  const form = yield* orHandOut(table, beginning, unreadable, () => {
    const found = findAttendanceForm(sample, total, announced)
    refuseTooMany(total / found.recordSize, capacity)
    if (table.origin === 'direct') refuseDoubtful(found, total, announced, sample)
    return found
  })
  const maker = new BookmarkMaker(form)
  const done = yield* handOver(
    table,
    plan,
    batches,
    { form, maker, wholeLog: true, start: 0, end: bytesAnnounced, skip: TABLE_HEAD_BYTES, firstIndex: 0 },
    beginning,
  )
  return {
    bytesAnnounced,
    bytesReceived: done.bytes,
    from: 0,
    read: done.records,
    anchor,
    bookmark: maker.bookmark,
  }
}

/** More than any terminal is known to hold, for those that do not tell: the largest name 800,000 (docs/protocol §25). */
const MOST_RECORDS = 10_000_000
/** Capacities are told in round numbers and firmware stretches them: twice as many and a thousand are still believed. */
const CAPACITY_FACTOR = 2
const CAPACITY_SLACK = 1_000

/** A log is bounded by what its terminal can hold; what announces more is broken or hostile, and is refused before it is read. */
function refuseTooMany(records: number, capacity: number | undefined): void {
  const told = capacity !== undefined && capacity > 0
  const most = told ? Math.min(MOST_RECORDS, capacity * CAPACITY_FACTOR + CAPACITY_SLACK) : MOST_RECORDS
  if (records <= most) return
  throw new ZkProtocolError(
    'ZK_TOO_LARGE',
    `The terminal announces ${records} attendance records, more than it can hold (${told ? capacity : 'capacity not told'})`,
    { effect: 'none', details: { announcedRecords: records, recordCapacity: capacity ?? null, most } },
  )
}

/**
 * A table may be longer than its first word says: some terminals pad. But where the table is as long as the records that
 * the terminal counts, to the byte, and the word says less, records would be left out and nobody told.
 */
function refuseShort(table: OpenTable, total: number, announced: number | undefined): void {
  const held = table.sizeBytes - TABLE_HEAD_BYTES
  if (announced === undefined || total >= held) return
  if (!KNOWN_ATTENDANCE_FORMS.some(({ recordSize }) => announced * recordSize === held)) return
  throw new ZkProtocolError(
    'ZK_TRANSFER_INCOMPLETE',
    `The table says that ${total} bytes of records follow, but holds ${held}, which is what ${announced} counted records take`,
    {
      effect: 'none',
      details: { recordBytes: total, tableBytes: table.sizeBytes, announcedRecords: announced },
    },
  )
}

/** How many records may have come between the count and a direct read of the log. */
const MOST_NEW_RECORDS = 2
const WEAK_FORM_BYTES = 8

/**
 * A direct read is believed only when the terminal's count agrees, or, where it has none, when the form of its records
 * leaves no doubt: leftover memory reads as 8-byte records all too well. Throws ZK_BAD_RECORD. Source: capture
 * att-k40-direct-read-garbage.
 */
export function refuseDoubtful(
  form: AttendanceForm,
  total: number,
  announced: number | undefined,
  sample: Uint8Array,
): void {
  const records = total / form.recordSize
  const counted = announced !== undefined && announced > 0
  const believed = counted
    ? records >= announced && records <= announced + MOST_NEW_RECORDS
    : form.recordSize > WEAK_FORM_BYTES
  if (believed) return
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    `The terminal refused the buffered read and answered the direct one with ${total} bytes that are not its ${announced ?? 'uncounted'} records`,
    {
      effect: 'none',
      details: {
        totalBytes: total,
        announcedRecords: announced ?? null,
        form: form.name,
        head: hexHead(sample),
      },
    },
  )
}

/** Only what follows the bookmark; undefined when the log is no longer the one that the bookmark was made in. */
function* readTail<B>(
  table: OpenTable,
  plan: ReadAttendancePlan,
  batches: BatchMaker<B>,
  from: AttendanceBookmark,
  form: AttendanceForm,
  { records: announced, recordCapacity: capacity }: Capacity,
): Procedure<Reading | undefined, B> {
  const { recordSize } = form
  const anchorRecords = Math.min(from.index, ANCHOR_RECORDS)
  const anchorBytes = anchorRecords * recordSize
  if (anchorBytes > plan.sliceBytes) return undefined
  const beginning = yield* table.read(0, TABLE_HEAD_BYTES + recordSize)
  const total = recordBytes(table, beginning)
  refuseShort(table, total, announced)
  if (total % recordSize !== 0 || total / recordSize < from.index) return undefined
  refuseTooMany(total / recordSize, capacity)
  const start = TABLE_HEAD_BYTES + (from.index - anchorRecords) * recordSize
  const end = TABLE_HEAD_BYTES + total
  const slice = yield* table.read(start, Math.min(plan.sliceBytes, end - start))
  const first = beginning.subarray(TABLE_HEAD_BYTES)
  const last = slice.subarray(0, anchorBytes)
  if (anchorOf(first, last) !== from.anchor) return undefined
  const maker = new BookmarkMaker(form, from.index, first, last)
  const done = yield* handOver(
    table,
    plan,
    batches,
    { form, maker, wholeLog: false, start, end, skip: anchorBytes, firstIndex: from.index },
    slice,
  )
  return {
    bytesAnnounced: beginning.length + end - start,
    bytesReceived: beginning.length + done.bytes,
    from: from.index,
    read: done.records,
    anchor: 'matched',
    bookmark: maker.bookmark,
  }
}

interface Stretch {
  readonly form: AttendanceForm
  readonly maker: BookmarkMaker
  readonly wholeLog: boolean
  /** Where in the table the first slice begins, and where the records end. */
  readonly start: number
  readonly end: number
  /** Bytes of the first slice that come before the first record to hand out. */
  readonly skip: number
  /** Log index of that record. */
  readonly firstIndex: number
}

/** Hands out the records of a stretch, of which the first slice is there already. Records may straddle slices. */
function* handOver<B>(
  table: OpenTable,
  plan: ReadAttendancePlan,
  batches: BatchMaker<B>,
  stretch: Stretch,
  firstSlice: Uint8Array,
): Procedure<{ readonly bytes: number; readonly records: number }, B> {
  const { form, end, start } = stretch
  const { recordSize } = form
  const recordsTotal = Math.floor((end - start - stretch.skip) / recordSize)
  const into = batches.keepsRecords || table.origin !== 'buffer' ? undefined : new Uint8Array(plan.sliceBytes)
  let slice = firstSlice.subarray(0, end - start)
  let at = start
  let carry: Uint8Array = NO_BYTES
  let records = 0
  for (;;) {
    at += slice.length
    const fresh = at === start + slice.length ? slice.subarray(stretch.skip) : slice
    const bytes = carry.length === 0 ? fresh : joinBytes([carry, fresh])
    const whole = bytes.length - (bytes.length % recordSize)
    carry = bytes.slice(whole)
    for (let taken = 0; taken < whole; taken += LONGEST_BATCH_RECORDS * recordSize) {
      const part = bytes.subarray(taken, Math.min(whole, taken + LONGEST_BATCH_RECORDS * recordSize))
      const firstIndex = stretch.firstIndex + records
      stretch.maker.passed(part)
      records += part.length / recordSize
      tell(plan, 'reading', at - start, end - start, records, recordsTotal)
      const { wholeLog } = stretch
      const bookmark = stretch.maker.bookmarkOnDemand()
      yield* offer(batches.make(form, part, { firstIndex, wholeLog, bookmark }))
    }
    if (at >= end) break
    // Slices end where records end, so that only the first one leaves a piece of a record to be carried over.
    const spill = (carry.length + plan.sliceBytes) % recordSize
    const wanted = spill < plan.sliceBytes ? plan.sliceBytes - spill : plan.sliceBytes
    slice = yield* table.read(at, Math.min(wanted, end - at), into)
    if (slice.length === 0) break
  }
  if (at !== end || carry.length > 0) {
    throw new ZkProtocolError(
      'ZK_TRANSFER_INCOMPLETE',
      `The log ended after ${at - start} of ${end - start} bytes, ${carry.length} of them part of a record`,
      { effect: 'none', details: { wanted: end - start, received: at - start, cut: carry.length } },
    )
  }
  return { bytes: at - start, records }
}
