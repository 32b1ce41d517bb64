// The one way to a registered terminal: breaker, turn and lease, pooled session, then the act; errors in the service's words,
// and a note of how the contact went on the device's row.
import type { Database, Device as DeviceRow } from '@org/data'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import type { Secrets } from '../secrets.ts'
import type { Breakers } from './breaker.ts'
import type { DialAddress, Dialler } from './dial.ts'
import type { HeldTerminal, Manner, SessionPool, UseOptions, WayToTerminal } from './session-pool.ts'
import { inServiceWords } from './terminal-errors.ts'

/** A terminal in hand, with the device's row as it was when its turn began. */
export interface TerminalAtHand extends HeldTerminal {
  readonly device: DeviceRow
}

/** How long an operation may wait, and what ends it. */
export interface WithTerminalOptions {
  readonly signal: AbortSignal
  /** How long to wait for the terminal; DEVICE_WAIT_MS when left out. */
  readonly waitMs?: number
  /** How the terminal is shared with other operations of this process; alone when left out. */
  readonly manner?: Manner
  /** See UseOptions. */
  readonly hasYielded?: boolean
  /** See UseOptions. */
  readonly hasWaited?: boolean
}

/**
 * Runs `act` alone with a device's terminal. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE, DEVICE_UNREACHABLE, DEVICE_TIMEOUT,
 * DEVICE_BUSY, DEVICE_AUTH_FAILED and what `act` throws, in the service's words.
 */
export type WithTerminal = <T>(
  deviceId: number,
  options: WithTerminalOptions,
  act: (hand: TerminalAtHand) => Promise<T>,
) => Promise<T>

/** What the way to a terminal is made of. */
export interface TerminalAccess {
  readonly database: Database
  readonly secrets: Secrets
  readonly breakers: Breakers
  readonly pool: SessionPool
  readonly dialler: Dialler
  readonly waitMs: number
  readonly log: Logger
}

/** The way to every terminal of this process. */
export function createWithTerminal(access: TerminalAccess): WithTerminal {
  const { database, secrets, breakers, pool, dialler } = access

  const wayTo = (device: DeviceRow): WayToTerminal => ({
    dialKey: dialKeyOf(device),
    connect: (signal) =>
      breakers.guard(device.id, () => dialler.dial(addressOf(device, secrets), 'operation', signal)),
  })

  return async (deviceId, options, act) => {
    const {
      signal,
      waitMs = access.waitMs,
      manner = 'alone',
      hasYielded = false,
      hasWaited = false,
    } = options
    let device = await findActiveDevice(database, deviceId)
    breakers.assertClosed(deviceId)
    let reached = false
    const use: UseOptions = {
      deviceId,
      waitMs,
      signal,
      manner,
      hasYielded,
      hasWaited,
      async findWay() {
        device = await findActiveDevice(database, deviceId)
        return wayTo(device)
      },
    }
    const actInServiceWords = async (held: HeldTerminal): Promise<Awaited<ReturnType<typeof act>>> => {
      reached = true
      try {
        return await act({ ...held, device })
      } catch (error) {
        throw inServiceWords(error, 'operation', held.signal)
      }
    }
    try {
      const result = await pool.use(use, actInServiceWords)
      await noteContact(access, deviceId, { reached, error: undefined })
      return result
    } catch (error) {
      await noteContact(access, deviceId, { reached, error })
      throw error
    }
  }
}

/** The device's row. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE. */
export async function findActiveDevice(database: Database, deviceId: number): Promise<DeviceRow> {
  const device = await database.devices.findById(deviceId)
  if (device === undefined) throw new ServiceError('DEVICE_NOT_FOUND')
  if (device.status !== 'active') throw new ServiceError('DEVICE_INACTIVE')
  return device
}

function addressOf(device: DeviceRow, secrets: Secrets): DialAddress {
  const { ip, port, transport, nameEncoding, commKeyEncrypted } = device
  const commKey = commKeyEncrypted === null ? 0 : Number(secrets.unseal('device.comm-key', commKeyEncrypted))
  return { ip, port, transport, nameEncoding, commKey }
}

/** Changes whenever a session made before would not be the same session now. */
function dialKeyOf(device: DeviceRow): string {
  const { ip, port, transport, nameEncoding, commKeyEncrypted } = device
  return JSON.stringify([ip, port, transport, nameEncoding, commKeyEncrypted])
}

/** Codes that say something about the terminal; what goes wrong with leases or the database says nothing. */
const ABOUT_THE_TERMINAL = new Set([
  'DEVICE_UNREACHABLE',
  'DEVICE_TIMEOUT',
  'DEVICE_AUTH_FAILED',
  'DEVICE_COMMAND_FAILED',
  'DEVICE_TRANSFER_INCOMPLETE',
  'DEVICE_DATA_UNREADABLE',
])

/** A note only: what the caller gets does not hang on it. */
async function noteContact(
  { database, log }: TerminalAccess,
  deviceId: number,
  { reached, error }: { readonly reached: boolean; readonly error: unknown },
): Promise<void> {
  const code = error instanceof ServiceError && ABOUT_THE_TERMINAL.has(error.code) ? error.code : null
  if (!reached && code === null) return
  try {
    await database.devices.noteContact(deviceId, {
      isConnected: code !== 'DEVICE_UNREACHABLE' && code !== 'DEVICE_TIMEOUT',
      lastError: code,
      ...(reached ? { lastSeenAt: new Date().toISOString() } : {}),
    })
  } catch (fault) {
    log.warn({ err: fault, deviceId }, 'the state of a device could not be noted')
  }
}
