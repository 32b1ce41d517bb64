// One POST to somebody else's server: bounded in time, no redirect followed, the answer's status all that is looked at.
import { hindranceOf, refused, undelivered } from './channel.ts'

/** What the receiver may take in all. */
const POST_WITHIN_MS = 10_000
/** Refusals that waiting may cure: too slow, too early, too much. */
const PASSING = new Set([408, 425, 429])

/** What is posted. `body` is JSON already: a signature is made over these very bytes. */
export interface Post {
  readonly url: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Resolves on 2xx. Throws NOTICE_REFUSED, NOTICE_UNDELIVERED, or the signal's reason. */
export async function postJson({ url, body, headers = {} }: Post, signal: AbortSignal): Promise<void> {
  const status = await statusOf({ url, body, headers }, signal)
  if (status >= 200 && status < 300) return
  if (status >= 300 && status < 400) throw refused(status, 'and redirects are not followed')
  if (status >= 400 && status < 500 && !PASSING.has(status)) throw refused(status)
  throw undelivered({ status })
}

async function statusOf({ url, body, headers }: Required<Post>, signal: AbortSignal): Promise<number> {
  const withinTime = AbortSignal.any([signal, AbortSignal.timeout(POST_WITHIN_MS)])
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: withinTime,
    })
    // Nobody reads it; whether it can still be given up is the connection's own affair.
    response.body?.cancel().catch(() => undefined)
    return response.status
  } catch (error) {
    signal.throwIfAborted()
    throw undelivered(hindranceOf(error))
  }
}
