// What browsers are told.
import { describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'

const api = listeningForAll()

describe('security headers', () => {
  it.each(['/health/live', '/api/v1/queue/stats', '/nowhere', '/docs/'])(
    'are on every answer: %s',
    async (path) => {
      const { headers } = await api.client.get(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('x-powered-by')).toBeNull()
      expect(headers.get('server')).toBeNull()
    },
  )

  it('do not send browsers to HTTPS where nothing answers by it', async () => {
    const { headers } = await api.client.get('/health/live')
    expect(headers.get('strict-transport-security')).toBeNull()
    expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests')
  })
})

describe('S-SEC-06 other origins', () => {
  const origin = 'https://hr.example.com'

  it('are told nothing unless they are named', async () => {
    const { headers } = await api.client.get('/health/live', { headers: { origin } })
    expect(headers.get('access-control-allow-origin')).toBeNull()
  })

  it('may call once they are named, and others may not', async () => {
    await using api = await listening({ config: { corsOrigins: [origin] } })
    const named = await api.client.get('/health/live', { headers: { origin } })
    expect(named.headers.get('access-control-allow-origin')).toBe(origin)
    expect(named.headers.get('access-control-expose-headers')).toContain('x-request-id')
    const other = await api.client.get('/health/live', { headers: { origin: 'https://evil.example' } })
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('are told apart by caches, in lists too', async () => {
    await using api = await listening({ config: { corsOrigins: [origin] } })
    const { headers } = await api.client.get('/api/v1/attendance', { token: api.token, headers: { origin } })
    expect(headers.get('vary')).toBe('Origin, authorization, x-api-key')
  })

  it('are answered in the standard form when OPTIONS is no preflight', async () => {
    await using api = await listening({ config: { corsOrigins: [origin] } })
    const ask = (path: string, headers: Record<string, string>) =>
      api.client.ask('OPTIONS', path, { headers })
    for (const headers of [{ origin }, { 'access-control-request-method': 'POST' }])
      expect((await ask('/api/v1/devices', headers)).reply).toEqual(refused(405, 'METHOD_NOT_ALLOWED'))
    expect((await ask('/nowhere', { origin })).reply).toEqual(refused(404, 'ROUTE_NOT_FOUND'))
  })

  it('get their preflight answered', async () => {
    await using api = await listening({ config: { corsOrigins: [origin] } })
    const answer = await api.client.ask('OPTIONS', '/api/v1/auth/login', {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('POST')
    expect(answer.headers.get('access-control-allow-headers')).toContain('authorization')
  })
})
