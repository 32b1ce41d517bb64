// A request has one name, in its answer and in the log.
import { createLog, ServiceError } from '@org/core'
import { describe, expect, it } from 'vitest'
import { nameRequest } from '../../src/plugins/request-id.ts'
import { listening, listeningForAll } from '../support/listening.ts'

const api = listeningForAll()

describe('the name of a request', () => {
  it.each(['req-abc', 'req-abc-123', `req-${'a'.repeat(64)}`])('is the caller’s own: %s', async (given) => {
    const answer = await api.client.get('/api/v1/nowhere', { headers: { 'x-request-id': given } })
    expect(answer.headers.get('x-request-id')).toBe(given)
    expect(answer.body).toHaveProperty('metadata.request_id', given)
  })

  it.each([
    '',
    'req-',
    'req-ab',
    'abc-123',
    'req-a b c',
    'req-<script>',
    `req-${'a'.repeat(65)}`,
    'req-abc, req-def',
  ])('is made anew when the given one has not our form: %j', async (given) => {
    const answer = await api.client.get('/health/live', { headers: { 'x-request-id': given } })
    expect(answer.headers.get('x-request-id')).toMatch(/^req-[A-Za-z0-9_-]{16}$/)
  })

  it('is never the same twice', () => {
    const names = Array.from({ length: 1000 }, () => nameRequest({ headers: {} }))
    expect(new Set(names).size).toBe(1000)
  })
})

describe('the log', () => {
  /** Asks a few things of a service and gives the lines that it logs. */
  async function logged(): Promise<Record<string, unknown>[]> {
    const lines: Record<string, unknown>[] = []
    const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>)
    {
      await using api = await listening({
        log: createLog('info', { write }),
        jobs: {
          stats: async () => {
            throw new ServiceError('DATABASE_UNAVAILABLE', { cause: new Error('connection lost') })
          },
        },
      })
      const headers = { 'x-request-id': 'req-logged' }
      const credentials = { email: 'admin@example.com', password: 'danish-and-secret' }
      await api.client.post('/api/v1/auth/login', credentials, { headers })
      await api.client.get('/api/v1/devices/7?search=danish-and-secret', { token: api.token, headers })
      await api.client.get('/api/v1/queue/stats', { token: api.token, headers })
      await api.client.get('/health/live', { headers })
    }
    return lines.filter((line) => line['request_id'] === 'req-logged')
  }

  it('has one line for each request, by its name, and none for health', async () => {
    const lines = await logged()
    expect(lines.filter(({ msg }) => msg === 'request')).toMatchObject([
      { method: 'POST', route: '/api/v1/auth/login', status: 200, address: '127.0.0.1' },
      { method: 'GET', route: '/api/v1/devices/:deviceId', status: 200 },
      { method: 'GET', route: '/api/v1/queue/stats', status: 503 },
    ])
  })

  it('has the cause of an error that is not the caller’s', async () => {
    const lines = await logged()
    expect(lines.find(({ msg }) => msg === 'DATABASE_UNAVAILABLE')).toMatchObject({
      level: 40,
      err: { message: expect.stringContaining('connection lost') },
    })
  })

  it('names the request in what core logs for it, behind a body too, and the trace that its caller told of', async () => {
    const lines: Record<string, unknown>[] = []
    const log = createLog('info', {
      write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    })
    const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']
    {
      await using api = await listening({
        log,
        clearCache: async () => {
          await Promise.resolve()
          log.info('core works')
          return 1
        },
        attendance: {
          requestSync: async () => {
            log.info('core works')
            throw new ServiceError('DEVICE_NOT_FOUND')
          },
        },
      })
      const headers = { 'x-request-id': 'req-traced', traceparent: `00-${trace}-${span}-01` }
      await api.client.post('/api/v1/cache/clear', undefined, { token: api.token, headers })
      const body = { mode: 'full' }
      await api.client.post('/api/v1/attendance/device/1/sync', body, { token: api.token, headers })
      const hostile = { 'x-request-id': 'req-x', traceparent: `00-${trace}-${span}-01"}` }
      await api.client.post('/api/v1/cache/clear', undefined, { token: api.token, headers: hostile })
    }
    const origin = { request_id: 'req-traced', trace_id: trace, span_id: span }
    const ofCore = lines.filter(({ msg }) => msg === 'core works')
    expect(ofCore).toHaveLength(3)
    expect(ofCore.slice(0, 2)).toMatchObject([origin, origin])
    const ofRequests = lines.filter(({ request_id, msg }) => request_id === 'req-traced' && msg === 'request')
    expect(ofRequests).toMatchObject([origin, origin])
    expect(JSON.stringify(ofCore[2])).not.toContain('trace_id')
  })

  it('has no password and no token', async () => {
    const written = JSON.stringify(await logged())
    expect(written).not.toMatch(/danish-and-secret|eyJ/)
  })
})
