// Punches as a file of any size. It is made while the client takes it, batch by batch; a client that goes away or takes nothing ends it,
// and a fault on the way breaks the connection, so that half a file is never taken for a whole one.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowFilter } from '@org/core'
import { punchFile, type PunchFormat } from '../export/punch-file.ts'
import { callerGone } from '../plugins/caller-gone.ts'
import { EXPORT_TYPES, PunchFile } from '../schemas/punch-file.ts'
import { toPunchFilter } from '../schemas/punch-filter.ts'
import { PunchExportQuery } from '../schemas/punch.ts'

/** A client that takes nothing for so long has lost interest. */
const STALL_MS = 60_000

export const attendanceExportRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { attendance } = app.services

  app.get(
    '/attendance/export',
    {
      // A HEAD would read everything and send nothing.
      exposeHeadRoute: false,
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Attendance'],
        operationId: 'exportAttendance',
        summary: 'Export attendance records as a file',
        description:
          'The filters and fields of the list, without pages. In csv and xlsx a text that begins like a formula stands behind an apostrophe. A connection that ends early means that the file is not whole.',
        querystring: PunchExportQuery,
        response: { 200: PunchFile },
      },
    },
    async ({ query, caller }, reply) => {
      const { format, sort, ...asked } = query
      const filter = narrowFilter(caller, toPunchFilter(asked))
      // Its first batch is read before anything is sent: what fails at once is answered as every error is.
      const file = await punchFile(format, attendance.each(filter, sort, callerGone(reply)))
      reply.raw.setTimeout(STALL_MS, () => reply.raw.destroy())
      reply.header('content-disposition', `attachment; filename="${fileName(format, new Date())}"`)
      reply.header('cache-control', 'no-store')
      return reply.type(EXPORT_TYPES[format]).send(file)
    },
  )
}

function fileName(format: PunchFormat, at: Date): string {
  return `attendance-${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.${format}`
}
