// Who asks too often is told so, and when to come back.
import { describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'

const LOGIN = { email: 'admin@example.com', password: 'password' }

describe('S-SEC-02 the general limit', () => {
  it('counts every request of an address and tells where it stands', async () => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 3 } })
    // One request has gone for the document already.
    const first = await api.client.get('/api/v1/queue/stats', { token: api.token })
    expect(first.status).toBe(200)
    expect(first.headers.get('x-ratelimit-limit')).toBe('3')
    expect(first.headers.get('x-ratelimit-remaining')).toBe('1')
    expect(first.headers.get('x-ratelimit-reset')).toBe('60')

    await api.client.get('/api/v1/nowhere')
    const refusal = await api.client.get('/api/v1/queue/stats', { token: api.token })
    expect(refusal.reply).toEqual(refused(429, 'RATE_LIMIT_EXCEEDED'))
    expect(refusal.headers.get('retry-after')).toBe('60')
    expect(refusal.headers.get('x-ratelimit-remaining')).toBe('0')
  })

  it('counts wrong tokens before it looks at them', async () => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 2 } })
    expect((await api.client.get('/api/v1/queue/stats', { token: 'wrong' })).status).toBe(401)
    expect((await api.client.get('/api/v1/queue/stats', { token: 'wrong' })).status).toBe(429)
  })

  it('counts requests for paths that do not exist', async () => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 2 } })
    expect((await api.client.get('/api/v1/nowhere')).status).toBe(404)
    expect((await api.client.get('/api/v1/nowhere')).status).toBe(429)
  })

  it.each(['/health/live', '/health/ready', '/api/v1/health/live'])('leaves %s out', async (path) => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 1 } })
    for (let i = 0; i < 5; i++) expect((await api.client.get(path)).status).toBe(200)
  })

  it('does not believe x-forwarded-for unless a proxy is trusted', async () => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 2 } })
    const from = (address: string) =>
      api.client.get('/api/v1/nowhere', { headers: { 'x-forwarded-for': address } })
    expect((await from('192.0.2.1')).status).toBe(404)
    expect((await from('192.0.2.2')).status).toBe(429)
  })

  it('counts the address that a trusted proxy names', async () => {
    await using api = await listening({ config: { RATE_LIMIT_PER_MINUTE: 1, trustProxy: true } })
    const from = (address: string) =>
      api.client.get('/api/v1/nowhere', { headers: { 'x-forwarded-for': address } })
    expect((await from('192.0.2.1')).status).toBe(404)
    expect((await from('192.0.2.2')).status).toBe(404)
    expect((await from('192.0.2.1')).status).toBe(429)
  })
})

describe('the limit of the login', () => {
  it('is its own, and leaves the rest open', async () => {
    await using api = await listening({ config: { LOGIN_RATE_LIMIT_PER_MINUTE: 2 } })
    const login = () => api.client.post('/api/v1/auth/login', LOGIN)
    expect((await login()).headers.get('x-ratelimit-limit')).toBe('2')
    expect((await login()).status).toBe(200)
    expect((await login()).reply).toEqual(refused(429, 'RATE_LIMIT_EXCEEDED'))
    expect((await api.client.get('/api/v1/queue/stats', { token: api.token })).status).toBe(200)
  })

  it('counts requests that are not valid too', async () => {
    await using api = await listening({ config: { LOGIN_RATE_LIMIT_PER_MINUTE: 1 } })
    expect((await api.client.post('/api/v1/auth/login', {})).status).toBe(400)
    expect((await api.client.post('/api/v1/auth/login', {})).status).toBe(429)
  })
})
