// A client over real HTTP. Every answer that it gets is compared with what the OpenAPI document promises of it, so that no test
// can meet an answer that the document does not know.
import { expect } from 'vitest'
import { faultsBySchema, findOperation } from './document.ts'
import type { Document } from './document.ts'

/** An answer with its body read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** As JSON; undefined where the body is none. */
  readonly body: unknown
  readonly text: string
  /** Status and body: what `toEqual(refused(…))` is asked of. */
  readonly reply: { readonly status: number; readonly body: unknown }
  /** `data` of an answer that succeeded; undefined otherwise. */
  readonly data: unknown
  /** The fields that a VALIDATION_ERROR names, sorted; empty for any other answer. */
  readonly faults: readonly string[]
}

export interface Ask {
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, with the content type given. */
  readonly raw?: { readonly body: string | Uint8Array<ArrayBuffer>; readonly type?: string }
}

export class Client {
  readonly address: string
  readonly #document: Document

  private constructor(address: string, document: Document) {
    this.address = address
    this.#document = document
  }

  /** Reads the document of the service first. */
  static async to(address: string): Promise<Client> {
    const answer = await fetch(`${address}/openapi.json`)
    return new Client(address, (await answer.json()) as Document)
  }

  get(path: string, ask: Ask = {}): Promise<Answer> {
    return this.ask('GET', path, ask)
  }

  post(path: string, body?: unknown, ask: Ask = {}): Promise<Answer> {
    return this.ask('POST', path, { ...ask, body })
  }

  async ask(method: string, path: string, { token, headers, body, raw }: Ask = {}): Promise<Answer> {
    const type = raw?.type ?? (body === undefined ? undefined : 'application/json')
    const response = await fetch(this.address + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(type !== undefined && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(raw !== undefined && { body: raw.body }),
      redirect: 'manual',
    })
    const answer = await readAnswer(response)
    this.#compareWithDocument(method, path, answer)
    return answer
  }

  #compareWithDocument(method: string, path: string, { status, headers, body }: Answer): void {
    const [pathname = ''] = path.split('?')
    const operation = findOperation(this.#document, method, pathname)
    if (operation === undefined) return
    if (status === 304 && operation.responses[status] !== undefined) return
    const content = operation.responses[status]?.content
    const [type = ''] = (headers.get('content-type') ?? '').split(';')
    if (type !== 'application/json' && content?.[type] !== undefined) return
    const promised = content?.['application/json']
    const what = `${method} ${pathname} answers ${status}`
    if (promised === undefined) throw new Error(`${what}, which the document does not know`)
    const faults = faultsBySchema(this.#document, promised.schema, body)
    if (faults.length > 0) throw new Error(`${what}, and not as the document says: ${faults.join('; ')}`)
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response
  // A stream of events has no end to wait for.
  const isEndless = headers.get('content-type')?.startsWith('text/event-stream') === true
  if (isEndless) await response.body?.cancel()
  const text = isEndless ? '' : await response.text()
  const isJson = headers.get('content-type')?.startsWith('application/json') === true && text !== ''
  const body: unknown = isJson ? JSON.parse(text) : undefined
  const read = body as {
    data?: unknown
    error?: { code: string; details: unknown }
    metadata?: { request_id: string }
  }
  if (read?.metadata !== undefined && read.metadata.request_id !== headers.get('x-request-id'))
    throw new Error(`The header names another request than the body: ${text}`)
  const faults = read?.error?.code === 'VALIDATION_ERROR' ? (read.error.details as { field: string }[]) : []
  return {
    status,
    headers,
    body,
    text,
    reply: { status, body },
    data: read?.data,
    faults: faults.map(({ field }) => field).sort(),
  }
}

/** The standard error, whole; `message` and `details` may be anything when not named. */
export function refused(
  status: number,
  code: string,
  { message, details }: { message?: string; details?: unknown } = {},
): unknown {
  return {
    status,
    body: {
      status: false,
      message: message ?? expect.stringMatching(/\S/),
      error: {
        code,
        type: expect.stringMatching(/^[A-Z]\w+Error$/),
        details: details ?? expect.toSatisfy((value) => value !== undefined),
      },
      metadata: {
        timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
        request_id: expect.stringMatching(/^req-[A-Za-z0-9_-]{3,64}$/),
        api_version: 'v1',
      },
    },
  }
}
