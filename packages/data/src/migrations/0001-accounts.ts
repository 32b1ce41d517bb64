// Accounts and their refresh tokens.
import type { Migration } from './migrate.ts'

export const accounts: Migration = {
  name: '0001-accounts',
  steps: (t) => [
    `create table accounts (
      id ${t.generatedId},
      username ${t.key(255)} not null,
      email ${t.text(320)} not null,
      email_key ${t.key(320)} not null,
      password_hash ${t.text(255)} not null,
      role ${t.text(16)} not null,
      disabled ${t.bool} not null,
      created_at ${t.instant} not null,
      updated_at ${t.instant} not null
    ) ${t.tableEnd}`,
    'create unique index accounts_username on accounts (username)',
    'create unique index accounts_email on accounts (email_key)',
    `create table credentials (
      id ${t.generatedId},
      family_id ${t.key(64)} not null,
      account_id ${t.bigint} not null,
      token_hash ${t.key(64)} not null,
      issued_at ${t.instant} not null,
      expires_at ${t.instant} not null,
      replaced_at ${t.instant},
      revoked_at ${t.instant},
      constraint credentials_of_account foreign key (account_id) references accounts (id) on delete cascade
    ) ${t.tableEnd}`,
    'create unique index credentials_token_hash on credentials (token_hash)',
    'create index credentials_family on credentials (family_id)',
    'create index credentials_account on credentials (account_id)',
    'create index credentials_expiry on credentials (expires_at)',
  ],
}
