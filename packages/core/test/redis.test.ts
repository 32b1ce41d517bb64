// Waiting for Redis, which may answer, refuse or say nothing.
import { describe, expect, it } from 'vitest'
import { answerOf } from '../src/redis.ts'

const silence = new Promise<never>(() => undefined)

describe('an answer of Redis', () => {
  it('is passed on, whether it is a value or an error', async () => {
    await expect(answerOf(Promise.resolve('PONG'), { withinMs: 60_000 })).resolves.toBe('PONG')
    const refusal = new Error('READONLY')
    await expect(answerOf(Promise.reject(refusal), { withinMs: 60_000 })).rejects.toBe(refusal)
  })

  it('is not waited for longer than allowed', async () => {
    await expect(answerOf(silence, { withinMs: 10 })).rejects.toThrow('did not answer within 10 ms')
  })

  it('is not waited for by a caller who has gone away', async () => {
    const reason = new Error('the caller went away')
    const stop = new AbortController()
    const waiting = answerOf(silence, { withinMs: 60_000, signal: stop.signal })
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await expect(answerOf(silence, { withinMs: 60_000, signal: stop.signal })).rejects.toBe(reason)
  })

  it('may be an error that comes when nobody waits any more', async () => {
    const command = Promise.withResolvers<never>()
    await expect(answerOf(command.promise, { withinMs: 1 })).rejects.toThrow('did not answer')
    command.reject(new Error('connection closed'))
    await expect(command.promise).rejects.toThrow('connection closed')
  })
})
