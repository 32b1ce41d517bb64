// Punches, and the job that brings them from a terminal.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowDevices } from '@org/core'
import { DeviceParams } from '../schemas/device.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { JobReceipt, SyncRequest, toJobReceipt } from '../schemas/job.ts'
import { toPagination } from '../schemas/paging.ts'
import { toPunchRequest } from '../schemas/punch-filter.ts'
import { PunchQuery, PunchReply, toPunchReply } from '../schemas/punch.ts'

const LISTED = 'Attendance records'
const QUEUED = 'Sync job queued successfully'

export const attendanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { attendance } = app.services

  app.get(
    '/attendance',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Attendance'],
        operationId: 'listAttendance',
        summary: 'List attendance records',
        querystring: PunchQuery,
        response: { 200: successList(LISTED, PunchReply) },
      },
    },
    async ({ query, caller }) => {
      const { filter, paging } = toPunchRequest(query)
      const deviceIds = narrowDevices(caller, filter.deviceIds)
      const narrowed = { ...filter, ...(deviceIds !== undefined && { deviceIds }) }
      const { rows, total, nextCursor } = await attendance.list(narrowed, paging)
      const page = 'page' in paging ? paging.page : null
      return {
        ...succeeded(LISTED, rows.map(toPunchReply)),
        pagination: toPagination({ page, limit: paging.limit, total, nextCursor }),
      }
    },
  )

  app.post(
    '/attendance/device/:deviceId/sync',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Attendance'],
        operationId: 'syncAttendance',
        summary: "Sync a terminal's attendance log into the database",
        description:
          'Answers at once with the job that does it. While a sync of the device is unfinished, the same job is given again.',
        params: DeviceParams,
        body: SyncRequest,
        response: { 202: success(QUEUED, JobReceipt), ...failures('DEVICE_NOT_FOUND', 'DEVICE_INACTIVE') },
      },
    },
    async ({ params: { deviceId }, body, actor }, reply) => {
      const { job, deduplicated } = await attendance.requestSync(deviceId, body, actor)
      reply.code(202).header('location', `/api/v1/queue/jobs/${job.id}`)
      return succeeded(QUEUED, toJobReceipt(job, deviceId, deduplicated))
    },
  )
}
