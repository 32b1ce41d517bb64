// Every way in which a request can fail ends in the standard error, and tells nothing about the inside.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ERRORS, ServiceError } from '@org/core'
import type { ErrorName } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'

const api = listeningForAll()

const STATS = '/api/v1/queue/stats'
const rejectWith = (thrown: unknown) => ({ jobs: { stats: () => Promise.reject(thrown) } })

/** Sends bytes that no HTTP client would, and gives the answer's head and body. */
async function sendRaw(address: string, bytes: string): Promise<{ head: string; body: unknown }> {
  const { hostname, port } = new URL(address)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  return { head, body: body === '' ? undefined : (JSON.parse(body) as unknown) }
}

/** SPEC's table: each code with the statuses that it may have. */
const SPECIFIED: Readonly<Record<string, readonly number[]>> = {
  VALIDATION_ERROR: [400],
  DUPLICATE_EMAIL: [400],
  DUPLICATE_USERNAME: [400],
  DEVICE_UNREACHABLE: [400, 500, 503],
  DEVICE_AUTH_FAILED: [400, 503],
  ENROLLMENT_FAILED: [400],
  INVALID_CREDENTIALS: [401],
  UNAUTHORIZED: [401],
  TOKEN_EXPIRED: [401],
  FORBIDDEN: [403],
  DEVICE_NOT_FOUND: [404],
  USER_NOT_FOUND: [404],
  JOB_NOT_FOUND: [404],
  ACCOUNT_NOT_FOUND: [404],
  API_KEY_NOT_FOUND: [404],
  ROUTE_NOT_FOUND: [404],
  METHOD_NOT_ALLOWED: [405],
  PAYLOAD_TOO_LARGE: [413],
  UNSUPPORTED_MEDIA_TYPE: [415],
  DEVICE_EXISTS: [409],
  DEVICE_INACTIVE: [409],
  USER_EXISTS: [409],
  UNSYNCED_RECORDS: [409],
  ACCOUNT_LOCKED: [423],
  RATE_LIMIT_EXCEEDED: [429],
  DEVICE_COMMAND_FAILED: [500],
  DATABASE_UNAVAILABLE: [500, 503],
  INTERNAL_ERROR: [500],
  OUTCOME_UNKNOWN: [504],
  DEVICE_TIMEOUT: [503],
  DEVICE_BUSY: [503],
  QUEUE_UNAVAILABLE: [503],
}

describe('an error of the service', () => {
  it.each(Object.entries(SPECIFIED))('has the status that is specified: %s %j', (code, statuses) => {
    const rows = Object.entries(ERRORS).filter(([name, row]) => (row.code ?? name) === code)
    const own = new Set(rows.map(([, { status }]) => status))
    expect([...own].toSorted((a, b) => a - b)).toEqual(statuses)
    for (const [, { type, message }] of rows) {
      expect(type).toMatch(/^[A-Z]\w+Error$/)
      expect(message).not.toBe('')
    }
  })

  const documented: ErrorName[] = ['DATABASE_UNAVAILABLE', 'INTERNAL_ERROR', 'TOO_SLOW']

  it.each(documented)('is answered by its row: %s', async (name) => {
    await using api = await listening(rejectWith(new ServiceError(name)))
    const answer = await api.client.get(STATS, { token: api.token })
    const { status, type, message } = ERRORS[name]
    expect(answer.reply).toEqual(refused(status, name, { message }))
    expect(answer.body).toMatchObject({ error: { type } })
  })

  it('shows the code of its row where the row has another name', async () => {
    await using api = await listening({
      devices: { register: () => Promise.reject(new ServiceError('DEVICE_UNREACHABLE_AT_REGISTRATION')) },
    })
    const device = { name: 'Main', ip: '192.168.1.100' }
    const answer = await api.client.post('/api/v1/devices', device, { token: api.token })
    expect(answer.reply).toEqual(refused(400, 'DEVICE_UNREACHABLE', { message: 'Cannot reach device' }))
  })

  it('says when to come back where waiting helps', async () => {
    await using api = await listening(
      rejectWith(new ServiceError('DATABASE_UNAVAILABLE', { retryAfterSeconds: 7.2 })),
    )
    const answer = await api.client.get(STATS, { token: api.token })
    expect(answer.headers.get('retry-after')).toBe('8')
  })

  it.each([
    ['a sentence', 'silent for 5 s', 'silent for 5 s'],
    ['facts', { reason: 'silent' }, { reason: 'silent' }],
    ['faults', [{ field: 'ip', message: 'is wrong' }], [{ field: 'ip', message: 'is wrong' }]],
    ['nothing', undefined, null],
    ['what nobody can read', 42, null],
  ])('carries details: %s', async (_, details, shown) => {
    await using api = await listening(rejectWith(new ServiceError('INTERNAL_ERROR', { details })))
    const answer = await api.client.get(STATS, { token: api.token })
    expect(answer.body).toHaveProperty('error.details', shown)
  })
})

