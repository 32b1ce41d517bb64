// What is handed out of an attendance log whose records have no form that is certain: its bytes as the terminal sent them, for
// whoever finds out what they mean. Nothing of it is decoded.
import { joinBytes } from '../bytes.ts'
import { ZkProtocolError } from '../errors.ts'
import type { Procedure } from '../session/procedure.ts'
import type { OpenTable } from './bulk-read.ts'

/** At most so many bytes are handed out, from the beginning: forms repeat, so more would say no more. */
export const UNREADABLE_LOG_BYTES = 524_288

/** A log that could not be read, as the terminal sent it. */
export interface UnreadableLog {
  /** The table from its first byte on, its leading size word included; at most the first 524,288 bytes of it. */
  readonly bytes: Uint8Array
  /** Bytes of the whole table. */
  readonly tableBytes: number
  /** How many records the terminal counts; undefined where it does not say. */
  readonly announcedRecords: number | undefined
}

/** Told once, before the read fails with ZK_BAD_RECORD. Must not throw. */
export type OnUnreadable = (log: UnreadableLog) => void

/** What to do about a log of no certain form. */
export interface UnreadablePlan {
  readonly announcedRecords: number | undefined
  readonly sliceBytes: number
  readonly onUnreadable: OnUnreadable | undefined
}

/**
 * Runs `find`, which knows the form or throws. Where it throws ZK_BAD_RECORD and somebody wants the bytes, they are read first;
 * a connection that fails meanwhile is what is thrown then.
 */
export function* orHandOut<T>(
  table: OpenTable,
  beginning: Uint8Array,
  { announcedRecords, sliceBytes, onUnreadable }: UnreadablePlan,
  find: () => T,
): Procedure<T> {
  try {
    return find()
  } catch (error) {
    const wanted = error instanceof ZkProtocolError && error.code === 'ZK_BAD_RECORD'
    if (!wanted || onUnreadable === undefined) throw error
    const bytes = yield* firstBytes(table, beginning, sliceBytes)
    onUnreadable({ bytes, tableBytes: table.sizeBytes, announcedRecords })
    throw error
  }
}

/** The beginning that was read already, and what follows it up to the bound. */
function* firstBytes(table: OpenTable, beginning: Uint8Array, sliceBytes: number): Procedure<Uint8Array> {
  const end = Math.min(table.sizeBytes, UNREADABLE_LOG_BYTES)
  const pieces = [beginning.subarray(0, end)]
  let at = Math.min(beginning.length, end)
  while (at < end) {
    const slice = yield* table.read(at, Math.min(sliceBytes, end - at))
    if (slice.length === 0) break
    pieces.push(slice)
    at += slice.length
  }
  return joinBytes(pieces)
}
