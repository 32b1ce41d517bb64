// Jobs, and what removed ones count for.
import type { Migration } from './migrate.ts'

export const jobs: Migration = {
  name: '0005-jobs',
  steps: (t) => [
    `create table jobs (
      seq ${t.generatedId},
      id ${t.key(191)} not null,
      queue ${t.key(64)} not null,
      name ${t.text(64)} not null,
      device_id ${t.bigint},
      dedupe_key ${t.key(191)},
      lane ${t.key(191)},
      active_lane ${t.key(191)},
      data ${t.longText} not null,
      state ${t.key(16)} not null,
      run_at ${t.instant} not null,
      attempts ${t.int} not null,
      max_attempts ${t.int} not null,
      claim_token ${t.key(64)},
      claimed_until ${t.instant},
      progress ${t.longText},
      result ${t.longText},
      error_code ${t.text(64)},
      error_message ${t.text(2000)},
      cancel_requested ${t.bool} not null,
      carrier ${t.int} not null,
      queued_at ${t.instant} not null,
      started_at ${t.instant},
      finished_at ${t.instant}
    ) ${t.tableEnd}`,
    'create unique index jobs_id on jobs (id)',
    'create unique index jobs_dedupe_key on jobs (dedupe_key)',
    'create unique index jobs_active_lane on jobs (active_lane)',
    'create index jobs_turn on jobs (state, queue, run_at, seq)',
    'create index jobs_by_state on jobs (state, id)',
    'create index jobs_by_device on jobs (device_id, seq)',
    'create index jobs_finished on jobs (finished_at)',
    `create table job_totals (
      queue ${t.key(64)} not null primary key,
      completed ${t.bigint} not null,
      failed ${t.bigint} not null
    ) ${t.tableEnd}`,
  ],
}
