// Registered terminals: what the service offers on them.
import type { Actor } from './accounts/account.ts'
import {
  toDevice,
  type Device,
  type DeviceFilter,
  type DeviceInput,
  type Page,
  type PageRequest,
} from './device.ts'
import { ServiceError } from './errors.ts'
import {
  registerDevice,
  type RegisterDeviceParts,
  type RegisteredDevice,
} from './operations/register-device.ts'

/** Registered terminals. */
export interface Devices {
  /**
   * Address free? Terminal reachable, key right? Serial number free? Then stored. `warnings` tells of a serial number that
   * differs from the terminal's own. Throws VALIDATION_ERROR (also for an address outside DEVICE_NETWORKS), DEVICE_EXISTS,
   * DEVICE_UNREACHABLE and DEVICE_AUTH_FAILED (400), DEVICE_BUSY, DATABASE_UNAVAILABLE (500); then nothing was stored.
   */
  register(input: DeviceInput, by: Actor): Promise<RegisteredDevice>
  /** Throws DEVICE_NOT_FOUND. */
  find(deviceId: number): Promise<Device>
  /** By id. */
  list(filter: DeviceFilter, page: PageRequest): Promise<Page<Device>>
}

/** The service on devices. */
export function createDevices(parts: RegisterDeviceParts): Devices {
  const { database } = parts
  return {
    register: (input, by) => registerDevice(parts, input, by),
    async find(deviceId) {
      const row = await database.devices.findById(deviceId)
      if (row === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
      return toDevice(row)
    },
    async list(filter, { page, limit }) {
      const { rows, total } = await database.devices.list(filter, { offset: (page - 1) * limit, limit })
      return { rows: rows.map(toDevice), total }
    },
  }
}
