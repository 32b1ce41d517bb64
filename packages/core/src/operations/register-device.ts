// Registering a terminal, in the seed's order: checked, address free, reached and authenticated, serial number free, stored.
// Whatever goes wrong, nothing is stored.
import {
  DatabaseUnavailable,
  UniqueViolation,
  type Database,
  type Device as DeviceRow,
  type NewDevice,
} from '@org/data'
import { checkNameEncoding, DEFAULT_PORT, ZkUsageError, type TerminalInfo } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { Config } from '../config.ts'
import { toDevice, type Device, type DeviceInput } from '../device.ts'
import { isZone } from '../device-zone.ts'
import { ServiceError, validationError, type FieldFault } from '../errors.ts'
import type { Secrets } from '../secrets.ts'
import { clockDriftSeconds } from '../terminals/clock-drift.ts'
import type { DialAddress, Dialler } from '../terminals/dial.ts'
import type { LeaseKeeper } from '../terminals/lease.ts'
import { canonicalHost, type NetworkBounds } from '../terminals/network-bounds.ts'
import { inServiceWords, unreachable } from '../terminals/terminal-errors.ts'
import { factsOf, factsToStore, type TerminalFacts } from '../terminals/terminal-facts.ts'

/** What registering needs. */
export interface RegisterDeviceParts {
  readonly config: Config
  readonly database: Database
  readonly secrets: Secrets
  readonly audit: AuditTrail
  readonly bounds: NetworkBounds
  readonly dialler: Dialler
  readonly leases: LeaseKeeper
  readonly log: Logger
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal
  /** What the conversation with the terminal may take, once it is free. Default: 15 s; shorter in tests. */
  readonly conversationMs?: number
}

/** A device that was registered, and what its owner should know about it. */
export interface RegisteredDevice {
  readonly device: Device
  readonly warnings: readonly string[]
}

const HIGHEST_KEY = 4_294_967_295
const CONVERSATION_MS = 15_000
/** See Devices.register. */
export async function registerDevice(
  parts: RegisterDeviceParts,
  input: DeviceInput,
  by: Actor,
): Promise<RegisteredDevice> {
  const address = await checkInput(parts, input)
  if ((await parts.database.devices.findByAddress(address.ip, address.port)) !== undefined)
    throw new ServiceError('DEVICE_EXISTS')

  const info = await readTerminal(parts, address)
  const facts = factsOf(info, parts.log, address)
  const row = await store(parts, newRow(parts, input, address, info, facts), by)
  return { device: toDevice(row), warnings: warningsOf(input, facts) }
}

/** Every fault of the input at once, and where to dial. */
async function checkInput(parts: RegisterDeviceParts, input: DeviceInput): Promise<DialAddress> {
  const faults: FieldFault[] = []
  const commKey = commKeyOf(input.password ?? '')
  if (commKey === undefined)
    faults.push({ field: 'password', message: `must be empty or decimal digits up to ${HIGHEST_KEY}` })
  if (input.timezone !== undefined && !isZone(input.timezone))
    faults.push({ field: 'timezone', message: 'must be an IANA zone such as Asia/Jakarta' })
  if (input.nameEncoding !== undefined && !isNameEncoding(input.nameEncoding))
    faults.push({
      field: 'name_encoding',
      message: 'must be auto or a WHATWG encoding label such as gb18030',
    })
  const decision = await parts.bounds.decide(input.ip)
  if (!decision.allowed && decision.reason === 'address_not_allowed')
    faults.push({ field: 'ip', message: 'lies outside the networks that DEVICE_NETWORKS allows' })
  if (commKey === undefined || faults.length > 0) throw validationError(faults)
  return {
    ip: canonicalHost(input.ip),
    port: input.port ?? DEFAULT_PORT,
    transport: input.transport ?? 'auto',
    nameEncoding: input.nameEncoding ?? 'auto',
    commKey,
  }
}

/** '' and '0' mean none. */
function commKeyOf(password: string): number | undefined {
  if (!/^\d{0,10}$/.test(password)) return undefined
  const key = Number(password)
  return key <= HIGHEST_KEY ? key : undefined
}

function isNameEncoding(label: string): boolean {
  try {
    checkNameEncoding(label)
    return true
  } catch (error) {
    if (error instanceof ZkUsageError) return false
    throw error
  }
}

/** Connects, authenticates, asks who it is, and leaves. Two registrations of one address do so one after the other. */
async function readTerminal(parts: RegisterDeviceParts, address: DialAddress): Promise<TerminalInfo> {
  const { leases, dialler, config, stopping, conversationMs = CONVERSATION_MS } = parts
  const lease = await leases.acquire(
    { address: `${address.ip}:${address.port}` },
    { waitMs: config.DEVICE_WAIT_MS, signal: stopping },
  )
  // The terminal's time begins with its turn: whoever waited for the lease did not wait for the terminal.
  const patience = AbortSignal.timeout(conversationMs)
  const signal = AbortSignal.any([stopping, lease.signal, patience])
  try {
    await using terminal = await dialler.dial(address, 'registration', signal)
    return await terminal.info({ signal, deadlineMs: conversationMs })
  } catch (error) {
    const reason = inServiceWords(error, 'registration', signal)
    throw reason === patience.reason ? unreachable(reason, 'registration', 'silent', true) : reason
  } finally {
    await lease.release()
  }
}

function newRow(
  { config, secrets }: RegisterDeviceParts,
  input: DeviceInput,
  address: DialAddress,
  info: TerminalInfo,
  facts: TerminalFacts,
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
    clockDriftSeconds:
      info.wallTime === null
        ? null
        : clockDriftSeconds({ wallTime: info.wallTime, readAtMs: info.wallTimeReadAtMs }, timezone),
    info: factsToStore(facts),
    createdAt: now,
  }
}

async function store(parts: RegisterDeviceParts, device: NewDevice, by: Actor): Promise<DeviceRow> {
  const { database, audit } = parts
  const known = await findBySerial(database, device.terminalSerialNumber)
  if (known !== undefined && known.deletedAt === null)
    throw new ServiceError('DEVICE_EXISTS_BY_SERIAL', { details: { device_id: known.id } })
  try {
    return await database.transaction(async (tx) => {
      const row = known === undefined ? undefined : await tx.devices.revive(known.id, device)
      const stored = row ?? (await tx.devices.insert(device))
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
    throw storingFailed(error)
  }
}

async function findBySerial(database: Database, serial: string | null): Promise<DeviceRow | undefined> {
  return serial === null ? undefined : database.devices.findByTerminalSerial(serial, { deleted: true })
}

function storingFailed(error: unknown): unknown {
  if (error instanceof DatabaseUnavailable)
    return new ServiceError('DATABASE_UNAVAILABLE_AT_REGISTRATION', { cause: error })
  if (!(error instanceof UniqueViolation)) return error
  return error.constraint === 'devices.terminal_serial'
    ? new ServiceError('DEVICE_EXISTS_BY_SERIAL', { cause: error })
    : new ServiceError('DEVICE_EXISTS', { cause: error })
}

function warningsOf(input: DeviceInput, facts: TerminalFacts): string[] {
  const { serialNumber: own } = facts
  if (input.serialNumber === undefined || input.serialNumber === null || own === null) return []
  if (input.serialNumber === own) return []
  return [
    `The terminal names itself ${own}; the serial number ${input.serialNumber} is kept as the device's label`,
  ]
}
