// Finds the record form of an attendance log: the terminal announces bytes and, at best, a count, but no form. Every
// candidate is tried on the first few hundred records, and only a clear winner is believed. Source: docs/protocol §13.4.
import { hexHead } from '../bytes.ts'
import { ZkProtocolError } from '../errors.ts'
import { attendanceForm, KNOWN_ATTENDANCE_FORMS } from './punch.ts'
import type { AttendanceForm } from './punch.ts'

/** So many records are tried, at most. */
export const SAMPLE_RECORDS = 300

const LEAST_SHARE = 0.6
const CLEAR_LEAD = 0.1
// The first record reads right under any stride: an unknown one is believed from the second record on.
const LEAST_RECORDS_OF_UNKNOWN_SIZE = 2

interface Score {
  readonly form: AttendanceForm
  readonly share: number
}

function shareOfPlausible(form: AttendanceForm, sample: Uint8Array): number {
  const records = Math.min(Math.floor(sample.length / form.recordSize), SAMPLE_RECORDS)
  let plausible = 0
  for (let i = 0; i < records; i += 1) if (form.plausible(sample, i * form.recordSize)) plausible += 1
  return records === 0 ? 0 : plausible / records
}

function candidates(totalBytes: number, announced: number | undefined): AttendanceForm[] {
  const forms = KNOWN_ATTENDANCE_FORMS.filter((form) => totalBytes % form.recordSize === 0)
  if (announced === undefined || announced < LEAST_RECORDS_OF_UNKNOWN_SIZE) return forms
  const quotient = totalBytes / announced
  if (KNOWN_ATTENDANCE_FORMS.some((form) => form.recordSize === quotient)) return forms
  const unknown = attendanceForm('attendance/40+', quotient)
  return unknown === undefined ? forms : [...forms, unknown]
}

/** Among forms that fit equally well: a known size before an unknown one, then the one the count speaks for. */
function settle(close: readonly Score[], quotient: number | undefined): AttendanceForm | undefined {
  const known = close.filter(({ form }) => form.name !== 'attendance/40+')
  const left = known.length > 0 ? known : close
  if (left.length === 1) return left[0]?.form
  const counted = left.filter(({ form }) => form.recordSize === quotient)
  return counted.length === 1 ? counted[0]?.form : undefined
}

/**
 * The form of a log of `totalBytes` bytes (without its leading size word). `sample` is its beginning, at least a few
 * records and preferably a few hundred; `announced` the terminal's count, if it gives one: a hint, never a proof.
 * Throws ZK_BAD_RECORD when no form fits or more than one does: a guess would give wrong punches without an error.
 */
export function findAttendanceForm(
  sample: Uint8Array,
  totalBytes: number,
  announced: number | undefined,
): AttendanceForm {
  const scores: Score[] = candidates(totalBytes, announced).map((form) => ({
    form,
    share: shareOfPlausible(form, sample),
  }))
  const best = Math.max(0, ...scores.map(({ share }) => share))
  const close = scores.filter(({ share }) => share >= LEAST_SHARE && share >= best - CLEAR_LEAD)
  const quotient = announced === undefined || announced === 0 ? undefined : totalBytes / announced
  const form = settle(close, quotient)
  if (form !== undefined) return form
  const told = scores.map(({ form, share }) => `${form.name} ${share.toFixed(2)}`).join(', ')
  throw new ZkProtocolError(
    'ZK_BAD_RECORD',
    close.length === 0
      ? `No known attendance record fits the log of ${totalBytes} bytes; report its head so that the form can be added`
      : `More than one attendance record form fits the log of ${totalBytes} bytes; it is not guessed at`,
    {
      effect: 'none',
      details: {
        totalBytes,
        announcedRecords: announced ?? null,
        scores: told === '' ? 'no known size divides it' : told,
        head: hexHead(sample),
      },
    },
  )
}
