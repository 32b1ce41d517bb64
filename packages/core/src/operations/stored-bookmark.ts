// Bookmarks as the database keeps them, for the reader of the log: what another version has stored is none.
import type { Bookmark } from '@org/data'
import type { AttendanceBookmark, AttendanceLayoutName } from '@org/zk-proto'

const LAYOUTS: Readonly<Record<AttendanceLayoutName, true>> = {
  'attendance/8a': true,
  'attendance/8b': true,
  'attendance/16': true,
  'attendance/22': true,
  'attendance/40': true,
  'attendance/49': true,
  'attendance/40+': true,
}

/** Whether a stored name is one of a form that this version knows. */
export function isLayout(name: string): name is AttendanceLayoutName {
  return Object.hasOwn(LAYOUTS, name)
}

/** A stored bookmark for the reader; undefined where there is none, or one of a form that this version does not know. */
export function toAttendanceBookmark(stored: Bookmark | null): AttendanceBookmark | undefined {
  if (stored === null || stored.index === 0) return undefined
  const { index, recordSize, layout, anchor } = stored
  return isLayout(layout) ? { index, recordSize, layout, anchor } : undefined
}
