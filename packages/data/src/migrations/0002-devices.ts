// Devices. The unique address is null for deleted ones, the unique terminal serial number is kept by them.
import type { Migration } from './migrate.ts'

export const devices: Migration = {
  name: '0002-devices',
  steps: (t) => [
    `create table devices (
      id ${t.generatedId},
      name ${t.text(400)} not null,
      ip ${t.text(255)} not null,
      port ${t.int} not null,
      address_key ${t.key(300)},
      search_text ${t.text(4000)} not null,
      comm_key_encrypted ${t.text(1000)},
      location ${t.text(1000)},
      serial_number ${t.text(255)},
      terminal_serial_number ${t.text(255)},
      terminal_serial_key ${t.key(255)},
      transport ${t.text(8)} not null,
      timezone ${t.text(64)} not null,
      name_encoding ${t.text(64)} not null,
      live ${t.bool} not null,
      sync_interval_minutes ${t.int},
      unlock_unit ${t.text(8)} not null,
      status ${t.text(16)} not null,
      is_connected ${t.bool} not null,
      last_seen_at ${t.instant},
      last_sync_at ${t.instant},
      last_error ${t.text(2000)},
      clock_drift_seconds ${t.real},
      info ${t.longText},
      bookmark ${t.longText},
      bookmark_at ${t.instant},
      fence ${t.bigint} not null,
      fence_seen ${t.bigint} not null,
      created_at ${t.instant} not null,
      updated_at ${t.instant} not null,
      deleted_at ${t.instant}
    ) ${t.tableEnd}`,
    'create unique index devices_address on devices (address_key)',
    'create unique index devices_terminal_serial on devices (terminal_serial_key)',
  ],
}
