// Punches, and the job that brings them from a terminal.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DeviceParams } from '../schemas/device.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { ClearingRequest, JobReceipt, SyncRequest, toJobReceipt } from '../schemas/job.ts'
import { toPagination } from '../schemas/paging.ts'
import { toPunchRequest } from '../schemas/punch-filter.ts'
import { PunchQuery, PunchReply, toPunchReply } from '../schemas/punch.ts'

const LISTED = 'Attendance records'
const QUEUED = 'Sync job queued successfully'
const CLEARING = 'Clearing job queued successfully'

export const attendanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { attendance } = app.services

  app.get(
    '/attendance',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Attendance'],
        operationId: 'listAttendance',
        summary: 'List attendance records',
        querystring: PunchQuery,
        response: { 200: successList(LISTED, PunchReply) },
      },
    },
    async ({ query }) => {
      const { filter, paging } = toPunchRequest(query)
      const { rows, total, nextCursor } = await attendance.list(filter, paging)
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

  app.delete(
    '/attendance/device/:deviceId',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Attendance'],
        operationId: 'clearAttendance',
        summary: "Clear a terminal's attendance log",
        description:
          'Answers at once with the job that does it: the log is read, and cleared only where it is proven that every record is stored; else the job fails with UNSYNCED_RECORDS. Stored punches stay.',
        params: DeviceParams,
        body: ClearingRequest,
        response: { 202: success(CLEARING, JobReceipt), ...failures('DEVICE_NOT_FOUND', 'DEVICE_INACTIVE') },
      },
    },
    async ({ params: { deviceId }, body, actor }, reply) => {
      const { job, deduplicated } = await attendance.requestClearing(deviceId, body, actor)
      reply.code(202).header('location', `/api/v1/queue/jobs/${job.id}`)
      return succeeded(CLEARING, toJobReceipt(job, deviceId, deduplicated))
    },
  )
}
