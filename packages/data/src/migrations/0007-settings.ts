// Small named values.
import type { Migration } from './migrate.ts'

export const settings: Migration = {
  name: '0007-settings',
  steps: (t) => [
    `create table settings (
      name ${t.key(64)} not null primary key,
      value ${t.text(4000)} not null
    ) ${t.tableEnd}`,
  ],
}
