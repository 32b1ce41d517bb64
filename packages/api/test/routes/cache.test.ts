// Cached lists at the edge: which questions are the same, and what the answer says of itself.
import type { CacheQuestion } from '@org/core'
import { expect, it } from 'vitest'
import { listening } from '../support/listening.ts'

it('asks the cache by devices and everything else that the answer hangs on', async () => {
  const asked: CacheQuestion[] = []
  await using api = await listening({
    cachedAnswers: {
      async answer(question, make) {
        asked.push(question)
        return { bytes: Buffer.from(await make()), etag: 'made-now', hit: false }
      },
    },
  })
  const get = (path: string) => api.client.get(`/api/v1/attendance${path}`, { token: api.token })
  await get('')
  await get('?device_id=3&limit=10&state=1')
  await get('/device/3?limit=10&state=1')
  await get('/user/0042?device_id=3')
  await get('?user_id=0042&device_id=3')
  const paging = { page: 1, limit: 100, sort: '-timestamp' }
  const small = { page: 1, limit: 10, sort: '-timestamp' }
  expect(asked).toEqual([
    { subject: 'attendance', deviceIds: undefined, filter: ['all', { denied: false }, paging] },
    { subject: 'attendance', deviceIds: [3], filter: ['all', { state: 1, denied: false }, small] },
    { subject: 'attendance', deviceIds: [3], filter: ['device', { state: 1, denied: false }, small] },
    { subject: 'attendance', deviceIds: [3], filter: ['all', { pin: '0042', denied: false }, paging] },
    { subject: 'attendance', deviceIds: [3], filter: ['all', { pin: '0042', denied: false }, paging] },
  ])
})

it('lets only the caller keep a list, who asks each time whether it is the same', async () => {
  await using api = await listening()
  const { headers } = await api.client.get('/api/v1/attendance', { token: api.token })
  expect(headers.get('cache-control')).toBe('private, no-cache')
  expect(headers.get('vary')).toContain('authorization')
})
