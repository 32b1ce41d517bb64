// Server-sent events: an async iterable as an answer that goes on until it ends, its reader goes, or its reader may no longer have
// it. Nothing here waits for a reader without end.
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Standing } from './plugins/authentication.ts'

/** One event. `data` is put on one line, as JSON. */
export interface StreamedEvent {
  readonly id: string
  readonly event: string
  readonly data: object
}

/** What a stream of events consists of. */
export interface EventStreamOptions {
  readonly events: AsyncGenerator<StreamedEvent, void, undefined>
  /** Whether its reader may still have it: asked at every heartbeat. */
  readonly standing: Standing
  /** Ends it: `events` end when this aborts, and it is aborted when the reader has gone. */
  readonly ending: AbortController
}

/** Between two signs of life; proxies cut what is silent for a minute. */
const HEARTBEAT_MS = 15_000
/** What a browser waits before it comes back. */
const COME_BACK_MS = 2_000
/** Why a stream ends when its process stops: its reader is told to come back, which another process answers. */
export const PROCESS_STOPS = 'the process stops'
/** How long a reader that takes nothing may hold an answer that has ended. */
const LINGER_MS = 2_000
const LONGEST_TIMER_MS = 2_147_483_647

/** Sends it. The answer has begun when this returns. */
export function sendEvents(reply: FastifyReply, options: EventStreamOptions): FastifyReply {
  const { ending, standing } = options
  const body = Readable.from(textOf(options), { objectMode: true, highWaterMark: 1 })
  const end = (): void => ending.abort()
  const check = setInterval(() => {
    standing.check().catch(end)
  }, HEARTBEAT_MS)
  const expiry = setTimeout(end, Math.min(LONGEST_TIMER_MS, Math.max(0, standing.endsAtMs - Date.now())))
  const cut = (): void => {
    setTimeout(() => body.destroy(), LINGER_MS).unref()
  }
  ending.signal.addEventListener('abort', cut, { once: true })
  reply.raw.once('close', () => {
    clearInterval(check)
    clearTimeout(expiry)
    end()
  })
  return reply
    .type('text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(body)
}

async function* textOf({ events, ending }: EventStreamOptions): AsyncGenerator<string, void, undefined> {
  try {
    yield `retry: ${COME_BACK_MS}\n\n`
    let next = events.next()
    while (!ending.signal.aborted) {
      const step = await withinBeat(next)
      if (step === undefined) {
        yield ': still here\n\n'
        continue
      }
      if (step.done === true) break
      yield spelled(step.value)
      next = events.next()
    }
    if (ending.signal.reason === PROCESS_STOPS) yield parting()
  } finally {
    ending.abort()
    await events.return()
  }
}

/** The end of a stream whose process stops. Its readers come back spread over a time, not all in one moment. */
function parting(): string {
  return `: ${PROCESS_STOPS}; come back with the last id\nretry: ${Math.round(COME_BACK_MS * (0.5 + Math.random()))}\n\n`
}

/** Undefined when it takes longer than a heartbeat. */
async function withinBeat<T>(work: Promise<T>): Promise<T | undefined> {
  const settled = new AbortController()
  const beat = sleep(HEARTBEAT_MS, undefined, { signal: settled.signal }).catch(() => undefined)
  try {
    return await Promise.race([work, beat])
  } finally {
    settled.abort()
  }
}

function spelled({ id, event, data }: StreamedEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
