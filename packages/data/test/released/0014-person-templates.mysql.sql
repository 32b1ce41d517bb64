-- The schema of version 1.0, written by test/support/released.ts and never edited.
CREATE TABLE `accounts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `username` varbinary(255) NOT NULL,
  `email` varchar(320) NOT NULL,
  `email_key` varbinary(320) NOT NULL,
  `password_hash` varchar(255) NOT NULL,
  `role` varchar(16) NOT NULL,
  `disabled` tinyint(1) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `accounts_username` (`username`),
  UNIQUE KEY `accounts_email` (`email_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `api_keys` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(255) NOT NULL,
  `live_name` varbinary(255) DEFAULT NULL,
  `key_hash` varbinary(64) NOT NULL,
  `role` varchar(16) NOT NULL,
  `device_ids` longtext DEFAULT NULL,
  `created_by` varchar(400) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) DEFAULT NULL,
  `revoked_at` datetime(3) DEFAULT NULL,
  `last_used_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `api_keys_key_hash` (`key_hash`),
  UNIQUE KEY `api_keys_live_name` (`live_name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `audit` (
  `id` bigint(20) NOT NULL,
  `audit_id` varbinary(64) DEFAULT NULL,
  `at` datetime(3) NOT NULL,
  `actor` varchar(400) NOT NULL,
  `action` varchar(64) NOT NULL,
  `target_type` varchar(64) DEFAULT NULL,
  `target_id` varchar(191) DEFAULT NULL,
  `address` varchar(64) DEFAULT NULL,
  `outcome` varchar(32) NOT NULL,
  `error_code` varchar(64) DEFAULT NULL,
  `details` longtext DEFAULT NULL,
  `previous_hash` varchar(128) NOT NULL,
  `hash` varchar(128) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `audit_by_audit_id` (`audit_id`),
  KEY `audit_by_action` (`action`,`id`),
  KEY `audit_by_instant` (`at`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `audit_head` (
  `id` int(11) NOT NULL,
  `count` bigint(20) NOT NULL,
  `hash` varchar(128) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `devices` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(400) NOT NULL,
  `ip` varchar(255) NOT NULL,
  `port` int(11) NOT NULL,
  `address_key` varbinary(300) DEFAULT NULL,
  `search_text` varchar(4000) NOT NULL,
  `comm_key_encrypted` varchar(1000) DEFAULT NULL,
  `location` varchar(1000) DEFAULT NULL,
  `serial_number` varchar(255) DEFAULT NULL,
  `terminal_serial_number` varchar(255) DEFAULT NULL,
  `terminal_serial_key` varbinary(255) DEFAULT NULL,
  `transport` varchar(8) NOT NULL,
  `timezone` varchar(64) NOT NULL,
  `name_encoding` varchar(64) NOT NULL,
  `live` tinyint(1) NOT NULL,
  `sync_interval_minutes` int(11) DEFAULT NULL,
  `unlock_unit` varchar(8) NOT NULL,
  `status` varchar(16) NOT NULL,
  `is_connected` tinyint(1) NOT NULL,
  `last_seen_at` datetime(3) DEFAULT NULL,
  `last_sync_at` datetime(3) DEFAULT NULL,
  `last_error` varchar(2000) DEFAULT NULL,
  `clock_drift_seconds` double DEFAULT NULL,
  `info` longtext DEFAULT NULL,
  `bookmark` longtext DEFAULT NULL,
  `bookmark_at` datetime(3) DEFAULT NULL,
  `fence` bigint(20) NOT NULL,
  `fence_seen` bigint(20) NOT NULL,
  `created_at` datetime(3) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `deleted_at` datetime(3) DEFAULT NULL,
  `disabled_at` datetime(3) DEFAULT NULL,
  `unreachable_since` datetime(3) DEFAULT NULL,
  `offline_told` tinyint(1) NOT NULL DEFAULT 0,
  `log_full_told` tinyint(1) NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`),
  UNIQUE KEY `devices_address` (`address_key`),
  UNIQUE KEY `devices_terminal_serial` (`terminal_serial_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `device_zones` (
  `device_id` bigint(20) NOT NULL,
  `since` varbinary(19) NOT NULL,
  `timezone` varchar(64) NOT NULL,
  PRIMARY KEY (`device_id`,`since`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `jobs` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `id` varbinary(191) NOT NULL,
  `queue` varbinary(64) NOT NULL,
  `name` varchar(64) NOT NULL,
  `device_id` bigint(20) DEFAULT NULL,
  `dedupe_key` varbinary(191) DEFAULT NULL,
  `lane` varbinary(191) DEFAULT NULL,
  `active_lane` varbinary(191) DEFAULT NULL,
  `data` longtext NOT NULL,
  `state` varbinary(16) NOT NULL,
  `run_at` datetime(3) NOT NULL,
  `attempts` int(11) NOT NULL,
  `max_attempts` int(11) NOT NULL,
  `claim_token` varbinary(64) DEFAULT NULL,
  `claimed_until` datetime(3) DEFAULT NULL,
  `progress` longtext DEFAULT NULL,
  `result` longtext DEFAULT NULL,
  `error_code` varchar(64) DEFAULT NULL,
  `error_message` varchar(2000) DEFAULT NULL,
  `cancel_requested` tinyint(1) NOT NULL,
  `carrier` int(11) NOT NULL,
  `queued_at` datetime(3) NOT NULL,
  `started_at` datetime(3) DEFAULT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `jobs_id` (`id`),
  UNIQUE KEY `jobs_dedupe_key` (`dedupe_key`),
  UNIQUE KEY `jobs_active_lane` (`active_lane`),
  KEY `jobs_turn` (`state`,`queue`,`run_at`,`seq`),
  KEY `jobs_by_state` (`state`,`id`),
  KEY `jobs_by_device` (`device_id`,`seq`),
  KEY `jobs_finished` (`finished_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `job_totals` (
  `queue` varbinary(64) NOT NULL,
  `completed` bigint(20) NOT NULL,
  `failed` bigint(20) NOT NULL,
  PRIMARY KEY (`queue`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `kept_transfers` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `device_id` bigint(20) NOT NULL,
  `kept_at` datetime(3) NOT NULL,
  `kept_until` datetime(3) NOT NULL,
  `kept_bytes` int(11) NOT NULL,
  `table_bytes` bigint(20) NOT NULL,
  `announced_records` bigint(20) DEFAULT NULL,
  `sealed` longtext NOT NULL,
  PRIMARY KEY (`id`),
  KEY `kept_transfers_device` (`device_id`,`id`),
  KEY `kept_transfers_until` (`kept_until`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `pending_people` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `device_id` bigint(20) NOT NULL,
  `pin` varbinary(96) NOT NULL,
  `uid` int(11) NOT NULL,
  `name` varchar(400) NOT NULL,
  `privilege` int(11) NOT NULL,
  `card_number` bigint(20) DEFAULT NULL,
  `group_number` int(11) NOT NULL,
  `has_password` tinyint(1) NOT NULL,
  `made_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `pending_people_by_device` (`device_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `people` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `device_id` bigint(20) NOT NULL,
  `pin` varbinary(96) NOT NULL,
  `uid` int(11) DEFAULT NULL,
  `name` varchar(400) NOT NULL,
  `privilege` int(11) NOT NULL,
  `card_number` bigint(20) DEFAULT NULL,
  `group_number` int(11) DEFAULT NULL,
  `has_password` tinyint(1) NOT NULL,
  `fingers` longtext NOT NULL,
  `on_device` tinyint(1) NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  `search_text` varchar(600) NOT NULL DEFAULT '',
  PRIMARY KEY (`id`),
  UNIQUE KEY `people_pin` (`device_id`,`pin`),
  KEY `people_uid` (`device_id`,`uid`),
  KEY `people_by_pin` (`pin`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `person_templates` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `device_id` bigint(20) NOT NULL,
  `pin` varbinary(96) NOT NULL,
  `finger` int(11) NOT NULL,
  `flag` int(11) NOT NULL,
  `version` int(11) DEFAULT NULL,
  `sealed` longtext NOT NULL,
  `updated_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `person_templates_finger` (`device_id`,`pin`,`finger`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `punches` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `device_id` bigint(20) NOT NULL,
  `packed_time` int(10) unsigned NOT NULL,
  `log_number` varbinary(96) NOT NULL,
  `occurrence` int(11) NOT NULL,
  `pin` varbinary(96) NOT NULL,
  `uid` int(11) DEFAULT NULL,
  `wall_time` char(19) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `timezone` varchar(64) NOT NULL,
  `at` datetime(3) DEFAULT NULL,
  `time_status` varchar(8) NOT NULL,
  `state` int(11) NOT NULL,
  `verify_mode` int(11) NOT NULL,
  `work_code` bigint(20) DEFAULT NULL,
  `denied` tinyint(1) NOT NULL,
  `source` varchar(8) NOT NULL,
  `early` tinyint(1) NOT NULL,
  `received_at` datetime(3) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `punches_place` (`device_id`,`packed_time`,`log_number`,`occurrence`),
  KEY `punches_by_device` (`device_id`,`at`,`id`),
  KEY `punches_by_pin` (`pin`,`at`,`id`),
  KEY `punches_by_instant` (`at`,`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `schema_migrations` (
  `name` varbinary(100) NOT NULL,
  `steps` int(11) NOT NULL,
  `applied_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `settings` (
  `name` varbinary(64) NOT NULL,
  `value` varchar(4000) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `unlock_attempts` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `audit_id` varbinary(64) NOT NULL,
  `device_id` bigint(20) NOT NULL,
  `actor` varchar(400) NOT NULL,
  `address` varchar(64) DEFAULT NULL,
  `request_key` varbinary(64) DEFAULT NULL,
  `request_digest` varchar(64) NOT NULL,
  `state` varchar(16) NOT NULL,
  `answer` longtext DEFAULT NULL,
  `at` datetime(3) NOT NULL,
  `over_at` datetime(3) NOT NULL,
  `settled_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `unlock_attempts_audit_id` (`audit_id`),
  UNIQUE KEY `unlock_attempts_request_key` (`request_key`),
  KEY `unlock_attempts_open` (`state`,`over_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `unlock_days` (
  `day` varbinary(8) NOT NULL,
  `attempts` int(11) NOT NULL,
  PRIMARY KEY (`day`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
CREATE TABLE `credentials` (
  `id` bigint(20) NOT NULL AUTO_INCREMENT,
  `family_id` varbinary(64) NOT NULL,
  `account_id` bigint(20) NOT NULL,
  `token_hash` varbinary(64) NOT NULL,
  `issued_at` datetime(3) NOT NULL,
  `expires_at` datetime(3) NOT NULL,
  `replaced_at` datetime(3) DEFAULT NULL,
  `revoked_at` datetime(3) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `credentials_token_hash` (`token_hash`),
  KEY `credentials_family` (`family_id`),
  KEY `credentials_account` (`account_id`),
  KEY `credentials_expiry` (`expires_at`),
  CONSTRAINT `credentials_of_account` FOREIGN KEY (`account_id`) REFERENCES `accounts` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC;
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
