// Reading a table of the terminal: the buffered way in slices, the table that comes at once, and the old direct way as a
// last resort. What the records mean is decided by whoever uses the table. Source: docs/protocol §14.
import { joinBytes, u32At } from '../bytes.ts'
import { REPLIES } from '../codes.ts'
import { bulkReady, freeBulk, prepareBulk, readChunk, TABLE_HEAD_BYTES } from '../commands/bulk.ts'
import type { BulkTable } from '../commands/bulk.ts'
import { ZkProtocolError } from '../errors.ts'
import type { Framing } from '../framing.ts'
import { ask, refusal, request, tidyUp } from '../session/procedure.ts'
import type { Answer, Procedure } from '../session/procedure.ts'

/** Bytes asked for at once over TCP: keeps a one-packet answer below 65536 bytes. Source: docs/protocol §14.4. */
export const TCP_SLICE_BYTES = 65_472

/** Bytes asked for at once, by what carries them: over UDP a lost packet costs less in a short slice. Source: docs/protocol §14.4. */
export const SLICE_BYTES: Readonly<Record<Framing, number>> = { tcp: TCP_SLICE_BYTES, udp: 16_384 }

const SLICE_ATTEMPTS = 4

/** How a table is asked for. */
export interface BulkPlan {
  readonly table: BulkTable
  /** The old direct command, for terminals that refuse the buffered one. */
  readonly direct: () => Procedure<Answer>
  /** What the terminal says that it holds; undefined where it does not say. */
  readonly announced: number | undefined
}

/** A table that can be read in parts, its leading size word included. */
export interface OpenTable {
  /** Bytes that can be read; 0 for an empty table that has not even a size word. */
  readonly sizeBytes: number
  /** From the terminal's buffer, whole in its answer, or by the old direct way, which some units answer with rubbish. */
  readonly origin: 'buffer' | 'inline' | 'direct'
  /** The bytes from `start` on, at most one slice. `into` is memory that may be used for them instead of new one. */
  read(start: number, sizeBytes: number, into?: Uint8Array): Procedure<Uint8Array>
}

/**
 * Opens a table, hands it to `use` and frees the terminal's buffer afterwards, also after an error.
 * Throws what the terminal refused with, ZK_TIMEOUT, ZK_TRANSFER_INCOMPLETE.
 */
export function* withTable<T, E>(
  plan: BulkPlan,
  use: (table: OpenTable) => Procedure<T, E>,
): Procedure<T, E> {
  const { command, dataType } = plan.table
  let answer: Answer
  try {
    answer = yield* request(prepareBulk, { one: 1, command, dataType, extra: 0 })
  } catch (error) {
    // Whether a buffer stands ready is not known: an answer may have been lost or come too late.
    yield* tidyUp(freeBulk, undefined)
    throw error
  }
  const size = readySize(answer)
  if (size === undefined) {
    const inline = wholeTable(answer)
    const whole = inline ?? (yield* readDirectly(plan, answer))
    return yield* use(openTable(whole.length, inline === undefined ? 'direct' : 'inline', whole))
  }
  let result: T
  try {
    result = yield* use(openTable(size, 'buffer'))
  } catch (error) {
    yield* tidyUp(freeBulk, undefined)
    throw error
  }
  yield* ask(freeBulk, undefined)
  return result
}

/** The size of the buffer that stands ready, or undefined when the answer says something else. */
function readySize(answer: Answer): number | undefined {
  const acknowledged = answer.code === REPLIES.ACK_OK || answer.code === REPLIES.ACK_DATA
  if (!acknowledged || answer.transfer !== undefined) return undefined
  return answer.payload.length >= bulkReady.sizeBytes ? bulkReady.decode(answer.payload).sizeBytes : undefined
}

