// connect: reaches a terminal, shakes hands and makes a Terminal. The only file that chooses between transports, and the
// one that says what it means when nobody answers.
import { ZkError, ZkRefusedError, ZkTransportError, ZkUsageError } from './errors.ts'
import { AUTO_ENCODING, checkNameEncoding } from './name-encoding.ts'
import { handshake, NO_COMM_KEY } from './procedures/handshake.ts'
import { DEFAULT_TIMEOUTS } from './session/session.ts'
import type { Timeouts } from './session/session.ts'
import { checkSignal } from './terminal-line.ts'
import { Terminal } from './terminal.ts'
import { BackOff, LONGEST_TIMER_MS, pause } from './transport/back-off.ts'
import type { RetryOptions } from './transport/back-off.ts'
import { DrivenSession } from './transport/drive.ts'
import { tapped } from './transport/tapped.ts'
import type { WireTap } from './transport/tapped.ts'
import { openTcp } from './transport/tcp.ts'
import type { Address, Transport } from './transport/transport.ts'

/** The port on which terminals listen unless it was changed in their menu. */
export const DEFAULT_PORT = 4370

/** How to reach a terminal. */
export interface ConnectOptions {
  /** IPv4, IPv6 or a host name. */
  readonly host: string
  readonly port?: number
  /**
   * `auto`, the default, tries TCP, then UDP where TCP is refused or silent, and begins with what worked for this host
   * and port the last time. A terminal that answers, be it with no, is not tried again.
   */
  readonly transport?: 'auto' | 'tcp' | 'udp'
  /** 0 for none, up to 4294967295; terminals take up to six digits. */
  readonly commKey?: number
  /** How names are written on the terminal: `auto`, or a WHATWG label such as `gb18030`. */
  readonly nameEncoding?: string
  readonly timeouts?: Partial<Timeouts>
  /**
   * Tries again where nobody was reached: refused, silent, unreachable, busy. Without it there is one try. A terminal that
   * has answered, be it that the key is wrong, is never tried again, so that nobody is locked out.
   */
  readonly retry?: RetryOptions
  /** Reads along on the wire, also while connecting. For traces; see `WireTap`. */
  readonly tap?: WireTap
  readonly signal?: AbortSignal
  /** Told how far connecting has come, for whoever shows it or measures it. What it throws, `connect` throws. */
  readonly onStep?: (step: ConnectStep) => void
}

/** What carries a session. */
export type Kind = 'tcp' | 'udp'

/**
 * `reached`: over TCP somebody has accepted the connection; over UDP it says nothing, since nothing was sent yet. `key_asked`:
 * the terminal has answered and wants a comm key proven.
 */
export type ConnectStep = 'reached' | 'key_asked'

const OPEN = { tcp: openTcp, udp: openUdpWhenNeeded } as const
const OTHER = { tcp: 'udp', udp: 'tcp' } as const
const TRANSPORTS: readonly unknown[] = [undefined, 'auto', 'tcp', 'udp']
const HIGHEST_PORT = 65_535
const HIGHEST_KEY = 0xffffffff

/** What `auto` found to work, by host and port; the oldest entry goes when there are too many. */
const worked = new Map<string, Kind>()
const MOST_REMEMBERED = 4096

/**
 * Connects and authenticates. Throws ZK_CONNECT_FAILED or ZK_TIMEOUT when nothing answers, ZK_KEY_REQUIRED or
 * ZK_KEY_WRONG, ZK_CLIENTS_REFUSED, ZK_BUSY, ZK_PULL_PANEL, ZK_NOT_A_TERMINAL, and a ZkUsageError for bad options.
 */
export async function connect(options: ConnectOptions): Promise<Terminal> {
  checkOptions(options)
  const { transport = 'auto', nameEncoding = AUTO_ENCODING, retry = ONE_TRY, signal } = options
  const backOff = new BackOff(retry)
  for (;;) {
    try {
      const driven = transport === 'auto' ? await reachAnyway(options) : await reach(transport, options)
      return new Terminal(driven, nameEncoding)
    } catch (error) {
      const pauseMs = worthAnotherTry(error) ? backOff.next() : undefined
      if (pauseMs === undefined) throw error
      await pause(pauseMs, signal)
    }
  }
}

const ONE_TRY: RetryOptions = { attempts: 1 }

/** Whether a failure to connect may pass by itself: nobody was reached, or somebody who serves another client. */
export function worthAnotherTry(error: unknown): boolean {
  if (!(error instanceof ZkError)) return false
  if (error.code === 'ZK_BUSY') return true
  return error instanceof ZkTransportError && error.code !== 'ZK_ABORTED' && error.effect === 'none'
}

/** By the way that worked last time, TCP at first, or else by the other one. */
async function reachAnyway(options: ConnectOptions): Promise<DrivenSession> {
  const place = `${options.host} ${options.port ?? DEFAULT_PORT}`
  const first = worked.get(place) ?? 'tcp'
  let driven: DrivenSession
  try {
    driven = await reach(first, options)
  } catch (error) {
    if (!nobodyThere(error)) throw error
    driven = await reachOther(OTHER[first], options, error)
  }
  worked.delete(place)
  worked.set(place, driven.kind)
  const [oldest] = worked.keys()
  if (worked.size > MOST_REMEMBERED && oldest !== undefined) worked.delete(oldest)
  return driven
}

