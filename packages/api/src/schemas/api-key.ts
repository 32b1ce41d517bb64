// API keys in JSON. The key itself goes out once, when it is made.
import type { ApiKey, NewApiKey } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { AccountRole } from './account.ts'
import { Instant, InstantOrNull, toInstant, toInstantOrNull } from './instant.ts'
import { PageQuery } from './paging.ts'

const MAX_ID = Number.MAX_SAFE_INTEGER
const MOST_DEVICES = 1_000

const name = {
  description: 'Stands as key:<name> where an e-mail address would; no two keys have the same',
  examples: ['payroll'],
}

/** The id of a key in a path. */
export const ApiKeyParams = Type.Object({
  apiKeyId: Type.Integer({ minimum: 1, maximum: MAX_ID, description: 'Id of the API key', examples: [1] }),
})

/** Query of `GET /auth/api-keys`. */
export const ApiKeyQuery = Type.Object({ ...PageQuery })

/** Body of `POST /auth/api-keys`. */
export const ApiKeyRequest = Type.Object(
  {
    name: Type.String({ format: 'name', minLength: 1, maxLength: 60, ...name }),
    role: AccountRole,
    expires_at: Type.Optional(
      Type.String({
        format: 'instant',
        description: 'It opens nothing from then on; left out: no end',
        examples: ['2034-02-05T14:30:00Z'],
      }),
    ),
    device_ids: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: MAX_ID }), {
        minItems: 1,
        maxItems: MOST_DEVICES,
        uniqueItems: true,
        description: 'It sees and touches these devices alone; left out: all devices',
        examples: [[1]],
      }),
    ),
  },
  { additionalProperties: false, description: 'The key to make' },
)

const fields = {
  id: Type.Integer({ examples: [1] }),
  name: Type.String(name),
  role: AccountRole,
  device_ids: Type.Union([Type.Array(Type.Integer()), Type.Null()], {
    description: 'null: all devices',
    examples: [[1]],
  }),
  created_by: Type.String({ description: 'Who made it', examples: ['admin@example.com'] }),
  created_at: Instant('When it was made'),
  expires_at: InstantOrNull('It opens nothing from then on; null: no end'),
  last_used_at: InstantOrNull('When it was last used, at most a minute behind; null: never'),
}

/** A key as lists show it. */
export const ApiKeyReply = Type.Object(fields, { $id: 'ApiKey', description: 'A key without the key itself' })

/** A key that was just made. */
export const NewApiKeyReply = Type.Object(
  {
    ...fields,
    key: Type.String({
      description: 'The key; send it as the header `x-api-key`. It is not shown again',
      examples: ['zk_8vT0m3Yk1pQxJ5r2s7uNfHc4LwEaZdBgViKoXy6RtM9'],
    }),
  },
  { $id: 'NewApiKey', description: 'A key, shown this once' },
)

/** What a body asks for. */
export function toNewApiKey(body: Static<typeof ApiKeyRequest>): NewApiKey {
  const { name, role, expires_at: expiresAt, device_ids: deviceIds } = body
  return {
    name,
    role,
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    ...(deviceIds !== undefined && { deviceIds }),
  }
}

/** A key in JSON. */
export function toApiKeyReply(apiKey: ApiKey): Static<typeof ApiKeyReply> {
  return {
    id: apiKey.id,
    name: apiKey.name,
    role: apiKey.role,
    device_ids: apiKey.deviceIds === null ? null : [...apiKey.deviceIds],
    created_by: apiKey.createdBy,
    created_at: toInstant(apiKey.createdAt),
    expires_at: toInstantOrNull(apiKey.expiresAt),
    last_used_at: toInstantOrNull(apiKey.lastUsedAt),
  }
}
