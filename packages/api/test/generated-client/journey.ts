// A program that was written against the OpenAPI document alone: openapi-fetch with the types that openapi-typescript made of it.
// Nothing here or in the journeys is cast, so what compiles is what the document promises.
import { setTimeout as sleep } from 'node:timers/promises'
import createClient from 'openapi-fetch'
import type { components, paths } from './api.d.ts'

export type Job = components['schemas']['Job']
export type Result = NonNullable<Job['result']>
type ErrorBody = components['schemas']['ErrorBody']

const WITHIN_MS = 90_000
const PAUSE_MS = 50

/** The service refused: the status and the code by which programs decide. */
export class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, { code }: ErrorBody) {
    super(`${status} ${code}`)
    this.status = status
    this.code = code
  }
}

/** What openapi-fetch gives for any operation. */
type Given<Data> =
  | { readonly data: Data; readonly error?: never; readonly response: Response }
  | { readonly data?: never; readonly error: { readonly error: ErrorBody }; readonly response: Response }

/** The body of an answer that succeeded; throws Refused for any other. */
export async function answered<Data>(asking: Promise<Given<Data>>): Promise<Data> {
  const { data, error, response } = await asking
  if (error !== undefined) throw new Refused(response.status, error.error)
  return data
}

/** A client that shows these headers with every request. */
export function clientOf(baseUrl: string, headers: Readonly<Record<string, string>> = {}) {
  return createClient<paths>({ baseUrl, headers })
}
export type ApiClient = ReturnType<typeof clientOf>

/** Logs in, and gives the tokens with a client that shows the access token. */
export async function logIn(
  baseUrl: string,
  body: { email: string; password: string },
): Promise<components['schemas']['TokenPair'] & { readonly api: ApiClient }> {
  const { data } = await answered(clientOf(baseUrl).POST('/api/v1/auth/login', { body }))
  return { ...data, api: clientOf(baseUrl, { authorization: `Bearer ${data.access_token}` }) }
}

/** Looks until `look` gives something. */
export async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`not so after ${WITHIN_MS} ms`)
    await sleep(PAUSE_MS)
  }
}

/** Asks for a job until it is over. */
async function finishedJob(api: ApiClient, jobId: string): Promise<Job> {
  return until(async () => {
    const params = { path: { jobId } }
    const { data: job } = await answered(api.GET('/api/v1/queue/jobs/{jobId}', { params }))
    return job.finished_at === null ? undefined : job
  })
}

/** The result of a job that has to succeed; throws with its error where it does not. */
export async function resultOf(api: ApiClient, jobId: string): Promise<Result> {
  const { state, result, error } = await finishedJob(api, jobId)
  if (result === null) throw new Error(`${jobId} is ${state}: ${error?.code} ${error?.message}`)
  return result
}

/** Follows new punches from an event on until there are so many; their ids. */
export async function followed(api: ApiClient, lastEventId: number, count: number): Promise<number[]> {
  const ending = new AbortController()
  const late = setTimeout(() => ending.abort(new Error(`fewer than ${count} events came`)), WITHIN_MS)
  const ids = new Set<number>()
  try {
    const stream = await answered(
      api.GET('/api/v1/attendance/stream', {
        params: { query: { last_event_id: lastEventId } },
        parseAs: 'stream',
        signal: ending.signal,
      }),
    )
    if (stream === null) throw new Error('the stream has no body')
    let text = ''
    const decoder = new TextDecoder()
    for await (const bytes of stream) {
      text += decoder.decode(bytes, { stream: true })
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        const id = /^id: (\d+)$/m.exec(event)?.[1]
        if (id !== undefined) ids.add(Number(id))
      }
      if (ids.size >= count) break
    }
    return [...ids]
  } finally {
    clearTimeout(late)
    ending.abort()
  }
}
