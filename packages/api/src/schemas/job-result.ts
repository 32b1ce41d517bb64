// What jobs yield, in JSON: core's declarations under the names that the OpenAPI document shows them by, so that a program finds out
// by the fields which kind it has.
import {
  ClearingReceipt,
  NoticeReceipt,
  PeopleCopyReport,
  PeopleSyncReport,
  PunchReceipt,
  SyncCertificate,
  TimesCorrection,
} from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'

/** The result of any job that is completed. No kind has all the fields of another, so the fields tell which it is. */
export const JobResult = Type.Union([
  {
    ...SyncCertificate,
    $id: 'SyncCertificate',
    description: 'Of a sync of punches: proof that nothing is missing; read = new + known',
  },
  {
    ...PeopleSyncReport,
    $id: 'PeopleSyncReport',
    description: 'Of a sync of people: read = inserted + updated + unchanged + suspicious + doubled',
  },
  {
    ...PeopleCopyReport,
    $id: 'PeopleCopyReport',
    description: 'Of people written to a terminal: what became of each',
  },
  {
    ...ClearingReceipt,
    $id: 'ClearingReceipt',
    description: 'Of a clearing: records taken off the terminal, and the read that came before',
  },
  {
    ...TimesCorrection,
    $id: 'TimesCorrection',
    description: 'Of a change of a zone: punches gone over, and those that changed',
  },
  { ...NoticeReceipt, $id: 'NoticeReceipt', description: 'Of a notice that was delivered' },
  { ...PunchReceipt, $id: 'PunchReceipt', description: 'Of punches that the webhook took' },
])

const form = Compile(JobResult)

/** A stored result in JSON; null where there is none yet, or where another version of the service stored it in another form. */
export function toJobResult(stored: unknown): Static<typeof JobResult> | null {
  return form.Check(stored) ? stored : null
}
