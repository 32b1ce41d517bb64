// /metrics: who may see it, and that its labels are routes as declared.
import type { AnsweredRequest } from '@org/core'
import { expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import { ADMIN } from '../support/services-double.ts'

const METRICS_TOKEN = 'a-token-of-the-tests.more-than-32-bytes-long'
const PATHS = ['/metrics', '/api/v1/metrics']

it.each(PATHS)("are for an admin's token: %s", async (path) => {
  await using api = await listening({
    metrics: { render: async () => ({ contentType: 'text/plain', text: 'zk_jobs 1\n' }) },
  })
  const answer = await api.client.get(path, { token: api.token })
  expect(answer).toMatchObject({ status: 200, text: 'zk_jobs 1\n' })
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  expect((await api.client.get(path)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
  expect((await api.client.get(path, { token: METRICS_TOKEN })).reply).toEqual(refused(401, 'UNAUTHORIZED'))
})

it.each(PATHS)('are for METRICS_TOKEN, which opens nothing else: %s', async (path) => {
  await using api = await listening({ config: { METRICS_TOKEN } })
  expect((await api.client.get(path, { token: METRICS_TOKEN })).status).toBe(200)
  expect((await api.client.get(path, { token: `${METRICS_TOKEN}.` })).status).toBe(401)
  expect((await api.client.get('/api/v1/queue/stats', { token: METRICS_TOKEN })).status).toBe(401)
})

it('are not for other roles', async () => {
  await using api = await listening({
    accounts: { findForToken: async () => ({ ...ADMIN, role: 'operator' }) },
  })
  expect((await api.client.get('/metrics', { token: api.token })).reply).toEqual(refused(403, 'FORBIDDEN'))
})

it('count each answer by its route as declared, never by what a caller wrote', async () => {
  const noted: AnsweredRequest[] = []
  await using api = await listening({ metrics: { noteRequest: (request) => void noted.push(request) } })
  noted.length = 0
  await api.client.get('/api/v1/devices/17', { token: api.token })
  await api.client.get('/api/v1/devices/nonsense', { token: api.token })
  await api.client.get('/nowhere/17')
  await api.client.ask('PATCH', '/api/v1/queue/stats', { token: api.token })
  await expect
    .poll(() => noted.map(({ method, route, status }) => `${method} ${route} ${status}`))
    .toEqual([
      'GET /api/v1/devices/:deviceId 200',
      'GET /api/v1/devices/:deviceId 400',
      'GET none 404',
      'PATCH none 405',
    ])
})
