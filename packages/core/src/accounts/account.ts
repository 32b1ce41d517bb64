// Who logs in to the service, as the rest of the service sees them: never with a password hash.
import type { Account as AccountRow } from '@org/data'

/** From most to least: an admin may do all, an operator people and syncs, a user reads. */
export type Role = 'admin' | 'operator' | 'user'

/** One account. Times are ISO 8601 in UTC. */
export interface Account {
  readonly id: number
  readonly username: string
  readonly email: string
  readonly role: Role
  readonly disabled: boolean
  readonly createdAt: string
}

/** Who does something, for the audit trail. */
export interface Actor {
  /** The account's e-mail address; `system` for what the service does by itself. */
  readonly name: string
  readonly accountId: number | null
  /** The network address that the request came from. */
  readonly address: string | null
}

/** The service itself, at start and on schedules. */
export const SYSTEM: Actor = { name: 'system', accountId: null, address: null }

/** What `POST /auth/register` gives, already checked. */
export interface NewAccount {
  readonly username: string
  readonly email: string
  readonly password: string
  readonly role: Role
}

/** A login that succeeded. */
export interface Login {
  readonly account: Account
  readonly refreshFamily: {
    /** Names the family in all its tokens: what logout and theft end. */
    readonly id: string
    /** `jti` of the first refresh token; only its hash is stored. */
    readonly tokenId: string
    readonly expiresAt: string
  }
}

/** HS256 secrets: sign with `current`, accept both. */
export interface TokenSecrets {
  readonly current: string
  readonly previous: string | undefined
}

/** How long a refresh token lives, in seconds: 7 days. */
export const REFRESH_TOKEN_SECONDS = 604_800
/** How long an access token lives, in seconds: 1 hour. */
export const ACCESS_TOKEN_SECONDS = 3_600

/** An account's row without what nobody outside may see. */
export function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    role: row.role,
    disabled: row.disabled,
    createdAt: row.createdAt,
  }
}
