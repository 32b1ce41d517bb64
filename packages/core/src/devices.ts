// Registered terminals: what the service offers on them.
import type { Device as DeviceRow } from '@org/data'
import type { Actor } from './accounts/account.ts'
import type { Changes } from './changes.ts'
import {
  toDevice,
  toDeviceState,
  type Device,
  type DeviceChange,
  type DeviceFilter,
  type DeviceInput,
  type DeviceState,
  type Page,
  type PageRequest,
} from './device.ts'
import { ServiceError } from './errors.ts'
import { changeDevice, type ChangeDeviceParts } from './operations/change-device.ts'
import { readInfo, type DeviceInfo } from './operations/read-info.ts'
import {
  registerDevice,
  type RegisterDeviceParts,
  type RegisteredDevice,
} from './operations/register-device.ts'
import { restartDevice, type Restart, type RestartDeviceParts } from './operations/restart-device.ts'
import { removeDevice } from './operations/remove-device.ts'
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
  /**
   * Changes the fields that are named. A new address, port, transport or key is tried as on registering, and must lead to the same
   * terminal. Switched off (`inactive`), its unfinished jobs are cancelled. Throws as `register` does, and DEVICE_NOT_FOUND.
   */
  change(deviceId: number, change: DeviceChange, by: Actor): Promise<RegisteredDevice>
  /** Its unfinished jobs are cancelled, its punches stay, its address becomes free. Throws DEVICE_NOT_FOUND. */
  remove(deviceId: number, by: Actor): Promise<void>
  /** Throws DEVICE_NOT_FOUND. */
  find(deviceId: number): Promise<Device>
  /** What is known of it without asking the terminal. Throws DEVICE_NOT_FOUND. */
  findState(deviceId: number): Promise<DeviceState>
  /** By id. */
  list(filter: DeviceFilter, page: PageRequest): Promise<Page<Device>>
  /** Asks the terminal now. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE and whatever keeps it from answering. */
  readInfo(deviceId: number, signal: AbortSignal): Promise<DeviceInfo>
  /** Sets the terminal's clock to now in its zone. Throws as readInfo does, and DEVICE_COMMAND_FAILED. */
  setClock(deviceId: number, by: Actor, signal: AbortSignal): Promise<ClockSetting>
  /**
   * Restarts the terminal and watches for it to come back. A terminal that goes without a word counts as restarted. Throws
   * DEVICE_NOT_FOUND, DEVICE_INACTIVE, DEVICE_BUSY, DEVICE_COMMAND_FAILED, and DEVICE_UNREACHABLE (500) before anything was sent.
   */
  restart(deviceId: number, by: Actor, signal: AbortSignal): Promise<Restart>
}

/** What the service on devices needs. */
export interface DevicesParts extends RegisterDeviceParts, ChangeDeviceParts, RestartDeviceParts {
  readonly withTerminal: WithTerminal
  readonly changes: Changes
}

/** The service on devices. */
export function createDevices(parts: DevicesParts): Devices {
  const { database, changes } = parts
  const rowOf = async (deviceId: number): Promise<DeviceRow> => {
    const row = await database.devices.findById(deviceId)
    if (row === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
    return row
  }
  return {
    async register(input, by) {
      const registered = await registerDevice(parts, input, by)
      await changes.tell({ of: 'device', deviceId: registered.device.id })
      return registered
    },
    change: (deviceId, change, by) => changeDevice(parts, deviceId, change, by),
    remove: (deviceId, by) => removeDevice(parts, deviceId, by),
    find: async (deviceId) => toDevice(await rowOf(deviceId)),
    findState: async (deviceId) => toDeviceState(await rowOf(deviceId)),
    async list(filter, { page, limit }) {
      const { rows, total } = await database.devices.list(filter, { offset: (page - 1) * limit, limit })
      return { rows: rows.map(toDevice), total }
    },
    readInfo: (deviceId, signal) => readInfo(parts, deviceId, signal),
    restart: (deviceId, by, signal) => restartDevice(parts, deviceId, by, signal),
    setClock: (deviceId, by, signal) => setClock(parts, deviceId, by, signal),
  }
}
