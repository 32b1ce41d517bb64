// In which zones a terminal's clock has run, by the wall time from which each holds; and since when a terminal was kept from taking
// punches by us, so that whoever meets it next lets people in again.
import type { Migration } from './migrate.ts'

export const deviceZones: Migration = {
  name: '0009-device-zones',
  steps: (t) => [
    `create table device_zones (
      device_id ${t.bigint} not null,
      since ${t.key(19)} not null,
      timezone ${t.text(64)} not null,
      primary key (device_id, since)
    ) ${t.tableEnd}`,
    `alter table devices add column disabled_at ${t.instant}`,
  ],
}
