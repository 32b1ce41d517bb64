// When a device syncs by itself next, what asked for a job, and turns at work that one process at a time does.
import type { Migration } from './migrate.ts'

export const schedules: Migration = {
  name: '0015-schedules',
  steps: (t) => [
    `alter table devices add column next_sync_at ${t.instant}`,
    `alter table devices add column sync_schedule ${t.text(400)}`,
    'create index devices_next_sync on devices (next_sync_at)',
    `alter table jobs add column source ${t.text(16)} not null default 'request'`,
    `create table turns (
      name ${t.key(64)} not null primary key,
      taken_at ${t.instant} not null,
      free_at ${t.instant} not null
    ) ${t.tableEnd}`,
  ],
}
