// Changing a registered terminal: only the fields that are named. A new address, port, transport or key is tried first, as on
// registering, and must lead to the same terminal; a new zone goes into the history, and the stored punches follow it.
import type { Database, Device as DeviceRow, DeviceChanges, Transaction } from '@org/data'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import { toDevice, type DeviceChange } from '../device.ts'
import { wallClockMs } from '../device-zone.ts'
import { ServiceError, validationError, type FieldFault } from '../errors.ts'
import { timesCorrection } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { SyncTimes } from '../schedules/sync-times.ts'
import type { Secrets } from '../secrets.ts'
import type { Breakers } from '../terminals/breaker.ts'
import type { DialAddress } from '../terminals/dial.ts'
import { canonicalHost } from '../terminals/network-bounds.ts'
import { factsToStore } from '../terminals/terminal-facts.ts'
import { addressOf, dialKeyOf } from '../terminals/with-terminal.ts'
import { correctedHistory, movedHistory, readZoneHistory, sameHistory, zoneAt } from '../zone-history.ts'
import {
  commKeyOf,
  faultsOf,
  meetTerminal,
  takenMeanwhile,
  warningsOf,
  type CheckDeviceParts,
  type MetTerminal,
} from './check-device.ts'
import { cancelJobsOf, letGo } from './remove-device.ts'
import type { RegisteredDevice } from './register-device.ts'

/** What changing needs. */
export interface ChangeDeviceParts extends CheckDeviceParts {
  readonly database: Database
  readonly secrets: Secrets
  readonly audit: AuditTrail
  readonly jobs: JobQueue
  readonly breakers: Breakers
  readonly changes: Changes
  readonly syncTimes: SyncTimes
}

