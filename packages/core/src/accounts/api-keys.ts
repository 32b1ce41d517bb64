// API keys: what machines show instead of a login. A key is shown once, when it is made; only its hash is stored.
import { createHash, randomBytes } from 'node:crypto'
import { UniqueViolation, type ApiKey as ApiKeyRow, type Database } from '@org/data'
import type { AuditTrail } from '../audit-trail.ts'
import type { Page, PageRequest } from '../device.ts'
import { ServiceError, validationError } from '../errors.ts'
import type { RateCounter } from '../rate-counter.ts'
import type { Actor, Role } from './account.ts'
import { rememberBriefly } from './brief-answers.ts'
import type { Caller } from './caller.ts'

/** One API key. Times are ISO 8601 in UTC. */
export interface ApiKey {
  readonly id: number
  readonly name: string
  readonly role: Role
  /** Null: all devices. */
  readonly deviceIds: readonly number[] | null
  readonly createdBy: string
  readonly createdAt: string
  /** Null: never. */
  readonly expiresAt: string | null
  /** At most a minute behind. */
  readonly lastUsedAt: string | null
}

/** What `POST /auth/api-keys` gives, already checked against its schema. */
export interface NewApiKey {
  readonly name: string
  readonly role: Role
  /** An instant in UTC; left out: it does not expire. */
  readonly expiresAt?: string
  /** Left out: all devices. */
  readonly deviceIds?: readonly number[]
}

/** Keys of machines. */
export interface ApiKeys {
  /** `secret` is given this once. Throws VALIDATION_ERROR for a name that is used, an end that has passed, an unknown device. */
  create(input: NewApiKey, by: Actor): Promise<{ readonly apiKey: ApiKey; readonly secret: string }>
  /** By id; revoked ones are not listed. */
  list(page: PageRequest): Promise<Page<ApiKey>>
  /** Throws API_KEY_NOT_FOUND. */
  revoke(apiKeyId: number, by: Actor): Promise<ApiKey>
  /** Whose key this is, at most a second old; undefined for one that is unknown, expired or revoked, which is recorded. */
  findCaller(secret: string, address: string | null): Promise<Caller | undefined>
}

/** What keys need. */
export interface ApiKeyParts {
  readonly database: Database
  readonly audit: AuditTrail
  readonly rateCounter: RateCounter
}

/** Where a key's name stands among e-mail addresses; no address begins like this. */
const NAME_PREFIX = 'key:'
/** Says what the text is, to people and to programs that look for leaked secrets. */
const SECRET_PREFIX = 'zk_'
const SECRET_BYTES = 32
const USE_NOTED_EVERY_MS = 60_000
/** Of one key or address, so often a refusal is recorded: a machine that was forgotten asks all day. */
const REFUSAL_RECORDED_EVERY_MS = 60_000

/** Keys on a database. */
export function createApiKeys(parts: ApiKeyParts): ApiKeys {
  const { database, audit } = parts

  const known = rememberBriefly(async (keyHash: string): Promise<ApiKeyRow | undefined> => {
    const row = await database.apiKeys.findByHash(keyHash)
    if (row !== undefined && isGood(row)) await noteUse(database, row)
    return row
  })

  return {
    create: async (input, by) => createKey(parts, input, by),

    async list({ page, limit }) {
      const { rows, total } = await database.apiKeys.list({ offset: (page - 1) * limit, limit })
      return { rows: rows.map(toApiKey), total }
    },

    async revoke(apiKeyId, by) {
      const revoked = await database.transaction(async (tx) => {
        const row = await tx.apiKeys.revoke(apiKeyId, new Date().toISOString())
        if (row === undefined) throw new ServiceError('API_KEY_NOT_FOUND')
        const target = { type: 'api-key' as const, id: row.id }
        const details = { name: row.name }
        await audit.record(tx, { action: 'api-key.revoke', by, target, outcome: 'success', details })
        return row
      })
      known.forget()
      return toApiKey(revoked)
    },

    async findCaller(secret, address) {
      const keyHash = hashSecret(secret)
      const row = await known.get(keyHash)
      if (row !== undefined && isGood(row)) return callerOf(row)
      await recordRefusal(parts, row, address)
      return undefined
    },
  }
}

