// Punches, and the job that brings them from a terminal.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowFilter } from '@org/core'
import type { CacheQuestion, PunchFilter, PunchPage, PunchPaging } from '@org/core'
import { answerWithJob } from '../job-answer.ts'
import { replyFromCache } from '../plugins/cached-replies.ts'
import { DeviceParams } from '../schemas/device.ts'
import { NOT_MODIFIED, failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { ClearingRequest, JobReceipt, SyncRequest } from '../schemas/job.ts'
import { toPagination } from '../schemas/paging.ts'
import { toPunchRequest } from '../schemas/punch-filter.ts'
import {
  DevicePunchQuery,
  PersonParams,
  PersonPunchQuery,
  PunchQuery,
  PunchReply,
  toPunchReply,
} from '../schemas/punch.ts'

const LISTED = 'Attendance records'
const QUEUED = 'Sync job queued successfully'
const CACHED =
  'Kept for five minutes, or until something in it changes: `x-cache` says HIT or MISS, and `if-none-match` with the `etag` gets 304.'
const CLEARING = 'Clearing job queued successfully'

export const attendanceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { attendance, cachedAnswers } = app.services

  app.get(
    '/attendance',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Attendance'],
        operationId: 'listAttendance',
        summary: 'List attendance records',
        description: CACHED,
        querystring: PunchQuery,
        response: { 200: successList(LISTED, PunchReply), 304: NOT_MODIFIED },
      },
    },
    async (request, reply) => {
      const { paging, ...asked } = toPunchRequest(request.query)
      const filter = narrowFilter(request.caller, asked.filter)
      const question = questionOf('all', filter, paging)
      return replyFromCache(cachedAnswers, request, reply, question, async () =>
        toPunchList(await attendance.list(filter, paging), paging),
      )
    },
  )

  app.get(
    '/attendance/device/:deviceId',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Attendance'],
        operationId: 'listAttendanceOfDevice',
        summary: 'List the attendance records of a terminal',
        description: `Those of a deleted one too. ${CACHED}`,
        params: DeviceParams,
        querystring: DevicePunchQuery,
        response: {
          200: successList(LISTED, PunchReply),
          304: NOT_MODIFIED,
          ...failures('DEVICE_NOT_FOUND'),
        },
      },
    },
    async (request, reply) => {
      const { deviceId } = request.params
      const { filter, paging } = toPunchRequest({ ...request.query, device_id: deviceId })
      const question = questionOf('device', filter, paging)
      return replyFromCache(cachedAnswers, request, reply, question, async () =>
        toPunchList(await attendance.listOfDevice(deviceId, filter, paging), paging),
      )
    },
  )

  app.get(
    '/attendance/user/:userId',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Attendance'],
        operationId: 'listAttendanceOfUser',
        summary: 'List the attendance records of a person',
        description: `Of whoever has this PIN, on whatever device. ${CACHED}`,
        params: PersonParams,
        querystring: PersonPunchQuery,
        response: { 200: successList(LISTED, PunchReply), 304: NOT_MODIFIED },
      },
    },
    async (request, reply) => {
      const { paging, ...asked } = toPunchRequest({ ...request.query, user_id: request.params.userId })
      const filter = narrowFilter(request.caller, asked.filter)
      const question = questionOf('all', filter, paging)
      return replyFromCache(cachedAnswers, request, reply, question, async () =>
        toPunchList(await attendance.list(filter, paging), paging),
      )
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
      return answerWithJob(reply, QUEUED, deviceId, await attendance.requestSync(deviceId, body, actor))
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
      return answerWithJob(reply, CLEARING, deviceId, await attendance.requestClearing(deviceId, body, actor))
    },
  )
}

/** `asked` keeps apart what is answered differently: a list of an unknown device is empty, that device's own list is not found. */
function questionOf(asked: 'all' | 'device', filter: PunchFilter, paging: PunchPaging): CacheQuestion {
  const { deviceIds, ...rest } = filter
  return { subject: 'attendance', deviceIds, filter: [asked, rest, paging] }
}

function toPunchList({ rows, total, nextCursor }: PunchPage, paging: PunchPaging) {
  const page = 'page' in paging ? paging.page : null
  return {
    ...succeeded(LISTED, rows.map(toPunchReply)),
    pagination: toPagination({ page, limit: paging.limit, total, nextCursor }),
  }
}
