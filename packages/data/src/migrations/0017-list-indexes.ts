// Indexes that lists go along: jobs by state and by queue, newest first; punches of a person on one device.
import type { Migration } from './migrate.ts'

export const listIndexes: Migration = {
  name: '0017-list-indexes',
  steps: () => [
    'create index jobs_listed_by_state on jobs (state, seq)',
    'create index jobs_listed_by_queue on jobs (queue, seq)',
    'create index jobs_listed_by_queue_and_state on jobs (queue, state, seq)',
    'create index punches_by_person on punches (device_id, pin, at, id)',
  ],
}
