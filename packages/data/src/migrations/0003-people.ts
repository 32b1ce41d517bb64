// People on devices, by PIN.
import type { Migration } from './migrate.ts'

export const people: Migration = {
  name: '0003-people',
  steps: (t) => [
    `create table people (
      id ${t.generatedId},
      device_id ${t.bigint} not null,
      pin ${t.key(96)} not null,
      uid ${t.int},
      name ${t.text(400)} not null,
      privilege ${t.int} not null,
      card_number ${t.bigint},
      group_number ${t.int},
      has_password ${t.bool} not null,
      fingers ${t.longText} not null,
      on_device ${t.bool} not null,
      updated_at ${t.instant} not null
    ) ${t.tableEnd}`,
    'create unique index people_pin on people (device_id, pin)',
    'create index people_uid on people (device_id, uid)',
    'create index people_by_pin on people (pin)',
  ],
}