/** The second way. Where nobody is there either, the error of the first one stands and tells of both. */
async function reachOther(
  kind: Kind,
  options: ConnectOptions,
  first: ZkTransportError,
): Promise<DrivenSession> {
  try {
    return await reach(kind, options)
  } catch (error) {
    if (!nobodyThere(error)) throw error
    const also = `over ${kind.toUpperCase()} ${error.details['reason'] === 'silent' ? 'nothing answers' : 'neither'}`
    throw new ZkTransportError(first.code, `${first.message}; ${also}`, {
      effect: 'none',
      details: first.details,
      cause: new AggregateError([first, error], 'The terminal was reached neither way'),
    })
  }
}

/** Whether a failure leaves open that there is a terminal which speaks the other way only. */
function nobodyThere(error: unknown): error is ZkTransportError {
  if (!(error instanceof ZkTransportError)) return false
  const { reason } = error.details
  if (error.code === 'ZK_CONNECT_FAILED') return reason === 'refused_connection'
  return error.code === 'ZK_TIMEOUT' && reason === 'silent'
}

/** A session by one way, connected and authenticated. */
export async function reach(kind: Kind, options: ConnectOptions): Promise<DrivenSession> {
  const { host, port = DEFAULT_PORT, commKey = NO_COMM_KEY, signal, onStep } = options
  const timeouts: Timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const opened = await OPEN[kind]({ host, port, timeoutMs: timeouts.connectMs, signal })
  const transport = options.tap === undefined ? opened : tapped(opened, options.tap)
  const driven = new DrivenSession(transport, timeouts, () => undefined, { host, port })
  try {
    onStep?.('reached')
    await driven.perform(
      handshake(commKey, () => onStep?.('key_asked')),
      { deadlineMs: timeouts.connectMs, signal },
    )
  } catch (error) {
    await driven.close()
    throw connectError(error, driven, host, port)
  }
  return driven
}

/** Most terminals speak TCP; what UDP takes is loaded for the others alone, so that a program that reads stays small. */
async function openUdpWhenNeeded(address: Address): Promise<Transport> {
  const { openUdp } = await import('./transport/udp.ts')
  return openUdp(address)
}

/** Says what a failed handshake means where the bare failure does not. */
function connectError(error: unknown, driven: DrivenSession, host: string, port: number): unknown {
  if (!(error instanceof ZkError) || driven.heard) return error
  // What came was no packet of a terminal; it looks damaged only to those who expect one.
  const nonsense = error.code === 'ZK_TIMEOUT' || error.code === 'ZK_BAD_CHECKSUM'
  if (nonsense && driven.stranger !== undefined) return driven.stranger
  if (!(error instanceof ZkTransportError)) return error
  const details = { host, port }
  if (error.code === 'ZK_CONNECTION_LOST') {
    // Over UDP the system tells of a port that is not open after something was sent there.
    if (error.cause instanceof ZkTransportError && error.cause.code === 'ZK_CONNECT_FAILED') {
      return error.cause
    }
    return new ZkRefusedError(
      'ZK_BUSY',
      `${host}:${port} accepted the connection and ended it without a word, as terminals do that serve another client`,
      { details, cause: error },
    )
  }
  if (error.code === 'ZK_TIMEOUT') {
    return new ZkTransportError('ZK_TIMEOUT', `${host}:${port} ${SILENT[driven.kind]}`, {
      details: { ...details, reason: 'silent' },
      effect: 'none',
      cause: error,
    })
  }
  return error
}

const SILENT = {
  tcp: 'accepted the connection but did not answer: it serves another client, or is no terminal',
  udp: 'does not answer over UDP: it is switched off, unreachable, serves TCP only, or is no terminal',
} as const

/** Throws a ZkUsageError for options that cannot be meant, from callers without types too: no host is not this machine. */
export function checkOptions(options: ConnectOptions): void {
  const {
    host,
    port = DEFAULT_PORT,
    commKey = NO_COMM_KEY,
    transport,
    signal,
  }: Partial<ConnectOptions> = options ?? {}
  if (typeof host !== 'string' || host === '') {
    throw outOfRange(`A host is an address or a name, got ${host === '' ? 'an empty text' : typeof host}`)
  }
  if (!TRANSPORTS.includes(transport)) {
    throw outOfRange(`A transport is auto, tcp or udp, got ${String(transport)}`)
  }
  checkSignal(signal)
  if (!Number.isInteger(port) || port < 1 || port > HIGHEST_PORT) {
    throw outOfRange(`A port is a whole number from 1 to ${HIGHEST_PORT}, got ${port}`)
  }
  if (!Number.isInteger(commKey) || commKey < 0 || commKey > HIGHEST_KEY) {
    throw outOfRange(`A comm key is a whole number from 0 to ${HIGHEST_KEY}`)
  }
  checkNameEncoding(options.nameEncoding ?? AUTO_ENCODING)
  for (const [name, value] of Object.entries(options.timeouts ?? {})) {
    if (!Object.hasOwn(DEFAULT_TIMEOUTS, name)) {
      throw outOfRange(`There is no time-out ${name}; there are ${Object.keys(DEFAULT_TIMEOUTS).join(', ')}`)
    }
    if (typeof value !== 'number' || !(value > 0 && value <= LONGEST_TIMER_MS)) {
      throw outOfRange(
        `The time-out ${name} must be a number above 0 and up to ${LONGEST_TIMER_MS}, got ${String(value)}`,
      )
    }
  }
}

function outOfRange(message: string): ZkUsageError {
  return new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', message)
}
