// What registering and changing a device have in common before anything is stored: every fault of what was given at once, the
// terminal reached and its key tried, and what a failed write means.
import { UniqueViolation } from '@org/data'
import { checkNameEncoding, ZkUsageError, type TerminalInfo } from '@org/zk-proto'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { DeviceInput } from '../device.ts'
import { isZone } from '../device-zone.ts'
import { ServiceError, type FieldFault } from '../errors.ts'
import { clockDriftSeconds } from '../terminals/clock-drift.ts'
import type { DialAddress, Dialler } from '../terminals/dial.ts'
import type { LeaseKeeper } from '../terminals/lease.ts'
import type { NetworkBounds } from '../terminals/network-bounds.ts'
import { inServiceWords, unreachable } from '../terminals/terminal-errors.ts'
import { factsOf, type TerminalFacts } from '../terminals/terminal-facts.ts'

/** What is needed to check a device. */
export interface CheckDeviceParts {
  readonly config: Config
  readonly bounds: NetworkBounds
  readonly dialler: Dialler
  readonly leases: LeaseKeeper
  readonly log: Logger
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal
  /** What the conversation with the terminal may take, once it is free. Default: 15 s; shorter in tests. */
  readonly conversationMs?: number
}

const HIGHEST_KEY = 4_294_967_295
const CONVERSATION_MS = 15_000

/** Every fault of the fields that are given. */
export async function faultsOf(
  { bounds }: Pick<CheckDeviceParts, 'bounds'>,
  given: Partial<Pick<DeviceInput, 'password' | 'timezone' | 'nameEncoding' | 'ip'>>,
): Promise<FieldFault[]> {
  const faults: FieldFault[] = []
  if (commKeyOf(given.password ?? '') === undefined)
    faults.push({ field: 'password', message: `must be empty or decimal digits up to ${HIGHEST_KEY}` })
  if (given.timezone !== undefined && !isZone(given.timezone))
    faults.push({ field: 'timezone', message: 'must be an IANA zone such as Asia/Jakarta' })
  if (given.nameEncoding !== undefined && !isNameEncoding(given.nameEncoding))
    faults.push({
      field: 'name_encoding',
      message: 'must be auto or a WHATWG encoding label such as gb18030',
    })
  const decision = given.ip === undefined ? undefined : await bounds.decide(given.ip)
  if (decision?.allowed === false && decision.reason === 'address_not_allowed')
    faults.push({ field: 'ip', message: 'lies outside the networks that DEVICE_NETWORKS allows' })
  return faults
}

/** The comm key that a password means, '' and '0' none (0); undefined where it is no key. */
export function commKeyOf(password: string): number | undefined {
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

/** A terminal that was reached, and what it said. */
export interface MetTerminal {
  readonly facts: TerminalFacts
  /** Its clock minus ours under a zone, in seconds; null where it shows no real date. */
  readonly driftIn: (timezone: string) => number | null
}

/** Connects, authenticates, asks who it is, and leaves. Two that do so with one address do it one after the other. */
export async function meetTerminal(parts: CheckDeviceParts, address: DialAddress): Promise<MetTerminal> {
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
    return metAs(await terminal.info({ signal, deadlineMs: conversationMs }), parts.log, address)
  } catch (error) {
    const reason = inServiceWords(error, 'registration', signal)
    throw reason === patience.reason ? unreachable(reason, 'registration', 'silent', true) : reason
  } finally {
    await lease.release()
  }
}

function metAs(info: TerminalInfo, log: Logger, address: DialAddress): MetTerminal {
  const { wallTime, wallTimeReadAtMs: readAtMs } = info
  return {
    facts: factsOf(info, log, address),
    driftIn: (timezone) => (wallTime === null ? null : clockDriftSeconds({ wallTime, readAtMs }, timezone)),
  }
}

/** What its owner should know: a label that is not the terminal's own serial number. */
export function warningsOf(label: string | null | undefined, own: string | null): string[] {
  if (label === undefined || label === null || own === null || label === own) return []
  return [`The terminal names itself ${own}; the serial number ${label} is kept as the device's label`]
}

/** A key that somebody else was quicker with, in the service's words; anything else as it is. */
export function takenMeanwhile(error: unknown): unknown {
  if (!(error instanceof UniqueViolation)) return error
  return error.constraint === 'devices.terminal_serial'
    ? new ServiceError('DEVICE_EXISTS_BY_SERIAL', { cause: error })
    : new ServiceError('DEVICE_EXISTS', { cause: error })
}
