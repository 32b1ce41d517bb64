// People on terminals: listed from the database or the terminal, added with a finger, changed, removed; and the jobs that read or
// write many at once.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError, mayTouch, narrowFilter } from '@org/core'
import type { FastifyRequest } from 'fastify'
import { answerWithJob } from '../job-answer.ts'
import { replyFromCache } from '../plugins/cached-replies.ts'
import { callerGone } from '../plugins/caller-gone.ts'
import { DeviceParams } from '../schemas/device.ts'
import { NOT_MODIFIED, failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { JobReceipt } from '../schemas/job.ts'
import { toPagination } from '../schemas/paging.ts'
import {
  DevicePeopleQuery,
  PeopleCopyRequest,
  PeopleQuery,
  PeopleSyncRequest,
  PersonChangesRequest,
  PersonParams,
  PersonReply,
  PersonRequest,
  RemovedPerson,
  enrollSeconds,
  toCopyRequest,
  toNewPerson,
  toPersonChanges,
  toPersonFilter,
  toPersonReply,
} from '../schemas/person.ts'
import { TERMINAL_ERRORS } from './device-operations.ts'

const LISTED = 'Users'
const ADDED = 'User added successfully'
const CHANGED = 'User updated successfully'
const REMOVED = 'User deleted successfully'
const SYNC_QUEUED = 'User sync job queued successfully'
const COPY_QUEUED = 'User copy job queued successfully'

/** What an addition may take beside the enrolment itself: waiting for the terminal, writing, and taking off again. */
const BESIDE_ENROLMENT_MS = 60_000

export const peopleRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { people, cachedAnswers } = app.services
  const mayGrant = ({ caller }: FastifyRequest): boolean => caller.role === 'admin'

  app.get(
    '/users',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Users'],
        operationId: 'listUsers',
        summary: 'List people of all terminals, as last read',
        querystring: PeopleQuery,
        response: { 200: successList(LISTED, PersonReply), 304: NOT_MODIFIED },
      },
    },
    async (request, reply) => {
      const { page, limit } = request.query
      const filter = narrowFilter(request.caller, toPersonFilter(request.query))
      const { deviceIds, ...rest } = filter
      const question = { subject: 'people', deviceIds, filter: [rest, page, limit] } as const
      return replyFromCache(cachedAnswers, request, reply, question, async () => {
        const { rows, total } = await people.list(filter, { page, limit })
        const pagination = toPagination({ page, limit, total, nextCursor: null })
        return { ...succeeded(LISTED, rows.map(toPersonReply)), pagination }
      })
    },
  )

  app.get(
    '/users/device/:deviceId',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Users'],
        operationId: 'listDeviceUsers',
        summary: 'List people of one terminal, as last read or as it answers now',
        params: DeviceParams,
        querystring: DevicePeopleQuery,
        response: { 200: successList(LISTED, PersonReply), ...failures(...TERMINAL_ERRORS) },
      },
    },
    async ({ params: { deviceId }, query }, reply) => {
      const { source, page, limit } = query
      const filter = toPersonFilter(query)
      const { rows, total } =
        source === 'device'
          ? await people.listOnDevice(deviceId, filter, { page, limit }, callerGone(reply))
          : await people.listOfDevice(deviceId, filter, { page, limit })
      const pagination = toPagination({ page, limit, total, nextCursor: null })
      return { ...succeeded(LISTED, rows.map(toPersonReply)), pagination }
    },
  )

  app.post(
    '/users/device/:deviceId',
    {
      config: { role: 'operator', answerWithinMs },
      schema: {
        tags: ['Users'],
        operationId: 'addUser',
        summary: 'Add a person to a terminal and enrol a finger there',
        description:
          'The answer waits for three presses of the finger. When it is not enrolled in time, or the connection is closed meanwhile, the person is taken off the terminal again.',
        params: DeviceParams,
        body: PersonRequest,
        response: {
          201: success(ADDED, PersonReply),
          ...failures('ENROLLMENT_FAILED', 'FORBIDDEN', 'USER_EXISTS', ...TERMINAL_ERRORS),
        },
      },
    },
    async (request, reply) => {
      const { params, body, actor } = request
      const { deviceId } = params
      const person = await people.add({
        ...toNewPerson(body),
        deviceId,
        by: actor,
        mayGrant: mayGrant(request),
        signal: callerGone(reply),
      })
      reply.code(201)
      return succeeded(ADDED, toPersonReply(person))
    },
  )

  app.put(
    '/users/device/:deviceId/:userId',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Users'],
        operationId: 'changeUser',
        summary: 'Change a person on a terminal',
        description: 'Only the fields that are named change; templates stay.',
        params: PersonParams,
        body: PersonChangesRequest,
        response: {
          200: success(CHANGED, PersonReply),
          ...failures('FORBIDDEN', 'USER_NOT_FOUND', ...TERMINAL_ERRORS),
        },
      },
    },
    async (request, reply) => {
      const { deviceId, userId } = request.params
      const person = await people.edit({
        deviceId,
        pin: userId,
        changes: toPersonChanges(request.body),
        by: request.actor,
        mayGrant: mayGrant(request),
        signal: callerGone(reply),
      })
      return succeeded(CHANGED, toPersonReply(person))
    },
  )

  app.delete(
    '/users/device/:deviceId/:userId',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Users'],
        operationId: 'removeUser',
        summary: 'Take a person and their fingers off a terminal',
        description: 'Their punches stay, on the terminal and in the database.',
        params: PersonParams,
        response: {
          200: success(REMOVED, RemovedPerson),
          ...failures('USER_NOT_FOUND', ...TERMINAL_ERRORS),
        },
      },
    },
    async ({ params: { deviceId, userId }, actor }, reply) => {
      await people.remove({ deviceId, pin: userId, by: actor, signal: callerGone(reply) })
      return succeeded(REMOVED, { device_id: deviceId, user_id: userId })
    },
  )

  app.post(
    '/users/device/:deviceId/syncUserToDb',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Users'],
        operationId: 'syncUsersToDatabase',
        summary: "Sync a terminal's people into the database",
        description:
          'Answers at once with the job that does it. While a sync of the device is unfinished, the same job is given again.',
        params: DeviceParams,
        body: PeopleSyncRequest,
        response: {
          202: success(SYNC_QUEUED, JobReceipt),
          ...failures('DEVICE_NOT_FOUND', 'DEVICE_INACTIVE'),
        },
      },
    },
    async ({ params: { deviceId } }, reply) => {
      return answerWithJob(reply, SYNC_QUEUED, deviceId, await people.requestSync(deviceId))
    },
  )

  app.post(
    '/users/device/:deviceId/syncUserToDevice',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Users'],
        operationId: 'syncUsersToDevice',
        summary: 'Write people, and their fingers, to a terminal',
        description:
          'Answers at once with the job that does it. Its result lists who was added, updated, unchanged and refused, each with the reason. Repeating it changes nothing. People with rights at a terminal are written only when an admin asks.',
        params: DeviceParams,
        body: PeopleCopyRequest,
        response: {
          202: success(COPY_QUEUED, JobReceipt),
          ...failures('DEVICE_NOT_FOUND', 'DEVICE_INACTIVE'),
        },
      },
    },
    async (request, reply) => {
      const { deviceId } = request.params
      const { from_device_id } = request.body
      if (from_device_id !== undefined && !mayTouch(request.caller, from_device_id))
        throw new ServiceError('FORBIDDEN_DEVICE')
      const wanted = { ...toCopyRequest(request.body, mayGrant(request)), within: request.caller.deviceIds }
      return answerWithJob(
        reply,
        COPY_QUEUED,
        deviceId,
        await people.requestCopy(deviceId, wanted, request.actor),
      )
    },
  )
}

/** As long as the enrolment was granted, and what goes with it. */
function answerWithinMs({ body }: FastifyRequest): number {
  const asked =
    typeof body === 'object' && body !== null && 'enroll_timeout' in body ? body.enroll_timeout : undefined
  const seconds = enrollSeconds(typeof asked === 'number' ? { enroll_timeout: asked } : {})
  return seconds * 1_000 + BESIDE_ENROLMENT_MS
}
