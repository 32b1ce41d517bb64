// Registered terminals: register one, list them, see one.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowDevices } from '@org/core'
import {
  DeviceParams,
  DeviceQuery,
  DeviceReply,
  DeviceRequest,
  RegisteredDevice,
  toDeviceInput,
  toDeviceReply,
  toRegisteredDevice,
} from '../schemas/device.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { toPagination } from '../schemas/paging.ts'

const REGISTERED = 'Device registered successfully'
const LISTED = 'Devices'
const FOUND = 'Device'

export const deviceRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { devices } = app.services

  app.post(
    '/devices',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Devices'],
        operationId: 'registerDevice',
        summary: 'Register a terminal',
        description:
          'The terminal is connected to and its key tried first; when that fails nothing is stored.',
        body: DeviceRequest,
        response: {
          201: success(REGISTERED, RegisteredDevice),
          ...failures(
            'DEVICE_UNREACHABLE_AT_REGISTRATION',
            'DEVICE_AUTH_FAILED_AT_REGISTRATION',
            'DEVICE_EXISTS',
            'DEVICE_EXISTS_BY_SERIAL',
            'DEVICE_BUSY',
            'DATABASE_UNAVAILABLE_AT_REGISTRATION',
          ),
        },
      },
    },
    async ({ body, actor }, reply) => {
      const { device, warnings } = await devices.register(toDeviceInput(body), actor)
      reply.code(201).header('location', `/api/v1/devices/${device.id}`)
      return succeeded(REGISTERED, toRegisteredDevice(device, warnings))
    },
  )

  app.get(
    '/devices',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Devices'],
        operationId: 'listDevices',
        summary: 'List the registered terminals',
        querystring: DeviceQuery,
        response: { 200: successList(LISTED, DeviceReply) },
      },
    },
    async ({ query: { page, limit, ...filter }, caller }) => {
      const ids = narrowDevices(caller)
      const narrowed = { ...filter, ...(ids !== undefined && { ids }) }
      const { rows, total } = await devices.list(narrowed, { page, limit })
      return {
        ...succeeded(LISTED, rows.map(toDeviceReply)),
        pagination: toPagination({ page, limit, total, nextCursor: null }),
      }
    },
  )

  app.get(
    '/devices/:deviceId',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Devices'],
        operationId: 'getDevice',
        summary: 'See a registered terminal',
        params: DeviceParams,
        response: { 200: success(FOUND, DeviceReply), ...failures('DEVICE_NOT_FOUND') },
      },
    },
    async ({ params }) => succeeded(FOUND, toDeviceReply(await devices.find(params.deviceId))),
  )
}
