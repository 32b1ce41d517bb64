// Registering a terminal, in the seed's order: checked, address free, reached and authenticated, serial number free, stored.
// Whatever goes wrong, nothing is stored.
import {
  DatabaseUnavailable,
  type Database,
  type Device as DeviceRow,
  type NewDevice,
  type Transaction,
} from '@org/data'
import { DEFAULT_PORT } from '@org/zk-proto'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import { toDevice, type Device, type DeviceInput } from '../device.ts'
import { deviceZone } from '../device-zone.ts'
import { ServiceError, validationError } from '../errors.ts'
import { timesCorrection } from '../jobs/catalogue.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import type { SyncTimes } from '../schedules/sync-times.ts'
import type { Secrets } from '../secrets.ts'
import type { DialAddress } from '../terminals/dial.ts'
import { canonicalHost } from '../terminals/network-bounds.ts'
import { factsToStore } from '../terminals/terminal-facts.ts'
import { movedHistory, readZoneHistory, sameHistory, type ZoneHistory } from '../zone-history.ts'
import {
  commKeyOf,
  faultsOf,
  meetTerminal,
  takenMeanwhile,
  warningsOf,
  type CheckDeviceParts,
  type MetTerminal,
} from './check-device.ts'

/** What registering needs. */
export interface RegisterDeviceParts extends CheckDeviceParts {
  readonly database: Database
  readonly secrets: Secrets
  readonly audit: AuditTrail
  readonly jobs: JobQueue
  readonly syncTimes: SyncTimes
}

/** A device that was registered, and what its owner should know about it. */
export interface RegisteredDevice {
  readonly device: Device
  readonly warnings: readonly string[]
}

/** See Devices.register. */
export async function registerDevice(
  parts: RegisterDeviceParts,
  input: DeviceInput,
  by: Actor,
): Promise<RegisteredDevice> {
  const address = await checkInput(parts, input)
  if ((await parts.database.devices.findByAddress(address.ip, address.port)) !== undefined)
    throw new ServiceError('DEVICE_EXISTS')

  const met = await meetTerminal(parts, address)
  const row = await store(parts, newRow(parts, input, address, met), by)
  return { device: toDevice(row), warnings: warningsOf(input.serialNumber, met.facts.serialNumber) }
}

/** Every fault of the input at once, and where to dial. */
async function checkInput(parts: RegisterDeviceParts, input: DeviceInput): Promise<DialAddress> {
  const faults = await faultsOf(parts, input)
  const commKey = commKeyOf(input.password ?? '')
  if (commKey === undefined || faults.length > 0) throw validationError(faults)
  return {
    ip: canonicalHost(input.ip),
    port: input.port ?? DEFAULT_PORT,
    transport: input.transport ?? 'auto',
    nameEncoding: input.nameEncoding ?? 'auto',
    commKey,
  }
}

function newRow(
  { config, secrets }: RegisterDeviceParts,
  input: DeviceInput,
  address: DialAddress,
  { facts, driftIn }: MetTerminal,
): NewDevice {
  const now = new Date().toISOString()
  const timezone = input.timezone ?? config.DEFAULT_TIMEZONE
  const commKey = address.commKey === 0 ? null : secrets.seal('device.comm-key', String(address.commKey))
  return {
    name: input.name,
    ip: address.ip,
    port: address.port,
    commKeyEncrypted: commKey,
    location: input.location ?? null,
    serialNumber: input.serialNumber ?? facts.serialNumber,
    terminalSerialNumber: facts.serialNumber,
    transport: address.transport,
    timezone,
    nameEncoding: address.nameEncoding,
    live: input.live ?? true,
    syncIntervalMinutes: input.syncIntervalMinutes ?? null,
    unlockUnit: input.unlockUnit ?? 'tenths',
    isConnected: true,
    lastSeenAt: now,
    clockDriftSeconds: driftIn(timezone),
    info: factsToStore(facts),
    createdAt: now,
  }
}

async function store(parts: RegisterDeviceParts, device: NewDevice, by: Actor): Promise<DeviceRow> {
  const { database, audit, syncTimes } = parts
  const known = await findBySerial(database, device.terminalSerialNumber)
  if (known !== undefined && known.deletedAt === null)
    throw new ServiceError('DEVICE_EXISTS_BY_SERIAL', { details: { device_id: known.id } })
  try {
    return await database.transaction(async (tx) => {
      const zones = known === undefined ? undefined : await readZoneHistory(tx, known.id)
      const row = known === undefined ? undefined : await tx.devices.revive(known.id, device)
      const unplanned = row ?? (await tx.devices.insert(device))
      const plan = syncTimes.planAfter(unplanned, new Date(device.createdAt))
      await tx.syncPlans.move(unplanned, plan)
      const stored = { ...unplanned, ...plan }
      if (known !== undefined && zones !== undefined && row !== undefined)
        await goOnInZone(parts, tx, { gone: known, zones, device })
      const { id, ip, port, terminalSerialNumber } = stored
      await audit.record(tx, {
        action: 'device.register',
        by,
        target: { type: 'device', id },
        outcome: 'success',
        details: { ip, port, terminalSerialNumber, revived: row !== undefined },
      })
      return stored
    })
  } catch (error) {
    if (error instanceof DatabaseUnavailable)
      throw new ServiceError('DATABASE_UNAVAILABLE_AT_REGISTRATION', { cause: error })
    throw takenMeanwhile(error)
  }
}

/**
 * A device that comes back in another zone has moved since it was deleted: what it recorded before keeps its instants. Whoever
 * meant a correction changes the zone once more.
 */
async function goOnInZone(
  { jobs }: RegisterDeviceParts,
  tx: Transaction,
  { gone, zones, device }: { gone: DeviceRow; zones: ZoneHistory; device: NewDevice },
): Promise<void> {
  const { timezone, createdAt } = device
  const deletedAtMs = Date.parse(gone.deletedAt ?? createdAt)
  const since = new Date(deviceZone(timezone).wallClockAt(deletedAtMs)).toISOString().slice(0, 19)
  const moved = movedHistory(zones, { since, timezone })
  // Also where the newest zone is this one: it may have been meant for a day that has not come.
  if (sameHistory(zones, moved)) return
  await tx.devices.replaceZones(gone.id, moved, createdAt)
  await jobs.enqueue(timesCorrection, { deviceId: gone.id }, { tx })
}

async function findBySerial(database: Database, serial: string | null): Promise<DeviceRow | undefined> {
  return serial === null ? undefined : database.devices.findByTerminalSerial(serial, { deleted: true })
}
