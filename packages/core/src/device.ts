// A device as the service shows it: its row without the comm key.
import type { Device as DeviceRow } from '@org/data'

/** How the terminal is spoken to. */
export type DeviceTransport = 'auto' | 'tcp' | 'udp'
/** What the terminal's unlock command counts in; firmware disagrees. */
export type UnlockUnit = 'tenths' | 'seconds'
/** Switched off by an admin or not. */
export type DeviceStatus = 'active' | 'inactive'

/** One registered terminal. Times are ISO 8601 in UTC. */
export interface Device {
  readonly id: number
  readonly name: string
  /** IPv4, IPv6 or host name. */
  readonly ip: string
  readonly port: number
  readonly location: string | null
  /** A label, as given at registration; the terminal's own when none was given. */
  readonly serialNumber: string | null
  /** What the terminal itself answers. */
  readonly terminalSerialNumber: string | null
  readonly transport: DeviceTransport
  /** IANA zone of the terminal's clock. */
  readonly timezone: string
  /** `auto` or a WHATWG label. */
  readonly nameEncoding: string
  readonly live: boolean
  readonly syncIntervalMinutes: number | null
  readonly unlockUnit: UnlockUnit
  readonly status: DeviceStatus
  readonly hasCommKey: boolean
  readonly isConnected: boolean
  readonly lastSeenAt: string | null
  readonly lastSyncAt: string | null
  /** When it syncs by itself next; null: it does not. */
  readonly nextSyncAt: string | null
  /** The last contact's error code; null when it went well. */
  readonly lastError: string | null
  /** The terminal's clock minus ours, in seconds. */
  readonly clockDriftSeconds: number | null
  readonly createdAt: string
  readonly updatedAt: string
}

/** What `POST /devices` gives, already checked against its schema. Left out means the default. */
export interface DeviceInput {
  readonly name: string
  readonly ip: string
  readonly port?: number
  /** The comm key: empty or decimal digits up to 4294967295; '' and '0' mean none. */
  readonly password?: string
  readonly location?: string | null
  readonly serialNumber?: string | null
  readonly transport?: DeviceTransport
  readonly timezone?: string
  readonly nameEncoding?: string
  readonly live?: boolean
  readonly syncIntervalMinutes?: number | null
  readonly unlockUnit?: UnlockUnit
}

/**
 * What `PUT` and `PATCH /devices/{deviceId}` give, already checked against their schema. Left out means that it stays. `timezone` alone
 * corrects the instants of all punches; with `timezoneSince` (a wall time, YYYY-MM-DDTHH:MM:SS) the terminal has moved, and those
 * before keep theirs.
 */
export interface DeviceChange extends Partial<DeviceInput> {
  readonly timezoneSince?: string
  readonly status?: DeviceStatus
}

/** The last known state of a device. */
export interface DeviceState {
  readonly device: Device
  /** How many attendance records its terminal last said it holds and can hold; null where it never did. */
  readonly records: { readonly count: number; readonly capacity: number } | null
}

/** Which devices are listed. */
export interface DeviceFilter {
  readonly status?: DeviceStatus
  /** Part of a name, location, address or serial number. */
  readonly search?: string
  /** Of these alone. */
  readonly ids?: readonly number[]
}

/** A page by number, from 1. */
export interface PageRequest {
  readonly page: number
  readonly limit: number
}

/** One page and how many there are in all. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly total: number
}

/** The last known state of a device, from its row alone. */
export function toDeviceState(row: DeviceRow): DeviceState {
  const records: unknown = row.info?.['records']
  const told = typeof records === 'object' && records !== null && 'count' in records && 'capacity' in records
  const { count, capacity } = told ? records : { count: undefined, capacity: undefined }
  const usable = typeof count === 'number' && typeof capacity === 'number'
  return { device: toDevice(row), records: usable ? { count, capacity } : null }
}

/** A device's row without what nobody outside may see. */
export function toDevice(row: DeviceRow): Device {
  return {
    id: row.id,
    name: row.name,
    ip: row.ip,
    port: row.port,
    location: row.location,
    serialNumber: row.serialNumber,
    terminalSerialNumber: row.terminalSerialNumber,
    transport: row.transport,
    timezone: row.timezone,
    nameEncoding: row.nameEncoding,
    live: row.live,
    syncIntervalMinutes: row.syncIntervalMinutes,
    unlockUnit: row.unlockUnit,
    status: row.status,
    hasCommKey: row.commKeyEncrypted !== null,
    isConnected: row.isConnected,
    lastSeenAt: row.lastSeenAt,
    lastSyncAt: row.lastSyncAt,
    nextSyncAt: row.nextSyncAt,
    lastError: row.lastError,
    clockDriftSeconds: row.clockDriftSeconds,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}
