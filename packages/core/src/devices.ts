// Registered terminals: what the service offers on them.
import type { Actor } from './accounts/account.ts'
import type { Changes } from './changes.ts'
import {
  toDevice,
  type Device,
  type DeviceFilter,
  type DeviceInput,
  type Page,
  type PageRequest,
} from './device.ts'
import { ServiceError } from './errors.ts'
import { readInfo, type DeviceInfo } from './operations/read-info.ts'
import {
  registerDevice,
  type RegisterDeviceParts,
  type RegisteredDevice,
} from './operations/register-device.ts'
import { setClock, type ClockSetting } from './operations/set-clock.ts'
import type { WithTerminal } from './terminals/with-terminal.ts'

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
  /** Asks the terminal now. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE and whatever keeps it from answering. */
  readInfo(deviceId: number, signal: AbortSignal): Promise<DeviceInfo>
  /** Sets the terminal's clock to now in its zone. Throws as readInfo does, and DEVICE_COMMAND_FAILED. */
  setClock(deviceId: number, by: Actor, signal: AbortSignal): Promise<ClockSetting>
}

/** What the service on devices needs. */
export interface DevicesParts extends RegisterDeviceParts {
  readonly withTerminal: WithTerminal
  readonly changes: Changes
}

/** The service on devices. */
export function createDevices(parts: DevicesParts): Devices {
  const { database, changes } = parts
  return {
    async register(input, by) {
      const registered = await registerDevice(parts, input, by)
      await changes.tell({ of: 'device', deviceId: registered.device.id })
      return registered
    },
    async find(deviceId) {
      const row = await database.devices.findById(deviceId)
      if (row === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
      return toDevice(row)
    },
    async list(filter, { page, limit }) {
      const { rows, total } = await database.devices.list(filter, { offset: (page - 1) * limit, limit })
      return { rows: rows.map(toDevice), total }
    },
    readInfo: (deviceId, signal) => readInfo(parts, deviceId, signal),
    setClock: (deviceId, by, signal) => setClock(parts, deviceId, by, signal),
  }
}
