// What people have been told of a device, so that they are told once: that it is away, that its log is almost full.
import type { Migration } from './migrate.ts'

export const told: Migration = {
  name: '0013-told',
  steps: (t) => [
    `alter table devices add column unreachable_since ${t.instant}`,
    `alter table devices add column offline_told ${t.bool} not null default 0`,
    `alter table devices add column log_full_told ${t.bool} not null default 0`,
  ],
}
