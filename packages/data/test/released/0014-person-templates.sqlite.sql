-- The schema of version 1.0, written by test/support/released.ts and never edited.
CREATE TABLE accounts (
      id integer primary key autoincrement,
      username text not null,
      email text not null,
      email_key text not null,
      password_hash text not null,
      role text not null,
      disabled integer not null,
      created_at text not null,
      updated_at text not null
    ) strict;
CREATE TABLE api_keys (
      id integer primary key autoincrement,
      name text not null,
      live_name text,
      key_hash text not null,
      role text not null,
      device_ids text,
      created_by text not null,
      created_at text not null,
      expires_at text,
      revoked_at text,
      last_used_at text
    ) strict;
CREATE TABLE audit (
      id integer not null primary key,
      audit_id text,
      at text not null,
      actor text not null,
      action text not null,
      target_type text,
      target_id text,
      address text,
      outcome text not null,
      error_code text,
      details text,
      previous_hash text not null,
      hash text not null
    ) strict;
CREATE TABLE audit_head (
      id integer not null primary key,
      count integer not null,
      hash text not null
    ) strict;
CREATE TABLE credentials (
      id integer primary key autoincrement,
      family_id text not null,
      account_id integer not null,
      token_hash text not null,
      issued_at text not null,
      expires_at text not null,
      replaced_at text,
      revoked_at text,
      constraint credentials_of_account foreign key (account_id) references accounts (id) on delete cascade
    ) strict;
CREATE TABLE device_zones (
      device_id integer not null,
      since text not null,
      timezone text not null,
      primary key (device_id, since)
    ) strict;
CREATE TABLE devices (
      id integer primary key autoincrement,
      name text not null,
      ip text not null,
      port integer not null,
      address_key text,
      search_text text not null,
      comm_key_encrypted text,
      location text,
      serial_number text,
      terminal_serial_number text,
      terminal_serial_key text,
      transport text not null,
      timezone text not null,
      name_encoding text not null,
      live integer not null,
      sync_interval_minutes integer,
      unlock_unit text not null,
      status text not null,
      is_connected integer not null,
      last_seen_at text,
      last_sync_at text,
      last_error text,
      clock_drift_seconds real,
      info text,
      bookmark text,
      bookmark_at text,
      fence integer not null,
      fence_seen integer not null,
      created_at text not null,
      updated_at text not null,
      deleted_at text
    , disabled_at text, unreachable_since text, offline_told integer not null default 0, log_full_told integer not null default 0) strict;
CREATE TABLE job_totals (
      queue text not null primary key,
      completed integer not null,
      failed integer not null
    ) strict;
CREATE TABLE jobs (
      seq integer primary key autoincrement,
      id text not null,
      queue text not null,
      name text not null,
      device_id integer,
      dedupe_key text,
      lane text,
      active_lane text,
      data text not null,
      state text not null,
      run_at text not null,
      attempts integer not null,
      max_attempts integer not null,
      claim_token text,
      claimed_until text,
      progress text,
      result text,
      error_code text,
      error_message text,
      cancel_requested integer not null,
      carrier integer not null,
      queued_at text not null,
      started_at text,
      finished_at text
    ) strict;
CREATE TABLE kept_transfers (
      id integer primary key autoincrement,
      device_id integer not null,
      kept_at text not null,
      kept_until text not null,
      kept_bytes integer not null,
      table_bytes integer not null,
      announced_records integer,
      sealed text not null
    ) strict;
CREATE TABLE pending_people (
      id integer primary key autoincrement,
      device_id integer not null,
      pin text not null,
      uid integer not null,
      name text not null,
      privilege integer not null,
      card_number integer,
      group_number integer not null,
      has_password integer not null,
      made_at text not null
    ) strict;
CREATE TABLE people (
      id integer primary key autoincrement,
      device_id integer not null,
      pin text not null,
      uid integer,
      name text not null,
      privilege integer not null,
      card_number integer,
      group_number integer,
      has_password integer not null,
      fingers text not null,
      on_device integer not null,
      updated_at text not null
    , search_text text not null default '') strict;
CREATE TABLE person_templates (
      id integer primary key autoincrement,
      device_id integer not null,
      pin text not null,
      finger integer not null,
      flag integer not null,
      version integer,
      sealed text not null,
      updated_at text not null
    ) strict;
