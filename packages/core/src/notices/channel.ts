// The port of a channel, and how it fails: refused for good, or not delivered yet. What goes wrong is told without a cause and
// without the receiver's own words, because both may hold its address or a secret.
import { ServiceError } from '../errors.ts'
import type { Notice } from './notice.ts'

/** A notice with the id and the instant that every repetition keeps. */
export interface Told {
  readonly noticeId: string
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly notice: Notice
}

/** One way to deliver a notice. */
export interface Channel {
  /** Resolves when the receiver has taken it. Throws NOTICE_REFUSED, NOTICE_UNDELIVERED, or the signal's reason. */
  send(told: Told, signal: AbortSignal): Promise<void>
}

/** Why nobody took it. */
export type Hindrance =
  | 'refused_connection'
  | 'timeout'
  | 'unknown_host'
  | 'tls'
  | 'authentication'
  | 'network'
  | 'resting'

const HINDRANCES: Readonly<Record<Hindrance, string>> = {
  refused_connection: 'Nothing listens at the receiver’s address',
  timeout: 'The receiver does not answer in time',
  unknown_host: 'The host name of the receiver cannot be resolved',
  tls: 'The receiver’s certificate or encryption is not accepted',
  authentication: 'The receiver does not accept our user and password',
  network: 'The connection to the receiver broke',
  resting: 'The receiver has just failed to take another delivery and is left in peace for a moment',
}

/** Not delivered; a later attempt may be. */
export function undelivered(why: Hindrance | { readonly status: number }): ServiceError {
  return typeof why === 'string'
    ? new ServiceError('NOTICE_UNDELIVERED', { message: HINDRANCES[why], details: { reason: why } })
    : new ServiceError('NOTICE_UNDELIVERED', {
        message: `The receiver answered ${why.status}; it is tried again later`,
        details: why,
      })
}

/** The receiver does not want it, however often it is sent. */
export function refused(status: number, what = 'and will not take it'): ServiceError {
  return new ServiceError('NOTICE_REFUSED', {
    message: `The receiver answered ${status} ${what}`,
    details: { status },
  })
}

const BY_CODE: Readonly<Record<string, Hindrance>> = {
  ECONNREFUSED: 'refused_connection',
  ENOTFOUND: 'unknown_host',
  EAI_AGAIN: 'unknown_host',
  EDNS: 'unknown_host',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  EAUTH: 'authentication',
  ETLS: 'tls',
}

/** What stood in the way, from an error's name and the codes of it and its causes; its message is not looked at. */
export function hindranceOf(error: unknown): Hindrance {
  for (let fault = error; fault instanceof Error; fault = fault.cause) {
    if (fault.name === 'TimeoutError') return 'timeout'
    for (const code of codesOf(fault)) {
      const known = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
      if (known !== undefined) return known
      if (/CERT|TLS|SSL/.test(code)) return 'tls'
    }
  }
  return 'network'
}

/** The system's own code first, where the mail library has put its own before it. */
function codesOf(fault: Error): string[] {
  const original = 'originalCode' in fault ? fault.originalCode : undefined
  const code = 'code' in fault ? fault.code : undefined
  return [original, code].filter((each) => typeof each === 'string')
}
