// The one way to a registered terminal: breaker, turn and lease, pooled session, then the act; errors in the service's words,
// and a note of how the contact went on the device's row.
import type { Database, Device as DeviceRow } from '@org/data'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import type { Secrets } from '../secrets.ts'
import type { Breakers } from './breaker.ts'
import { createContactCare } from './contact-care.ts'
import type { NoteContact } from './contact-notes.ts'
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
  /** True for an operation that reads the clock itself, or after which no other question may follow: a door. */
  readonly measuresClock?: boolean
  /** See UseOptions. */
  readonly hasWaited?: boolean
  /** See UseOptions. */
  readonly sendsOnce?: boolean
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
  readonly noteContact: NoteContact
  readonly log: Logger
  /** What is done first whenever a terminal is had, but not before a short question or a door. It deals with its own failures. */
  readonly beforeAct?: (hand: TerminalAtHand) => Promise<void>
}

/** The way to every terminal of this process. */
export function createWithTerminal(access: TerminalAccess): WithTerminal {
  const { database, secrets, breakers, pool, dialler, noteContact } = access
  const care = createContactCare(access)

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
      measuresClock = false,
      hasWaited = false,
      sendsOnce = false,
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
      sendsOnce,
      async findWay() {
        device = await findActiveDevice(database, deviceId)
        return wayTo(device)
      },
    }
    const actInServiceWords = async (held: HeldTerminal): Promise<Awaited<ReturnType<typeof act>>> => {
      reached = true
      try {
        const hand = { ...held, device }
        // Short acts go first: nobody stands before a door while others are let in.
        if (manner !== 'joining') {
          await care.letIn(hand)
          await access.beforeAct?.(hand)
        }
        const result = await act(hand)
        if (manner === 'joining') await care.letIn(hand)
        await care.measureClock(hand, measuresClock)
        return result
      } catch (error) {
        throw inServiceWords(error, 'operation', held.signal)
      }
    }
    try {
      const result = await pool.use(use, actInServiceWords)
      await noteContact(deviceId, { reached, error: undefined })
      return result
    } catch (error) {
      await noteContact(deviceId, { reached, error })
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

/** Where a device is dialled. Throws STORED_KEY_UNREADABLE. */
export function addressOf(device: DeviceRow, secrets: Secrets): DialAddress {
  const { ip, port, transport, nameEncoding, commKeyEncrypted } = device
  const commKey = commKeyEncrypted === null ? 0 : Number(secrets.unseal('device.comm-key', commKeyEncrypted))
  return { ip, port, transport, nameEncoding, commKey }
}

/** Changes whenever a session made before would not be the same session now. */
export function dialKeyOf(device: DeviceRow): string {
  const { ip, port, transport, nameEncoding, commKeyEncrypted } = device
  return JSON.stringify([ip, port, transport, nameEncoding, commKeyEncrypted])
}
