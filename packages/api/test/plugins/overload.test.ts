// A process that has more to do than it can.
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { errorReplies } from '../../src/plugins/error-replies.ts'
import { overload } from '../../src/plugins/overload.ts'

async function overloaded(delayMs: number) {
  const app = Fastify()
  await app.register(errorReplies)
  // One byte is less than any process has: it is overloaded from its first look on.
  await app.register(overload, { delayMs, maxHeapUsedBytes: 1 })
  app.get('/list', async () => ({ list: true }))
  app.get('/health', { config: { quiet: true } }, async () => ({ health: true }))
  await app.ready()
  return { app, [Symbol.asyncDispose]: () => app.close() }
}

describe('an overloaded process', () => {
  it('says so at once, and when to come back; health is answered', async () => {
    await using it = await overloaded(1_000)
    await expect.poll(async () => (await it.app.inject('/list')).statusCode, { timeout: 30_000 }).toBe(503)
    const answer = await it.app.inject('/list')
    expect(answer.json()).toMatchObject({ status: false, error: { code: 'SERVICE_OVERLOADED' } })
    expect(answer.headers['retry-after']).toBe('10')
    expect((await it.app.inject('/health')).statusCode).toBe(200)
  })

  it('is not taken for one because its own start was slow', async () => {
    await using app = Fastify()
    await app.register(errorReplies)
    await app.register(overload, { delayMs: 1_000 })
    app.get('/list', async () => ({ list: true }))
    // Longer than it is measured once: the first look sees nothing but this.
    const until = performance.now() + 6_000
    while (performance.now() < until);
    await app.ready()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const measured = app.getDecorator<() => { eventLoopDelay: number }>('memoryUsage')
    expect(measured().eventLoopDelay).toBeGreaterThan(1_000)
    expect((await app.inject('/list')).statusCode).toBe(200)
  })

  it('refuses nothing where that is switched off', async () => {
    await using it = await overloaded(0)
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    expect((await it.app.inject('/list')).statusCode).toBe(200)
  })
})