/** The table that an answer holds whole; undefined when it holds none and is a refusal. */
function wholeTable(answer: Answer): Uint8Array | undefined {
  if (answer.transfer !== undefined) {
    if (answer.code !== REPLIES.ACK_OK) return undefined
    const { pieces, sizeBytes, announcedBytes, intact } = answer.transfer
    if (!intact || sizeBytes !== announcedBytes) throw incomplete(announcedBytes, sizeBytes, intact)
    return joinBytes(pieces)
  }
  if (answer.code === REPLIES.DATA) return answer.payload
  const acknowledged = answer.code === REPLIES.ACK_OK || answer.code === REPLIES.ACK_DATA
  if (!acknowledged) return undefined
  if (answer.payload.length <= TABLE_HEAD_BYTES && answer.payload.every((value) => value === 0)) {
    return answer.payload.subarray(0, 0)
  }
  throw refusal(prepareBulk, answer)
}

/** The terminal refused the buffered way: the table is empty, or can be had directly, or not at all. */
function* readDirectly(plan: BulkPlan, refused: Answer): Procedure<Uint8Array> {
  // Over UDP the request may have gone out twice; if it was refused once only, a buffer stands ready that nobody reads.
  yield* tidyUp(freeBulk, undefined)
  if (refused.code === REPLIES.ACK_ERROR && plan.announced === 0) return new Uint8Array(0)
  if (refused.code !== REPLIES.ACK_ERROR && refused.code !== REPLIES.ACK_UNKNOWN) {
    throw refusal(prepareBulk, refused)
  }
  const answer = yield* plan.direct()
  const whole = wholeTable(answer)
  if (whole === undefined) throw refusal(prepareBulk, refused)
  return whole
}

/** A table in the terminal's buffer, or `whole` in memory. */
function openTable(sizeBytes: number, origin: OpenTable['origin'], whole?: Uint8Array): OpenTable {
  return {
    sizeBytes,
    origin,
    *read(start, wanted, into) {
      if (whole !== undefined) return whole.subarray(start, start + wanted)
      const left = Math.min(wanted, sizeBytes - start)
      return left <= 0 ? new Uint8Array(0) : yield* readSlice(start, left, into)
    },
  }
}

/** One slice, asked for again when it came damaged, out of turn, short or overlong. */
function* readSlice(start: number, sizeBytes: number, into: Uint8Array | undefined): Procedure<Uint8Array> {
  let received = 0
  let intact = true
  for (let attempt = 1; attempt <= SLICE_ATTEMPTS; attempt += 1) {
    // The limit leaves room for a terminal that sends a little too much, so that it is asked again and not cut off.
    const answer = yield* request(
      readChunk,
      { start, sizeBytes },
      { limitBytes: sizeBytes * 2 + TCP_SLICE_BYTES, exactBytes: sizeBytes, into },
    )
    if (!readChunk.accepts.includes(answer.code)) throw refusal(readChunk, answer)
    if (answer.transfer === undefined) {
      if (answer.code !== REPLIES.DATA) throw refusal(readChunk, answer)
      if (answer.payload.length === sizeBytes) return answer.payload
      received = answer.payload.length
      intact = true
    } else {
      if (answer.transfer.intact && answer.transfer.sizeBytes === sizeBytes) {
        return joinBytes(answer.transfer.pieces)
      }
      received = answer.transfer.sizeBytes
      intact = answer.transfer.intact
    }
  }
  throw incomplete(sizeBytes, received, intact)
}

function incomplete(wanted: number, received: number, intact: boolean): ZkProtocolError {
  return new ZkProtocolError(
    'ZK_TRANSFER_INCOMPLETE',
    intact
      ? `Expected ${wanted} bytes of the transfer, got ${received}`
      : `The transfer of ${wanted} bytes came damaged or out of order`,
    { effect: 'none', details: { wanted, received, intact } },
  )
}

/**
 * What the table's leading word says: bytes of records that follow. Throws ZK_TRANSFER_INCOMPLETE when that is more than
 * the table holds. Less is no fault: some terminals pad, and what follows is not read.
 */
export function recordBytes(table: OpenTable, beginning: Uint8Array): number {
  const announced = u32At(beginning, 0)
  if (announced + TABLE_HEAD_BYTES <= table.sizeBytes) return announced
  throw new ZkProtocolError(
    'ZK_TRANSFER_INCOMPLETE',
    `The table says that ${announced} bytes of records follow, but holds ${table.sizeBytes - TABLE_HEAD_BYTES}`,
    { effect: 'none', details: { recordBytes: announced, tableBytes: table.sizeBytes } },
  )
}
