// What is asked of a terminal itself, now.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ErrorName } from '@org/core'
import { callerGone } from '../plugins/caller-gone.ts'
import { DeviceParams } from '../schemas/device.ts'
import {
  ClockReply,
  DeviceInfoReply,
  RestartReply,
  RestartRequest,
  SyncTimeRequest,
  toClockReply,
  toDeviceInfoReply,
  toRestartReply,
} from '../schemas/device-operation.ts'
import { failures, succeeded, success } from '../schemas/envelope.ts'

const TOLD = 'Device info'
const RESTARTING = 'Device restart initiated'
const SET = 'Device time synchronized'

/** What any contact with a terminal may end in. */
export const TERMINAL_ERRORS = [
  'DEVICE_NOT_FOUND',
  'DEVICE_INACTIVE',
  'DEVICE_COMMAND_FAILED',
  'DEVICE_DATA_UNREADABLE',
  'STORED_KEY_UNREADABLE',
  'DEVICE_UNREACHABLE',
  'DEVICE_TIMEOUT',
  'DEVICE_BUSY',
  'DEVICE_AUTH_FAILED',
  'DEVICE_TRANSFER_INCOMPLETE',
  'QUEUE_UNAVAILABLE',
] as const satisfies readonly ErrorName[]

export const deviceOperationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { devices } = app.services

  app.get(
    '/devices/:deviceId/info',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Device operations'],
        operationId: 'getDeviceInfo',
        summary: 'Ask a terminal who it is, how full it is and what its clock shows',
        params: DeviceParams,
        response: { 200: success(TOLD, DeviceInfoReply), ...failures(...TERMINAL_ERRORS) },
      },
    },
    async ({ params }, reply) =>
      succeeded(TOLD, toDeviceInfoReply(await devices.readInfo(params.deviceId, callerGone(reply)))),
  )

  app.post(
    '/devices/:deviceId/sync-time',
    {
      config: { role: 'operator' },
      schema: {
        tags: ['Device operations'],
        operationId: 'syncDeviceTime',
        summary: "Set a terminal's clock to now in its zone",
        params: DeviceParams,
        body: SyncTimeRequest,
        response: { 200: success(SET, ClockReply), ...failures(...TERMINAL_ERRORS) },
      },
    },
    async ({ params, actor }, reply) =>
      succeeded(SET, toClockReply(await devices.setClock(params.deviceId, actor, callerGone(reply)))),
  )

  app.post(
    '/devices/:deviceId/restart',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Device operations'],
        operationId: 'restartDevice',
        summary: 'Restart a terminal',
        description:
          'Sent once. All its connections end, and it is away for 30 to 60 seconds; it is marked as connected again once it answers. 500 when it refuses, or does not answer before the command could be sent.',
        params: DeviceParams,
        body: RestartRequest,
        response: {
          200: success(RESTARTING, RestartReply),
          ...failures(
            'DEVICE_NOT_FOUND',
            'DEVICE_INACTIVE',
            'DEVICE_COMMAND_FAILED',
            'DEVICE_UNREACHABLE_AT_RESTART',
            'STORED_KEY_UNREADABLE',
            'DEVICE_BUSY',
            'DEVICE_AUTH_FAILED',
            'DEVICE_TRANSFER_INCOMPLETE',
            'QUEUE_UNAVAILABLE',
          ),
        },
      },
    },
    async ({ params, actor }, reply) =>
      succeeded(RESTARTING, toRestartReply(await devices.restart(params.deviceId, actor, callerGone(reply)))),
  )
}
