// On whose behalf something is done: the request that asked for it, and the trace (W3C Trace Context) that the request belongs to.
// It follows the work through every await, and a job takes it along in its row, so that each line of the log can name it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const WorkOrigin = Type.Object({
  /** `req-…`, as in the answer's header. */
  request_id: Type.String({ pattern: '^req-[A-Za-z0-9_-]{3,64}$' }),
  /** The caller's trace and the span in it that asked, in lower-case hexadecimal; both or none. */
  trace_id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
  span_id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
})
const workOrigin = Compile(WorkOrigin)

/** Named as the fields of a log line are. */
export type WorkOrigin = Readonly<Static<typeof WorkOrigin>>

/** The longest `traceparent` that is read: what a later version may append is passed over, a novel is not. */
const TRACEPARENT_LIMIT = 256
const TRACEPARENT =
  /^(?<version>[0-9a-f]{2})-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-[0-9a-f]{2}(?<more>-.*)?$/

const origins = new AsyncLocalStorage<WorkOrigin | undefined>()

/** Does something on behalf of `origin`, and all that it awaits; undefined: on nobody's. */
export function onBehalfOf<T>(origin: WorkOrigin | undefined, act: () => T): T {
  return origins.run(origin, act)
}

/** On whose behalf the running code works; undefined outside of requests and of jobs that they asked for. */
export function currentOrigin(): WorkOrigin | undefined {
  return origins.getStore()
}

/**
 * The origin of a request. What stands in `traceparent` is a stranger's: a header that is not of the form which the standard
 * gives it (two of them, upper case, zeros, version ff) counts as none.
 */
export function originOf(requestId: string, traceparent: unknown): WorkOrigin {
  const parent =
    typeof traceparent === 'string' && traceparent.length <= TRACEPARENT_LIMIT
      ? TRACEPARENT.exec(traceparent)?.groups
      : undefined
  const { version = 'ff', trace = '', span = '', more } = parent ?? {}
  const known = version !== 'ff' && (version !== '00' || more === undefined)
  if (!known || /^0*$/.test(trace) || /^0*$/.test(span)) return { request_id: requestId }
  return { request_id: requestId, trace_id: trace, span_id: span }
}

/** What was stored as an origin; undefined for anything that is none. */
export function parseOrigin(stored: unknown): WorkOrigin | undefined {
  return workOrigin.Check(stored) ? stored : undefined
}