/** See Devices.change. */
export async function changeDevice(
  parts: ChangeDeviceParts,
  deviceId: number,
  change: DeviceChange,
  by: Actor,
): Promise<RegisteredDevice> {
  const { database } = parts
  const before = await database.devices.findById(deviceId)
  if (before === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
  const faults = [...(await faultsOf(parts, change)), ...zoneFaults(change)]
  if (faults.length > 0) throw validationError(faults)
  if (namesOf(change).length === 0) return { device: toDevice(before), warnings: [] }

  const address = newAddress(parts, before, change)
  const met = address === undefined ? undefined : await tryAddress(parts, before, address)
  const row = await store(parts, { before, change, address, met, by })
  if (met !== undefined) parts.breakers.forget(deviceId)
  if (change.status === 'inactive') await cancelJobsOf(parts, deviceId)
  await parts.changes.tell({ of: 'device', deviceId })
  if (change.status === 'inactive') await letGo(parts, deviceId)
  return { device: toDevice(row), warnings: warningsOf(change.serialNumber, row.terminalSerialNumber) }
}

function zoneFaults({ timezone, timezoneSince }: DeviceChange): FieldFault[] {
  if (timezoneSince === undefined) return []
  if (timezone === undefined)
    return [{ field: 'timezone_since', message: 'says since when another timezone holds; name that one too' }]
  return wallClockMs(timezoneSince) === undefined
    ? [
        {
          field: 'timezone_since',
          message: 'must be a wall time such as 2024-02-05T21:30:00, without a zone',
        },
      ]
    : []
}

/** Where to dial from now on; undefined where nothing of it changes. */
function newAddress(
  { secrets }: ChangeDeviceParts,
  before: DeviceRow,
  change: DeviceChange,
): DialAddress | undefined {
  const ip = change.ip === undefined ? before.ip : canonicalHost(change.ip)
  const { port = before.port, transport = before.transport, nameEncoding = before.nameEncoding } = change
  const given = change.password === undefined ? undefined : commKeyOf(change.password)
  const moved = ip !== before.ip || port !== before.port || transport !== before.transport
  // A key that is named is tried even where it is the old one: the stored one may have become unreadable.
  if (!moved && given === undefined) return undefined
  const commKey = given ?? addressOf(before, secrets).commKey
  return { ip, port, transport, nameEncoding, commKey }
}

/** Reaches the terminal as on registering, past the breaker; another terminal is another device. */
async function tryAddress(
  parts: ChangeDeviceParts,
  before: DeviceRow,
  address: DialAddress,
): Promise<MetTerminal> {
  const { database, leases, config, stopping } = parts
  const holder = await database.devices.findByAddress(address.ip, address.port)
  if (holder !== undefined && holder.id !== before.id) throw new ServiceError('DEVICE_EXISTS')

  const lease = await leases.acquire(
    { deviceId: before.id },
    { waitMs: config.DEVICE_WAIT_MS, signal: stopping },
  )
  let met: MetTerminal
  try {
    met = await meetTerminal({ ...parts, stopping: AbortSignal.any([stopping, lease.signal]) }, address)
  } finally {
    await lease.release()
  }

  const { serialNumber } = met.facts
  if (serialNumber === null || serialNumber === before.terminalSerialNumber) return met
  const owner = await database.devices.findByTerminalSerial(serialNumber, { deleted: true })
  if (owner !== undefined && owner.deletedAt === null)
    throw new ServiceError('DEVICE_EXISTS_BY_SERIAL', { details: { device_id: owner.id } })
  if (before.terminalSerialNumber === null && owner === undefined) return met
  throw validationError([
    {
      field: 'ip',
      message: `leads to the terminal ${serialNumber}, not to ${before.terminalSerialNumber ?? 'this one'}; register it as a device of its own`,
    },
  ])
}

/** A change that was checked. */
interface CheckedChange {
  /** The row that it was checked against. */
  readonly before: DeviceRow
  readonly change: DeviceChange
  readonly address: DialAddress | undefined
  readonly met: MetTerminal | undefined
  readonly by: Actor
}

async function store(parts: ChangeDeviceParts, checked: CheckedChange): Promise<DeviceRow> {
  const { database, audit } = parts
  const { before, change, by } = checked
  const { id: deviceId } = before
  try {
    return await database.transaction(async (tx) => {
      const now = new Date().toISOString()
      const locked = await tx.devices.lock(deviceId)
      if (locked.deletedAt !== null) throw new ServiceError('DEVICE_NOT_FOUND')
      // What was tried is the address and key together: a change of either that came in between was not.
      if (checked.address !== undefined && dialKeyOf(locked) !== dialKeyOf(before)) throw changedMeanwhile()
      const zone = await storeZone(parts, tx, { deviceId, change, now })
      const row = await tx.devices.update(
        deviceId,
        { ...changesOf(parts, checked, zone, now), ...planOf(parts, locked, change, now) },
        now,
      )
      if (row === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
      await audit.record(tx, {
        action: 'device.change',
        by,
        target: { type: 'device', id: deviceId },
        outcome: 'success',
        details: { fields: namesOf(change).join(', ') },
      })
      return row
    })
  } catch (error) {
    throw takenMeanwhile(error)
  }
}

function changedMeanwhile(): ServiceError {
  return new ServiceError('DEVICE_BUSY', {
    message: 'The device was changed by somebody else meanwhile; try again',
  })
}

/** Writes the history, and queues what follows from it. Gives the zone that is in force now. The device's row is locked. */
async function storeZone(
  { jobs }: ChangeDeviceParts,
  tx: Transaction,
  {
    deviceId,
    change: { timezone, timezoneSince },
    now,
  }: { readonly deviceId: number; readonly change: DeviceChange; readonly now: string },
): Promise<string> {
  const before = await readZoneHistory(tx, deviceId)
  if (timezone === undefined) return zoneAt(before, Date.parse(now))
  const zones =
    timezoneSince === undefined
      ? correctedHistory(timezone)
      : movedHistory(before, { since: timezoneSince, timezone })
  if (!sameHistory(before, zones)) await tx.devices.replaceZones(deviceId, zones, now)
  // Also where the zone stays: naming it once more makes good a correction that was cancelled.
  await jobs.enqueue(timesCorrection, { deviceId }, { tx })
  return zoneAt(zones, Date.parse(now))
}

function changesOf(
  { secrets }: ChangeDeviceParts,
  { change, address, met }: CheckedChange,
  zone: string,
  now: string,
): DeviceChanges {
  // What is known of the terminal by another way than the caller's is left out here.
  const {
    ip: _ip,
    port: _port,
    transport: _transport,
    password,
    timezone: _zone,
    timezoneSince: _since,
    ...named
  } = change
  return {
    ...named,
    ...(address !== undefined && {
      ip: address.ip,
      port: address.port,
      transport: address.transport,
    }),
    ...(address !== undefined &&
      password !== undefined && {
        commKeyEncrypted:
          address.commKey === 0 ? null : secrets.seal('device.comm-key', String(address.commKey)),
      }),
    ...(met !== undefined && {
      isConnected: true,
      lastSeenAt: now,
      lastError: null,
      // Whoever was told that it is offline is told that it is back by the next contact: a conversation under the device's own lease.
      unreachableSince: null,
      clockDriftSeconds: met.driftIn(zone),
      info: factsToStore(met.facts),
      ...(met.facts.serialNumber !== null && { terminalSerialNumber: met.facts.serialNumber }),
    }),
  }
}

/** When it syncs by itself next, where that may have become another time. */
function planOf(
  { syncTimes }: ChangeDeviceParts,
  before: DeviceRow,
  { status = before.status, syncIntervalMinutes = before.syncIntervalMinutes }: DeviceChange,
  now: string,
): DeviceChanges {
  if (status === before.status && syncIntervalMinutes === before.syncIntervalMinutes) return {}
  if (status === 'inactive') return { nextSyncAt: null, syncSchedule: null }
  return syncTimes.planAfter({ id: before.id, syncIntervalMinutes }, new Date(now))
}

/** Fields by the names that the API gives them, for the audit trail: never what they hold. */
const FIELD_NAMES: Readonly<Record<keyof DeviceChange, string>> = {
  name: 'name',
  ip: 'ip',
  port: 'port',
  password: 'password',
  location: 'location',
  serialNumber: 'serial_number',
  transport: 'transport',
  timezone: 'timezone',
  timezoneSince: 'timezone_since',
  nameEncoding: 'name_encoding',
  live: 'live',
  syncIntervalMinutes: 'sync_interval_minutes',
  unlockUnit: 'unlock_unit',
  status: 'status',
}

function namesOf(change: DeviceChange): string[] {
  return Object.entries(FIELD_NAMES).flatMap(([key, name]) => (Object.hasOwn(change, key) ? [name] : []))
}
