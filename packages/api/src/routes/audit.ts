// The audit trail, for admins: who did what, and whether anybody has changed the record of it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  AuditQuery,
  AuditReply,
  VerdictReply,
  toAuditFilter,
  toAuditReply,
  toVerdictReply,
} from '../schemas/audit.ts'
import { succeeded, success, successList } from '../schemas/envelope.ts'
import { toPagination } from '../schemas/paging.ts'

const LISTED = 'Audit trail'
const VERIFIED = 'Audit trail verified'

export const auditRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { audit } = app.services

  app.get(
    '/audit',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Audit'],
        operationId: 'listAudit',
        summary: 'List what was done, newest first',
        description: 'An attempt and what became of it, two rows of the chain, are shown as one.',
        querystring: AuditQuery,
        response: { 200: successList(LISTED, AuditReply) },
      },
    },
    async ({ query }) => {
      const { page, limit } = query
      const { rows, total } = await audit.list(toAuditFilter(query), { page, limit })
      return {
        ...succeeded(LISTED, rows.map(toAuditReply)),
        pagination: toPagination({ page, limit, total, nextCursor: null }),
      }
    },
  )

  app.get(
    '/audit/verify',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Audit'],
        operationId: 'verifyAudit',
        summary: 'Prove that no row of the audit trail was changed or removed',
        description:
          'Note count and hash elsewhere now and then: with them you can tell even that the whole trail was replaced.',
        response: { 200: success(VERIFIED, VerdictReply) },
      },
    },
    async () => succeeded(VERIFIED, toVerdictReply(await audit.verify())),
  )
}
