// What terminals sent and nobody could read, sealed, kept for some days.
import type { Migration } from './migrate.ts'

export const keptTransfers: Migration = {
  name: '0011-kept-transfers',
  steps: (t) => [
    `create table kept_transfers (
      id ${t.generatedId},
      device_id ${t.bigint} not null,
      kept_at ${t.instant} not null,
      kept_until ${t.instant} not null,
      kept_bytes ${t.int} not null,
      table_bytes ${t.bigint} not null,
      announced_records ${t.bigint},
      sealed ${t.longText} not null
    ) ${t.tableEnd}`,
    'create index kept_transfers_device on kept_transfers (device_id, id)',
    'create index kept_transfers_until on kept_transfers (kept_until)',
  ],
}
