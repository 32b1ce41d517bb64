// The only place where an error becomes HTTP: ServiceErrors by their row in core's table, refused requests by what refused
// them, all else as INTERNAL_ERROR, whose cause goes to the log and never to the caller.
import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import { ServiceError, toServiceError, validationError } from '@org/core'
import type { ErrorName, FieldFault } from '@org/core'
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Static } from 'typebox'
import { API_VERSION } from '../schemas/envelope.ts'
import type { ErrorReply } from '../schemas/envelope.ts'
import { toInstant } from '../schemas/instant.ts'
import { REQUEST_ID_HEADER, nameRequest } from './request-id.ts'
import { BARE_SECURITY_HEADERS } from './security-headers.ts'
import { faultsOf } from './validation.ts'

type ErrorBody = Static<typeof ErrorReply>

/** Errors of the framework that have a row of their own. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorName>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
}

/** Errors of the framework that are faults of the request: which part of it, and what is wrong. */
const REQUEST_FAULTS: Readonly<Record<string, FieldFault>> = {
  FST_ERR_BAD_URL: { field: 'path', message: 'is not a well-formed URL path' },
  FST_ERR_MAX_PARAM_LENGTH: { field: 'path', message: 'is too long' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    field: 'body',
    message: 'does not have the length that content-length says',
  },
}

/** Every error of every route ends here. */
export const errorReplies = fp(
  async (app) => {
    app.setErrorHandler(replyWithError)
    // Node answers an expectation that it does not know by itself, without a body; here it is not heard.
    app.server.on('checkExpectation', (...ask) => app.server.emit('request', ...ask))
  },
  { name: 'error-replies', fastify: '5.x' },
)

/** Answers a request with an error in the standard form. */
export function replyWithError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = beginErrorReply(thrown, request, reply)
  void reply.send(errorBody(error, request.id))
}

/** Status, headers and log line of an error; what then stands in the body is left to pages that show it in their own way. */
export function beginErrorReply(thrown: unknown, request: FastifyRequest, reply: FastifyReply): ServiceError {
  const error = asServiceError(thrown)
  if (error.status >= 500) request.log[error.status === 500 ? 'error' : 'warn']({ err: thrown }, error.code)
  if (error.retryAfterSeconds !== undefined && !reply.hasHeader('retry-after'))
    reply.header('retry-after', Math.ceil(error.retryAfterSeconds))
  if (error.status === 401) reply.header('www-authenticate', 'Bearer')
  reply.header(REQUEST_ID_HEADER, request.id)
  reply.code(error.status)
  return error
}

/** Any thrown thing as an error of the service: the framework's are known here, all others to core. */
function asServiceError(thrown: unknown): ServiceError {
  if (isFrameworkError(thrown)) {
    if (thrown.validation !== undefined) return validationError(faultsOf(thrown))
    const name = FRAMEWORK_ERRORS[thrown.code]
    if (name !== undefined) return new ServiceError(name, { cause: thrown })
    const fault = REQUEST_FAULTS[thrown.code]
    if (fault !== undefined) return validationError([fault])
    if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500)
      return validationError([{ field: 'request', message: 'cannot be read' }])
  }
  return toServiceError(thrown)
}

/** Whether the framework itself refused the request. */
export function isFrameworkError(thrown: unknown): thrown is FastifyError {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    thrown.code.startsWith('FST_')
  )
}

function errorBody(error: ServiceError, requestId: string): ErrorBody {
  return {
    status: false,
    message: error.message,
    error: { code: error.code, type: error.type, details: detailsOf(error.details) },
    metadata: {
      timestamp: toInstant(new Date().toISOString()),
      request_id: requestId,
      api_version: API_VERSION,
    },
  }
}

function detailsOf(details: unknown): ErrorBody['error']['details'] {
  if (typeof details === 'string') return details
  if (Array.isArray(details))
    return details.filter(isFieldFault).map(({ field, message }) => ({ field, message }))
  return typeof details === 'object' && details !== null ? { ...details } : null
}

function isFieldFault(value: unknown): value is FieldFault {
  return (
    typeof value === 'object' &&
    value !== null &&
    'field' in value &&
    typeof value.field === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  )
}

/** Answers what did not even become a request: no HTTP, headers without end, a client that never finishes. */
export function replyToBrokenRequest(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!socket.writable) {
    socket.destroy(error)
    return
  }
  const refusal = refusalOf(error.code)
  const requestId = nameRequest({ headers: {} })
  const body = JSON.stringify(errorBody(refusal, requestId))
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `${REQUEST_ID_HEADER}: ${requestId}`,
      ...Object.entries(BARE_SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

function refusalOf(code: string): ServiceError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ServiceError('REQUEST_TIMEOUT')
  if (code === 'HPE_HEADER_OVERFLOW') return new ServiceError('HEADERS_TOO_LARGE')
  return validationError([{ field: 'request', message: 'is not well-formed HTTP' }])
}
