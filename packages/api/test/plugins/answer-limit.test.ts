// Requests that nobody answers in time.
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerLimit } from '../../src/plugins/answer-limit.ts'
import { errorReplies } from '../../src/plugins/error-replies.ts'

describe('an answer that takes too long', () => {
  let app: FastifyInstance
  let address: string
  const stop = new AbortController()
  const ended: string[] = []

  beforeAll(async () => {
    app = Fastify()
    await app.register(errorReplies)
    await app.register(answerLimit, { withinMs: 200 })
    for (const method of ['GET', 'POST'] as const) {
      app.route({
        method,
        url: '/slow',
        async handler() {
          await sleep(60_000, undefined, { signal: stop.signal }).catch(() => ended.push(method))
          return { late: true }
        },
      })
    }
    app.get('/patient', { config: { answerWithinMs: 60_000 } }, async () => {
      await sleep(600)
      return { patient: true }
    })
    app.get('/quick', async () => ({ quick: true }))
    app.post('/patient', { config: { answerWithinMs: () => 60_000 } }, async () => {
      await sleep(600)
      return { patient: true }
    })
    address = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    stop.abort()
    await app.close()
  })

  it.each([
    ['GET', undefined],
    ['POST', '{"a":1}'],
  ])('is given up: %s', async (method, body) => {
    const answer = await fetch(`${address}/slow`, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
    })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ status: false, error: { code: 'TOO_SLOW' } })
  })

  it('is waited for where the route says so', async () => {
    const answer = await fetch(`${address}/patient`)
    const other = await fetch(`${address}/patient`, { method: 'POST' })
    expect([other.status, await other.json()]).toEqual([200, { patient: true }])
    expect(await answer.json()).toEqual({ patient: true })
  })

  it('is not missed by what comes in time, nor by a handler that ends afterwards', async () => {
    const answer = await fetch(`${address}/quick`)
    expect(await answer.json()).toEqual({ quick: true })
    stop.abort()
    await sleep(50)
    expect(ended).toEqual(['GET', 'POST'])
    expect((await fetch(`${address}/quick`)).status).toBe(200)
  })
})
