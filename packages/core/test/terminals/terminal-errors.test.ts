// Every error of the protocol library in the service's words.
import {
  ZK_ERRORS,
  ZkProtocolError,
  ZkRefusedError,
  ZkTransportError,
  ZkUsageError,
  type ZkErrorCode,
} from '@org/zk-proto'
import { StaleBookmark, StaleFence } from '@org/data'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/errors.ts'
import { inServiceWords, unreachable } from '../../src/terminals/terminal-errors.ts'

/** Status, code, reason and whether a job tries again; `registration` where it differs. */
const EXPECTED: Readonly<Record<ZkErrorCode, string>> = {
  ZK_CONNECT_FAILED: '503 DEVICE_UNREACHABLE silent retried; 400 DEVICE_UNREACHABLE silent retried',
  ZK_CONNECTION_LOST: '503 DEVICE_UNREACHABLE silent retried; 400 DEVICE_UNREACHABLE silent retried',
  ZK_TIMEOUT: '503 DEVICE_TIMEOUT retried; 400 DEVICE_UNREACHABLE silent retried',
  ZK_CLIENTS_REFUSED:
    '503 DEVICE_UNREACHABLE not_this_protocol final; 400 DEVICE_UNREACHABLE not_this_protocol final',
  ZK_PULL_PANEL: '503 DEVICE_UNREACHABLE pull_panel final; 400 DEVICE_UNREACHABLE pull_panel final',
  ZK_NOT_A_TERMINAL:
    '503 DEVICE_UNREACHABLE not_a_terminal final; 400 DEVICE_UNREACHABLE not_a_terminal final',
  ZK_KEY_REQUIRED: '503 DEVICE_AUTH_FAILED final; 400 DEVICE_AUTH_FAILED final',
  ZK_KEY_WRONG: '503 DEVICE_AUTH_FAILED final; 400 DEVICE_AUTH_FAILED final',
  ZK_BUSY: '503 DEVICE_BUSY retried',
  ZK_REFUSED: '500 DEVICE_COMMAND_FAILED final',
  ZK_UNSUPPORTED: '500 DEVICE_COMMAND_FAILED final',
  ZK_BAD_RECORD: '500 DEVICE_DATA_UNREADABLE final',
  ZK_BAD_FRAME: '503 DEVICE_TRANSFER_INCOMPLETE retried',
  ZK_BAD_CHECKSUM: '503 DEVICE_TRANSFER_INCOMPLETE retried',
  ZK_UNEXPECTED_REPLY: '503 DEVICE_TRANSFER_INCOMPLETE retried',
  ZK_TOO_LARGE: '503 DEVICE_TRANSFER_INCOMPLETE retried',
  ZK_TRANSFER_INCOMPLETE: '503 DEVICE_TRANSFER_INCOMPLETE retried',
  ZK_ABORTED: 'itself',
  ZK_CLOSED: '500 INTERNAL_ERROR retried',
  ZK_WRONG_ORDER: '500 INTERNAL_ERROR retried',
  ZK_VALUE_OUT_OF_RANGE: '500 INTERNAL_ERROR retried',
  ZK_NOT_ENCODABLE: '500 INTERNAL_ERROR retried',
}

const FAMILIES = {
  usage: ZkUsageError,
  transport: ZkTransportError,
  protocol: ZkProtocolError,
  refused: ZkRefusedError,
}

describe('an error of a terminal in the service’s words', () => {
  it.each(Object.keys(ZK_ERRORS) as ZkErrorCode[])('%s', (code) => {
    const error = new FAMILIES[ZK_ERRORS[code].family](code as never, 'as the library says it')
    const [operation = '', registration = operation] = EXPECTED[code].split('; ')
    expect(told(inServiceWords(error, 'operation'), error)).toBe(operation)
    expect(told(inServiceWords(error, 'registration'), error)).toBe(registration)
  })

  it('tells a refused connection from silence', () => {
    const error = new ZkTransportError('ZK_CONNECT_FAILED', 'refused', {
      details: { reason: 'refused_connection' },
    })
    expect(inServiceWords(error, 'operation')).toMatchObject({ details: { reason: 'refused_connection' } })
  })

  it('is the reason of the signal where that ended it', () => {
    const stop = new AbortController()
    const reason = new ServiceError('SERVICE_STOPPING')
    stop.abort(reason)
    expect(inServiceWords(new ZkTransportError('ZK_ABORTED', 'aborted'), 'operation', stop.signal)).toBe(
      reason,
    )
  })

  it('is a lost lease where the database has seen a newer one', () => {
    for (const stale of [new StaleFence(1, 2, 3), new StaleBookmark(1)])
      expect(inServiceWords(stale, 'operation')).toMatchObject({
        code: 'DEVICE_BUSY',
        retryable: true,
        cause: stale,
      })
  })

  it('leaves alone what comes from elsewhere', () => {
    const error = new Error('elsewhere')
    expect(inServiceWords(error, 'operation')).toBe(error)
  })

  it('keeps the seed’s sentence at registration', () => {
    expect(unreachable(undefined, 'registration', 'pull_panel', false).message).toBe('Cannot reach device')
  })
})

function told(error: unknown, original: Error): string {
  if (error === original) return 'itself'
  if (!(error instanceof ServiceError)) throw new Error('not in the service’s words')
  expect(error.cause).toBe(original)
  const { details } = error
  const reason =
    typeof details === 'object' && details !== null && 'reason' in details ? [String(details.reason)] : []
  return [error.status, error.code, ...reason, error.retryable ? 'retried' : 'final'].join(' ')
}
