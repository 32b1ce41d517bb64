// Attempts to open doors: numbered by day, with the answer that was given, so that a repeated request gets it again.
import type { Migration } from './migrate.ts'

export const doors: Migration = {
  name: '0008-doors',
  steps: (t) => [
    `create table unlock_days (
      day ${t.key(8)} not null primary key,
      attempts ${t.int} not null
    ) ${t.tableEnd}`,
    `create table unlock_attempts (
      id ${t.generatedId},
      audit_id ${t.key(64)} not null,
      device_id ${t.bigint} not null,
      actor ${t.text(400)} not null,
      address ${t.text(64)},
      request_key ${t.key(64)},
      request_digest ${t.text(64)} not null,
      state ${t.text(16)} not null,
      answer ${t.longText},
      at ${t.instant} not null,
      over_at ${t.instant} not null,
      settled_at ${t.instant}
    ) ${t.tableEnd}`,
    'create unique index unlock_attempts_audit_id on unlock_attempts (audit_id)',
    'create unique index unlock_attempts_request_key on unlock_attempts (request_key)',
    'create index unlock_attempts_open on unlock_attempts (state, over_at)',
  ],
}
