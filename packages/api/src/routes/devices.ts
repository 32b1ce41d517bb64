// Registered terminals: register one, list them, see one, change it, delete it.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowDevices } from '@org/core'
import {
  ChangedDevice,
  DeviceChangeRequest,
  DeviceParams,
  DeviceQuery,
  DeviceReply,
  DeviceRequest,
  DeviceStateReply,
  RegisteredDevice,
  RemovedDevice,
  toChangedDevice,
  toDeviceChange,
  toDeviceInput,
  toDeviceReply,
  toDeviceStateReply,
  toRegisteredDevice,
} from '../schemas/device.ts'
import { failures, succeeded, success, successList } from '../schemas/envelope.ts'
import { toPagination } from '../schemas/paging.ts'

const REGISTERED = 'Device registered successfully'
const LISTED = 'Devices'
const FOUND = 'Device'
const CHANGED = 'Device updated successfully'
const REMOVED = 'Device deleted successfully'
const STATE = 'Device status'

/** Both change only the fields that are named. */
const CHANGES = [
  { method: 'PUT', operationId: 'replaceDeviceFields' },
  { method: 'PATCH', operationId: 'changeDevice' },
] as const

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

  for (const { method, operationId } of CHANGES) {
    app.route({
      method,
      url: '/devices/:deviceId',
      config: { role: 'admin' },
      schema: {
        tags: ['Devices'],
        operationId,
        summary: 'Change the fields of a terminal that are named',
        description:
          'A new address, port, transport or key is tried first and must lead to the same terminal. A timezone corrects the instants of all punches, with timezone_since of those from then on. Switched off, its unfinished jobs are cancelled.',
        params: DeviceParams,
        body: DeviceChangeRequest,
        response: {
          200: success(CHANGED, ChangedDevice),
          ...failures(
            'DEVICE_UNREACHABLE_AT_REGISTRATION',
            'DEVICE_AUTH_FAILED_AT_REGISTRATION',
            'DEVICE_NOT_FOUND',
            'DEVICE_EXISTS',
            'DEVICE_EXISTS_BY_SERIAL',
            'DEVICE_BUSY',
            'STORED_KEY_UNREADABLE',
          ),
        },
      },
      handler: async ({ params, body, actor }) => {
        const { device, warnings } = await devices.change(params.deviceId, toDeviceChange(body), actor)
        return succeeded(CHANGED, toChangedDevice(device, warnings))
      },
    })
  }

  app.delete(
    '/devices/:deviceId',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Devices'],
        operationId: 'deleteDevice',
        summary: 'Delete a terminal',
        description: 'Its jobs are cancelled, its punches stay readable, its address becomes free.',
        params: DeviceParams,
        response: { 200: success(REMOVED, RemovedDevice), ...failures('DEVICE_NOT_FOUND') },
      },
    },
    async ({ params: { deviceId }, actor }) => {
      await devices.remove(deviceId, actor)
      return succeeded(REMOVED, { device_id: deviceId })
    },
  )

  app.get(
    '/devices/:deviceId/status',
    {
      config: { role: 'user' },
      schema: {
        tags: ['Devices'],
        operationId: 'getDeviceStatus',
        summary: 'See the last known state of a terminal, without asking it',
        params: DeviceParams,
        response: { 200: success(STATE, DeviceStateReply), ...failures('DEVICE_NOT_FOUND') },
      },
    },
    async ({ params }) => succeeded(STATE, toDeviceStateReply(await devices.findState(params.deviceId))),
  )
}
