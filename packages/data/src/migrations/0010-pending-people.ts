// People about to be put on a terminal, noted before anything is sent, so that what a dead process left can be undone; and what
// people are searched by.
import type { Migration } from './migrate.ts'

export const pendingPeople: Migration = {
  name: '0010-pending-people',
  steps: (t) => [
    `create table pending_people (
      id ${t.generatedId},
      device_id ${t.bigint} not null,
      pin ${t.key(96)} not null,
      uid ${t.int} not null,
      name ${t.text(400)} not null,
      privilege ${t.int} not null,
      card_number ${t.bigint},
      group_number ${t.int} not null,
      has_password ${t.bool} not null,
      made_at ${t.instant} not null
    ) ${t.tableEnd}`,
    'create index pending_people_by_device on pending_people (device_id)',
    `alter table people add column search_text ${t.text(600)} not null default ''`,
  ],
}
