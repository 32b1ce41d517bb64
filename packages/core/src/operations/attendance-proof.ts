// What a read of the attendance log proves: its counts and bytes held against each other, reads that belong together joined, and
// the certificate that is made of them. Knows no terminal and no database.
import type { AttendanceBookmark, AttendanceSummary } from '@org/zk-proto'
import type { SyncCertificate } from '../jobs/catalogue.ts'
import { given, type Stored } from './attendance-writer.ts'

/** Why a read proves nothing: the terminal's own count contradicts it, or the log is no longer the one that was read. */
export type ReadFault =
  | { readonly reason: 'count'; readonly before: number; readonly after: number; readonly counted: number }
  | { readonly reason: 'changed' }

/** A read that gave way to others: how far it was. */
export interface Paused {
  /** Behind the last record stored. */
  readonly at: AttendanceBookmark
  /** Whether it had begun with the log's first record. */
  readonly wholeLog: boolean
  /** Index of its first record. */
  readonly from: number
  readonly read: number
  readonly stored: Stored
}

/** Whether the log holds as much as the terminal has room for: it may drop its oldest records with every punch. */
export function isFull(records: number | null, capacity: number | null | undefined): boolean {
  return records !== null && typeof capacity === 'number' && capacity > 0 && records >= capacity
}

/** A log that grew is no fault; one that shrank, or a transfer shorter than announced, is. */
export function countFault({
  announcedBefore,
  announcedAfter,
  from,
  read,
}: AttendanceSummary): ReadFault | undefined {
  if (announcedBefore === null || announcedAfter === null) return undefined
  const counted = from + read
  if (announcedBefore <= counted && counted <= announcedAfter) return undefined
  return { reason: 'count', before: announcedBefore, after: announcedAfter, counted }
}

/** A read that gave way and went on, as one. What it had taken before counts as announced: the rest was announced anew. */
export function resumed(before: Paused | undefined, then: AttendanceSummary): AttendanceSummary {
  if (before === undefined || then.anchor !== 'matched') return then
  const bytes = before.read * before.at.recordSize
  return {
    ...then,
    from: before.from,
    read: before.read + then.read,
    bytesAnnounced: bytes + then.bytesAnnounced,
    bytesReceived: bytes + then.bytesReceived,
  }
}

/** A read and the look that followed it, as one. */
export function joinSummaries(first: AttendanceSummary, then: AttendanceSummary): AttendanceSummary {
  const grown = then.read > 0
  return {
    ...first,
    announcedAfter: then.announcedAfter,
    read: first.read + then.read,
    bytesAnnounced: first.bytesAnnounced + (grown ? then.bytesAnnounced : 0),
    bytesReceived: first.bytesReceived + (grown ? then.bytesReceived : 0),
    bookmark: then.bookmark,
  }
}

/**
 * What a read stored, with the punches that earlier reads of the same sync had put in counted as new: nobody knew them before.
 * `inserted`: by all of its reads. A terminal drops its oldest records first, or all: while it still holds any that were known, it
 * holds all of those.
 */
export function seenFromOutside(stored: Stored, inserted: number): Stored {
  const { new: fresh, known } = stored
  const earlier = Math.min(known, inserted - fresh)
  return { ...stored, new: fresh + earlier, known: known - earlier }
}

/** Throws when what was read is not what was stored: a defect of ours, which must not pass as success. */
export function certify(summary: AttendanceSummary, stored: Stored): SyncCertificate {
  const { read, from } = summary
  const { new: fresh, known, expired } = stored
  if (read !== given(stored))
    throw new Error(
      `read ${read} punches, but ${fresh} new, ${known} known and ${expired} expired ones came in`,
    )
  const counted = summary.announcedBefore !== null && summary.announcedAfter !== null
  return {
    announced_before: counted ? summary.announcedBefore : null,
    announced_after: counted ? summary.announcedAfter : null,
    bytes_announced: summary.bytesAnnounced,
    bytes_received: summary.bytesReceived,
    from,
    read,
    new: stored.new,
    known: stored.known,
    ...(stored.expired > 0 && { expired: stored.expired }),
    invalid_time: stored.invalidTime,
  }
}
