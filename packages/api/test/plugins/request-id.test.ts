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

  it('has no password and no token', async () => {
    const written = JSON.stringify(await logged())
    expect(written).not.toMatch(/danish-and-secret|eyJ/)
  })
})