CREATE TABLE punches (
      id integer primary key autoincrement,
      device_id integer not null,
      packed_time integer not null,
      log_number text not null,
      occurrence integer not null,
      pin text not null,
      uid integer,
      wall_time text not null,
      timezone text not null,
      at text,
      time_status text not null,
      state integer not null,
      verify_mode integer not null,
      work_code integer,
      denied integer not null,
      source text not null,
      early integer not null,
      received_at text not null
    ) strict;
CREATE TABLE schema_migrations (
        name text not null primary key,
        steps integer not null,
        applied_at text
      ) strict;
CREATE TABLE settings (
      name text not null primary key,
      value text not null
    ) strict;
CREATE TABLE unlock_attempts (
      id integer primary key autoincrement,
      audit_id text not null,
      device_id integer not null,
      actor text not null,
      address text,
      request_key text,
      request_digest text not null,
      state text not null,
      answer text,
      at text not null,
      over_at text not null,
      settled_at text
    ) strict;
CREATE TABLE unlock_days (
      day text not null primary key,
      attempts integer not null
    ) strict;
CREATE UNIQUE INDEX accounts_email on accounts (email_key);
CREATE UNIQUE INDEX accounts_username on accounts (username);
CREATE UNIQUE INDEX api_keys_key_hash on api_keys (key_hash);
CREATE UNIQUE INDEX api_keys_live_name on api_keys (live_name);
CREATE INDEX audit_by_action on audit (action, id);
CREATE INDEX audit_by_audit_id on audit (audit_id);
CREATE INDEX audit_by_instant on audit (at, id);
CREATE INDEX credentials_account on credentials (account_id);
CREATE INDEX credentials_expiry on credentials (expires_at);
CREATE INDEX credentials_family on credentials (family_id);
CREATE UNIQUE INDEX credentials_token_hash on credentials (token_hash);
CREATE UNIQUE INDEX devices_address on devices (address_key);
CREATE UNIQUE INDEX devices_terminal_serial on devices (terminal_serial_key);
CREATE UNIQUE INDEX jobs_active_lane on jobs (active_lane);
CREATE INDEX jobs_by_device on jobs (device_id, seq);
CREATE INDEX jobs_by_state on jobs (state, id);
CREATE UNIQUE INDEX jobs_dedupe_key on jobs (dedupe_key);
CREATE INDEX jobs_finished on jobs (finished_at);
CREATE UNIQUE INDEX jobs_id on jobs (id);
CREATE INDEX jobs_turn on jobs (state, queue, run_at, seq);
CREATE INDEX kept_transfers_device on kept_transfers (device_id, id);
CREATE INDEX kept_transfers_until on kept_transfers (kept_until);
CREATE INDEX pending_people_by_device on pending_people (device_id);
CREATE INDEX people_by_pin on people (pin);
CREATE UNIQUE INDEX people_pin on people (device_id, pin);
CREATE INDEX people_uid on people (device_id, uid);
CREATE UNIQUE INDEX person_templates_finger on person_templates (device_id, pin, finger);
CREATE INDEX punches_by_device on punches (device_id, at, id);
CREATE INDEX punches_by_instant on punches (at, id);
CREATE INDEX punches_by_pin on punches (pin, at, id);
CREATE UNIQUE INDEX punches_place on punches (device_id, packed_time, log_number, occurrence);
CREATE UNIQUE INDEX unlock_attempts_audit_id on unlock_attempts (audit_id);
CREATE INDEX unlock_attempts_open on unlock_attempts (state, over_at);
CREATE UNIQUE INDEX unlock_attempts_request_key on unlock_attempts (request_key);
insert into schema_migrations (name, steps, applied_at) values ('0001-accounts', 8, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0002-devices', 3, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0003-people', 4, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0004-punches', 5, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0005-jobs', 9, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0006-audit', 6, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0007-settings', 1, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0008-doors', 5, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0009-device-zones', 2, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0010-pending-people', 3, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0011-kept-transfers', 3, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0012-api-keys', 3, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0013-told', 3, '2026-01-01 00:00:00.000');
insert into schema_migrations (name, steps, applied_at) values ('0014-person-templates', 2, '2026-01-01 00:00:00.000');
insert into audit_head (id, count, hash) values (1, 0, '');
