// Fingerprint templates, sealed. Empty unless STORE_TEMPLATES is set.
import type { Migration } from './migrate.ts'

export const personTemplates: Migration = {
  name: '0014-person-templates',
  steps: (t) => [
    `create table person_templates (
      id ${t.generatedId},
      device_id ${t.bigint} not null,
      pin ${t.key(96)} not null,
      finger ${t.int} not null,
      flag ${t.int} not null,
      version ${t.int},
      sealed ${t.longText} not null,
      updated_at ${t.instant} not null
    ) ${t.tableEnd}`,
    'create unique index person_templates_finger on person_templates (device_id, pin, finger)',
  ],
}
