// Punches. The unique place has the time before the person, so that a log is written and looked up in its own order;
// the other indexes serve the lists. A device is never removed as a row, so punches need no foreign key to it.
import type { Migration } from './migrate.ts'

export const punches: Migration = {
  name: '0004-punches',
  steps: (t) => [
    `create table punches (
      id ${t.generatedId},
      device_id ${t.bigint} not null,
      packed_time ${t.unsigned} not null,
      log_number ${t.key(96)} not null,
      occurrence ${t.int} not null,
      pin ${t.key(96)} not null,
      uid ${t.int},
      wall_time ${t.wallTime} not null,
      timezone ${t.text(64)} not null,
      at ${t.instant},
      time_status ${t.text(8)} not null,
      state ${t.int} not null,
      verify_mode ${t.int} not null,
      work_code ${t.bigint},
      denied ${t.bool} not null,
      source ${t.text(8)} not null,
      early ${t.bool} not null,
      received_at ${t.instant} not null
    ) ${t.tableEnd}`,
    'create unique index punches_place on punches (device_id, packed_time, log_number, occurrence)',
    'create index punches_by_device on punches (device_id, at, id)',
    'create index punches_by_pin on punches (pin, at, id)',
    'create index punches_by_instant on punches (at, id)',
  ],
}
