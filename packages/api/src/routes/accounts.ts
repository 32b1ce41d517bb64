// Accounts, for admins: see them, change them, remove them.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  AccountEditRequest,
  AccountParams,
  AccountQuery,
  ListedAccount,
  toListedAccount,
} from '../schemas/account.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { toPagination } from '../schemas/paging.ts'

const LISTED = 'Accounts'
const CHANGED = 'Account changed'
const REMOVED = 'Account removed'

export const accountRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { accounts } = app.services

  app.get(
    '/auth/accounts',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'listAccounts',
        summary: 'List the accounts',
        querystring: AccountQuery,
        response: { 200: successList(LISTED, ListedAccount) },
      },
    },
    async ({ query: { page, limit } }) => {
      const { rows, total } = await accounts.list({ page, limit })
      return {
        ...succeeded(LISTED, rows.map(toListedAccount)),
        pagination: toPagination({ page, limit, total, nextCursor: null }),
      }
    },
  )

  app.patch(
    '/auth/accounts/:accountId',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'editAccount',
        summary: "Change an account's role or password, or switch it off",
        description:
          'A change ends all logins of the account within a second. The last admin who can log in stays one: 400.',
        params: AccountParams,
        body: AccountEditRequest,
        response: { 200: success(CHANGED, ListedAccount), ...failures('ACCOUNT_NOT_FOUND') },
      },
    },
    async ({ params, body, actor }) =>
      succeeded(CHANGED, toListedAccount(await accounts.edit(params.accountId, body, actor))),
  )

  app.delete(
    '/auth/accounts/:accountId',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Auth'],
        operationId: 'removeAccount',
        summary: 'Remove an account',
        description:
          'Its logins end within a second, its e-mail address and user name are free, and the audit trail keeps its name. The last admin who can log in cannot be removed: 400.',
        params: AccountParams,
        response: { 200: success(REMOVED, ListedAccount), ...failures('ACCOUNT_NOT_FOUND') },
      },
    },
    async ({ params, actor }) =>
      succeeded(REMOVED, toListedAccount(await accounts.remove(params.accountId, actor))),
  )
}