async function createKey(
  { database, audit }: ApiKeyParts,
  { name, role, expiresAt, deviceIds }: NewApiKey,
  by: Actor,
): Promise<{ apiKey: ApiKey; secret: string }> {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Date.now())
    throw validationError([{ field: 'expires_at', message: 'has passed' }])
  const secret = SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
  try {
    const row = await database.transaction(async (tx) => {
      const unknown = await missingAmong(
        deviceIds ?? [],
        async (id) => (await tx.devices.findById(id)) !== undefined,
      )
      if (unknown.length > 0)
        throw validationError([{ field: 'device_ids', message: `names no device: ${unknown.join(', ')}` }])
      const inserted = await tx.apiKeys.insert({
        name,
        role,
        keyHash: hashSecret(secret),
        deviceIds: deviceIds ?? null,
        createdBy: by.name,
        createdAt: new Date().toISOString(),
        expiresAt: expiresAt ?? null,
      })
      await audit.record(tx, {
        action: 'api-key.create',
        by,
        target: { type: 'api-key', id: inserted.id },
        outcome: 'success',
        details: { name, role, expires_at: expiresAt ?? null, device_ids: deviceIds?.join(',') ?? null },
      })
      return inserted
    })
    return { apiKey: toApiKey(row), secret }
  } catch (error) {
    if (!(error instanceof UniqueViolation) || error.constraint !== 'api_keys.live_name') throw error
    throw validationError([{ field: 'name', message: 'is the name of another key' }])
  }
}

async function missingAmong(
  ids: readonly number[],
  exists: (id: number) => Promise<boolean>,
): Promise<readonly number[]> {
  const missing: number[] = []
  for (const id of ids) if (!(await exists(id))) missing.push(id)
  return missing
}

/** At most once a minute, also with many processes. */
async function noteUse(database: Database, row: ApiKeyRow): Promise<void> {
  const now = Date.now()
  const since = now - USE_NOTED_EVERY_MS
  if (row.lastUsedAt !== null && Date.parse(row.lastUsedAt) >= since) return
  await database.apiKeys.noteUse(row.id, new Date(now).toISOString(), new Date(since).toISOString())
}

/** A key that is not good leaves a row, once a minute: the key's own, or that of the address for one that nobody knows. */
async function recordRefusal(
  { database, audit, rateCounter }: ApiKeyParts,
  row: ApiKeyRow | undefined,
  address: string | null,
): Promise<void> {
  const whose = row === undefined ? `address:${address ?? 'inside'}` : `key:${row.id}`
  const { count } = await rateCounter.hit(`key-refused:${whose}`, REFUSAL_RECORDED_EVERY_MS)
  if (count > 1) return
  await database.transaction((tx) =>
    audit.record(tx, {
      action: 'api-key.use',
      by: { name: row === undefined ? `${NAME_PREFIX}?` : NAME_PREFIX + row.name, accountId: null, address },
      target: row === undefined ? null : { type: 'api-key', id: row.id },
      outcome: 'refused',
      errorCode: 'UNAUTHORIZED',
      details: { why: row === undefined ? 'unknown' : row.revokedAt === null ? 'expired' : 'revoked' },
    }),
  )
}

function isGood({ revokedAt, expiresAt }: ApiKeyRow): boolean {
  return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > Date.now())
}

function callerOf({ id, name, role, deviceIds }: ApiKeyRow): Caller {
  return {
    name: NAME_PREFIX + name,
    role,
    accountId: null,
    apiKeyId: id,
    familyId: null,
    deviceIds: deviceIds ?? 'all',
  }
}

function toApiKey(row: ApiKeyRow): ApiKey {
  const { id, name, role, deviceIds, createdBy, createdAt, expiresAt, lastUsedAt } = row
  return { id, name, role, deviceIds, createdBy, createdAt, expiresAt, lastUsedAt }
}

/** A key is random enough that a plain digest gives nothing away. */
function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
