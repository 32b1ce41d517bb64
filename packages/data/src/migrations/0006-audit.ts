// The audit trail, and the end of its chain: one row, which is there from the start so that it can be locked.
import type { Migration } from './migrate.ts'

export const audit: Migration = {
  name: '0006-audit',
  steps: (t) => [
    `create table audit (
      id ${t.bigint} not null primary key,
      audit_id ${t.key(64)},
      at ${t.instant} not null,
      actor ${t.text(400)} not null,
      action ${t.text(64)} not null,
      target_type ${t.text(64)},
      target_id ${t.text(191)},
      address ${t.text(64)},
      outcome ${t.text(32)} not null,
      error_code ${t.text(64)},
      details ${t.longText},
      previous_hash ${t.text(128)} not null,
      hash ${t.text(128)} not null
    ) ${t.tableEnd}`,
    'create index audit_by_audit_id on audit (audit_id)',
    'create index audit_by_action on audit (action, id)',
    'create index audit_by_instant on audit (at, id)',
    `create table audit_head (
      id ${t.int} not null primary key,
      count ${t.bigint} not null,
      hash ${t.text(128)} not null
    ) ${t.tableEnd}`,
    `insert into audit_head (id, count, hash)
      select 1, 0, '' from (select 1 as one) as origin where not exists (select 1 from audit_head)`,
  ],
}
