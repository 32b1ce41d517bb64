// API keys of machines, as hashes. A revoked one keeps its row, so that its use is still known by its name.
import type { Migration } from './migrate.ts'

export const apiKeys: Migration = {
  name: '0012-api-keys',
  steps: (t) => [
    `create table api_keys (
      id ${t.generatedId},
      name ${t.text(255)} not null,
      live_name ${t.key(255)},
      key_hash ${t.key(64)} not null,
      role ${t.text(16)} not null,
      device_ids ${t.longText},
      created_by ${t.text(400)} not null,
      created_at ${t.instant} not null,
      expires_at ${t.instant},
      revoked_at ${t.instant},
      last_used_at ${t.instant}
    ) ${t.tableEnd}`,
    'create unique index api_keys_live_name on api_keys (live_name)',
    'create unique index api_keys_key_hash on api_keys (key_hash)',
  ],
}
