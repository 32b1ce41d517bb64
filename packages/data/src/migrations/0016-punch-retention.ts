// From which recorded time on a device's punches are kept. It only ever rises, so that what was removed is not read again.
import type { Migration } from './migrate.ts'

export const punchRetention: Migration = {
  name: '0016-punch-retention',
  steps: (t) => [`alter table devices add column punches_from ${t.unsigned}`],
}
