import { describe, expect, it, vi } from 'vitest'
import { DrivenSession } from '../../src/transport/drive.ts'
import type { Transport, TransportListener } from '../../src/transport/transport.ts'
import { offer } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'

/** A transport that leads nowhere and counts how often it was closed. */
class DeadEnd implements Transport {
  readonly kind = 'tcp'
  closings = 0
  #listener: TransportListener | undefined

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  send(_packet: Uint8Array): void {
    // Nobody is there.
  }

  close(): Promise<void> {
    this.closings += 1
    return Promise.resolve()
  }

  hears(bytes: Uint8Array): void {
    this.#listener?.received(bytes)
  }
}

const UNLIMITED = { deadlineMs: Number.POSITIVE_INFINITY, signal: undefined } as const

function drive(): { readonly transport: DeadEnd; readonly session: DrivenSession } {
  const transport = new DeadEnd()
  return { transport, session: new DrivenSession(transport, DEFAULT_TIMEOUTS, () => undefined) }
}

function* counting(last: number): Procedure<string, number> {
  for (let n = 1; n <= last; n += 1) yield* offer(n)
  return 'all told'
}

describe('a stream of values', () => {
  it('is pulled one by one, ends with its result, and has that result ever after', async () => {
    const stream = drive().session.stream(counting(2), UNLIMITED)
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    expect(await stream.next()).toEqual({ done: false, value: 2 })
    expect(await stream.next()).toEqual({ done: true, result: 'all told' })
    expect(await stream.next()).toEqual({ done: true, result: 'all told' })
    await stream.leave()
  })

  it('refuses to be pulled twice at once, and goes on for who pulled first', async () => {
    const { session } = drive()
    function* holding(): Procedure<void, number> {
      yield { kind: 'hear', waitMs: 50 }
      yield* offer(1)
    }
    const stream = session.stream(holding(), UNLIMITED)
    const first = stream.next()
    await expect(stream.next()).rejects.toMatchObject({ code: 'ZK_WRONG_ORDER' })
    expect(await first).toEqual({ done: false, value: 1 })
    await stream.leave()
    await expect(stream.next()).rejects.toMatchObject({ code: 'ZK_ABORTED' })
  })

  it('that was left before it began never begins', async () => {
    const stream = drive().session.stream(counting(1), UNLIMITED)
    await stream.leave()
    await expect(stream.next()).rejects.toMatchObject({ code: 'ZK_WRONG_ORDER' })
  })

  it('that was aborted before it began never begins', async () => {
    const stream = drive().session.stream(counting(1), { ...UNLIMITED, signal: AbortSignal.abort() })
    await expect(stream.next()).rejects.toMatchObject({ code: 'ZK_ABORTED', effect: 'none' })
  })
})

describe('a driven session', () => {
  it('fails with an error also where a procedure throws what is none', async () => {
    function* careless(): Procedure<void, number> {
      yield* offer(1)
      throw 'a word' as unknown as Error
    }
    const failing = drive().session.stream(careless(), UNLIMITED)
    await failing.next()
    await expect(failing.next()).rejects.toMatchObject({ cause: 'a word' })
  })

  it('waits longer than a timer of Node can be set to without waking all the time', () => {
    vi.useFakeTimers()
    try {
      const { session } = drive()
      function* patient(): Procedure<void> {
        yield { kind: 'hear', waitMs: 30 * 86_400_000 }
      }
      const left = session.perform(patient(), UNLIMITED).catch((error: unknown) => error)
      const set = vi.spyOn(globalThis, 'setTimeout')
      vi.advanceTimersByTime(86_400_000)
      expect(set).not.toHaveBeenCalled()
      void session.close()
      return expect(left).resolves.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    } finally {
      vi.useRealTimers()
    }
  })

  it('closes its transport when what arrives is not this protocol', async () => {
    const { transport, session } = drive()
    transport.hears(new TextEncoder().encode('HTTP/1.1 400 Bad Request'))
    expect([session.gone, session.heard, transport.closings]).toEqual([true, false, 1])
    await session.close()
  })
})