describe('an unforeseen error', () => {
  it.each([
    ['an Error', new Error("SELECT * FROM accounts WHERE password = 'secret' at /srv/app.ts")],
    ['a text', 'secret'],
    [
      'an error with a status of its own',
      Object.assign(new Error('secret'), { statusCode: 418, code: 'SECRET' }),
    ],
    ['nothing', undefined],
  ])('tells nothing about itself: %s', async (_, thrown) => {
    await using api = await listening(rejectWith(thrown))
    const answer = await api.client.get(STATS, { token: api.token })
    expect(answer.reply).toEqual(refused(500, 'INTERNAL_ERROR', { message: ERRORS.INTERNAL_ERROR.message }))
    expect(answer.text).not.toMatch(/secret|SELECT|\.ts/i)
  })
})

describe('a request that no route can take', () => {
  it('is 404 when the path is not known, with or without a token', async () => {
    const answer = await api.client.get('/api/v1/doors')
    expect(answer.reply).toEqual(refused(404, 'ROUTE_NOT_FOUND'))
  })

  it.each([
    ['DELETE', '/api/v1/queue/stats', 'GET, HEAD'],
    ['PUT', '/api/v1/devices', 'GET, HEAD, POST'],
    ['POST', '/api/v1/devices/1', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['GET', '/api/v1/auth/login', 'POST'],
    ['OPTIONS', '/api/v1/auth/login', 'POST'],
    ['POST', '/health/live', 'GET, HEAD'],
    ['POST', '/docs/', 'GET, HEAD'],
  ])('is 405 when the path knows other methods: %s %s', async (method, path, allow) => {
    const answer = await api.client.ask(method, path)
    expect(answer.reply).toEqual(refused(405, 'METHOD_NOT_ALLOWED'))
    expect(answer.headers.get('allow')).toBe(allow)
  })

  it.each([
    ['broken percent signs', '/api/v1/devices/%zz'],
    ['a broken UTF-8 sequence', '/api/v1/devices/%ff'],
    ['half a percent sign', '/api/v1/attendance%'],
  ])('is 400 when its path has %s, behind the limit and with the headers of all answers', async (_, path) => {
    const answer = await api.client.get(path)
    expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(answer.faults).toEqual(['path'])
    expect(answer.headers.get('x-ratelimit-limit')).toMatch(/^\d+$/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is 400 when a part of its path is endless', async () => {
    const answer = await api.client.get(`/api/v1/queue/jobs/${'a'.repeat(9_000)}`, { token: api.token })
    expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(answer.faults).toEqual(['jobId'])
  })

  it.each(['QUERY', 'PROPFIND', 'PURGE', 'TRACE', 'M-SEARCH', 'LINK'])(
    'is 405 or 404 by a method that nobody uses here: %s',
    async (method) => {
      const of = async (path: string) => {
        const ask = `${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`
        const { head, body } = await sendRaw(api.client.address, ask)
        return { status: Number(head.split(' ')[1]), body }
      }
      expect(await of('/api/v1/devices')).toEqual(refused(405, 'METHOD_NOT_ALLOWED'))
      expect(await of('/nowhere')).toEqual(refused(404, 'ROUTE_NOT_FOUND'))
    },
  )

  it('is refused before its body is read', async () => {
    const raw = { body: 'x'.repeat(2_000_000), type: 'text/plain' }
    expect((await api.client.ask('POST', '/nowhere', { raw })).reply).toEqual(refused(404, 'ROUTE_NOT_FOUND'))
  })

  it('is answered as if it expected nothing', async () => {
    const { head, body } = await sendRaw(
      api.client.address,
      'GET /api/v1/devices HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\nconnection: close\r\n\r\n',
    )
    expect({ status: Number(head.split(' ')[1]), body }).toEqual(refused(401, 'UNAUTHORIZED'))
  })
})

describe('bytes that are no request', () => {
  it('are answered with the standard error', async () => {
    const { head, body } = await sendRaw(api.client.address, 'HELO terminal\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 400 /)
    expect({ status: 400, body }).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(head).toContain('x-content-type-options: nosniff')
    expect(head).toContain("frame-ancestors 'none'")
    expect(head).toContain(
      `x-request-id: ${(body as { metadata: { request_id: string } }).metadata.request_id}`,
    )
  })

  it('with headers without end are answered with 431', async () => {
    const { head, body } = await sendRaw(
      api.client.address,
      `GET /health/live HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(100_000)}\r\n\r\n`,
    )
    expect(head).toMatch(/^HTTP\/1\.1 431 /)
    expect({ status: 431, body }).toEqual(refused(431, 'HEADERS_TOO_LARGE'))
  })
})
