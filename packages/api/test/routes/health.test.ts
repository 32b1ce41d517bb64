// /health: what load balancers see, at the root and below the base path.
import { describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'

const up = { state: 'up', ms: 1.23456 } as const
const down = { state: 'down', ms: 2000 } as const

describe.each(['', '/api/v1'])('below %j', (base) => {
  it('says that the process lives', async () => {
    await using api = await listening()
    const answer = await api.client.get(`${base}/health/live`)
    expect(answer.reply).toEqual({
      status: 200,
      body: { status: true, message: 'The process answers', data: { state: 'live' } },
    })
  })

  it('says that requests may come, and how long each part took', async () => {
    await using api = await listening({
      health: async () => ({ ready: true, database: up, redis: up, queue: up }),
    })
    const answer = await api.client.get(`${base}/health/ready`)
    const part = { state: 'up', ms: 1.2 }
    expect(answer.data).toEqual({ state: 'ready', database: part, redis: part, queue: part })
  })

  it.each([
    ['DATABASE_UNAVAILABLE', { database: down, redis: null, queue: down }],
    ['QUEUE_UNAVAILABLE', { database: up, redis: down, queue: down }],
  ] as const)('says which part does not answer: %s', async (code, parts) => {
    await using api = await listening({ health: async () => ({ ready: false, ...parts }) })
    const answer = await api.client.get(`${base}/health/ready`)
    expect(answer.reply).toEqual(
      refused(503, code, { details: expect.objectContaining({ queue: { state: 'down', ms: 2000 } }) }),
    )
  })

  it('sends requests elsewhere once the service stops', async () => {
    await using api = await listening({ ready: false })
    const answer = await api.client.get(`${base}/health/ready`)
    expect(answer.reply).toEqual(refused(503, 'SERVICE_STOPPING'))
    expect((await api.client.get(`${base}/health/live`)).status).toBe(200)
  })
})
