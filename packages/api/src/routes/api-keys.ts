// API keys of machines, for admins: make one, list them, revoke one.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  ApiKeyParams,
  ApiKeyQuery,
  ApiKeyReply,
  ApiKeyRequest,
  NewApiKeyReply,
  toApiKeyReply,
  toNewApiKey,
} from '../schemas/api-key.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { toPagination } from '../schemas/paging.ts'

const MADE = 'API key made; it is shown this once'
const LISTED = 'API keys'
const REVOKED = 'API key revoked'

export const apiKeyRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { apiKeys } = app.services

  app.post(
    '/auth/api-keys',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'makeApiKey',
        summary: 'Make an API key for a machine',
        description: 'The answer is the only one that shows the key. It is sent as the header `x-api-key`.',
        body: ApiKeyRequest,
        response: { 201: success(MADE, NewApiKeyReply) },
      },
    },
    async ({ body, actor }, reply) => {
      const { apiKey, secret } = await apiKeys.create(toNewApiKey(body), actor)
      reply.code(201).header('cache-control', 'no-store')
      return succeeded(MADE, { ...toApiKeyReply(apiKey), key: secret })
    },
  )

  app.get(
    '/auth/api-keys',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'listApiKeys',
        summary: 'List the API keys, without the keys themselves',
        querystring: ApiKeyQuery,
        response: { 200: successList(LISTED, ApiKeyReply) },
      },
    },
    async ({ query: { page, limit } }) => {
      const { rows, total } = await apiKeys.list({ page, limit })
      return {
        ...succeeded(LISTED, rows.map(toApiKeyReply)),
        pagination: toPagination({ page, limit, total, nextCursor: null }),
      }
    },
  )

  app.delete(
    '/auth/api-keys/:apiKeyId',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description: 'It opens nothing from the next second on, in every process.',
        params: ApiKeyParams,
        response: { 200: success(REVOKED, ApiKeyReply), ...failures('API_KEY_NOT_FOUND') },
      },
    },
    async ({ params, actor }) =>
      succeeded(REVOKED, toApiKeyReply(await apiKeys.revoke(params.apiKeyId, actor))),
  )
}
