// The border between the protocol library and the service: every ZkError becomes a row of the service's table here and
// nowhere else, with the word whether waiting may cure it.
import { StaleBookmark, StaleFence } from '@org/data'
import { ZkError, type ZkErrorCode } from '@org/zk-proto'
import { ServiceError, type ErrorName, type UnreachableReason } from '../errors.ts'
import { leaseLost } from './lease.ts'

/** What to say: at registration the seed's own statuses and sentences hold. */
export type Occasion = 'registration' | 'operation'

/** Any thrown thing in the service's words; what does not come from a terminal or a lease is given back as it is. */
export function inServiceWords(thrown: unknown, occasion: Occasion, signal?: AbortSignal): unknown {
  if (thrown instanceof StaleFence || thrown instanceof StaleBookmark) return leaseLost(thrown)
  if (!(thrown instanceof ZkError)) return thrown
  if (thrown.code === 'ZK_ABORTED') return signal?.aborted === true ? signal.reason : thrown
  return TRANSLATIONS[thrown.code](thrown, occasion)
}

type Translation = (error: ZkError, occasion: Occasion) => ServiceError

const transferFailed: Translation = (cause) => new ServiceError('DEVICE_TRANSFER_INCOMPLETE', { cause })
const refused: Translation = (cause) => new ServiceError('DEVICE_COMMAND_FAILED', { cause })
const ourFault: Translation = (cause) => new ServiceError('INTERNAL_ERROR', { cause })

/** What each code of the library is in the service. */
const TRANSLATIONS: Readonly<Record<ZkErrorCode, Translation>> = {
  ZK_CONNECT_FAILED: (error, occasion) =>
    unreachable(error, occasion, refusedConnection(error) ? 'refused_connection' : 'silent', true),
  ZK_CONNECTION_LOST: (error, occasion) => unreachable(error, occasion, 'silent', true),
  ZK_TIMEOUT: (error, occasion) =>
    occasion === 'registration'
      ? unreachable(error, occasion, 'silent', true)
      : new ServiceError('DEVICE_TIMEOUT', { cause: error }),
  ZK_CLIENTS_REFUSED: (error, occasion) => unreachable(error, occasion, 'not_this_protocol', false),
  ZK_PULL_PANEL: (error, occasion) => unreachable(error, occasion, 'pull_panel', false),
  ZK_NOT_A_TERMINAL: (error, occasion) => unreachable(error, occasion, 'not_a_terminal', false),
  ZK_KEY_REQUIRED: (error, occasion) =>
    keyFailed(error, occasion, 'The terminal wants a comm key and none is given'),
  ZK_KEY_WRONG: (error, occasion) => keyFailed(error, occasion, undefined),
  ZK_BUSY: (error) =>
    new ServiceError('DEVICE_BUSY', {
      message: 'The terminal serves another client; close that connection or try again later',
      cause: error,
    }),
  ZK_REFUSED: refused,
  ZK_UNSUPPORTED: refused,
  ZK_BAD_RECORD: (cause) => new ServiceError('DEVICE_DATA_UNREADABLE', { cause }),
  ZK_BAD_FRAME: transferFailed,
  ZK_BAD_CHECKSUM: transferFailed,
  ZK_UNEXPECTED_REPLY: transferFailed,
  ZK_TOO_LARGE: transferFailed,
  ZK_TRANSFER_INCOMPLETE: transferFailed,
  ZK_ABORTED: ourFault,
  ZK_CLOSED: ourFault,
  ZK_WRONG_ORDER: ourFault,
  ZK_VALUE_OUT_OF_RANGE: ourFault,
  ZK_NOT_ENCODABLE: ourFault,
}

/** DEVICE_UNREACHABLE with its reason; `retryable`: whether waiting may cure it. */
export function unreachable(
  cause: unknown,
  occasion: Occasion,
  reason: UnreachableReason,
  retryable: boolean,
): ServiceError {
  const row: ErrorName =
    occasion === 'registration' ? 'DEVICE_UNREACHABLE_AT_REGISTRATION' : 'DEVICE_UNREACHABLE'
  const message = REASON_MESSAGES[reason]
  return new ServiceError(row, {
    details: { reason },
    retryable,
    ...(occasion === 'operation' && message !== undefined ? { message } : {}),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Sentences for reasons that the row's own sentence does not tell. */
const REASON_MESSAGES: Partial<Record<UnreachableReason, string>> = {
  refused_connection: 'Nothing listens at this address and port, or the terminal refuses connections',
  not_this_protocol:
    'The terminal answers, but its firmware serves no clients of this protocol; look for such a setting in its communication menu',
  pull_panel: 'This address belongs to a C3 or inBio panel, which speaks another protocol',
  not_a_terminal: 'What answers at this address is no terminal; check address and port',
  unknown_host: 'The host name of the device cannot be resolved',
  address_not_allowed: 'The address of the device lies outside DEVICE_NETWORKS, so it is not dialled',
}

function keyFailed(cause: ZkError, occasion: Occasion, message: string | undefined): ServiceError {
  return new ServiceError(
    occasion === 'registration' ? 'DEVICE_AUTH_FAILED_AT_REGISTRATION' : 'DEVICE_AUTH_FAILED',
    message === undefined || occasion === 'operation' ? { cause } : { cause, message },
  )
}

/** Whether the network said no, where it might have said nothing. */
function refusedConnection({ details }: ZkError): boolean {
  return details['reason'] === 'refused_connection'
}
