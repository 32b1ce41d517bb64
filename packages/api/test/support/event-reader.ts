// Reads server-sent events as a program does that follows new punches, and keeps all that it has heard.
import { setTimeout as sleep } from 'node:timers/promises'

const PATH = '/api/v1/attendance/stream'
const WITHIN_MS = 60_000

/** One event as its reader has it. */
export interface HeardEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** A reader of the stream of new punches. */
export class EventReader implements AsyncDisposable {
  text = ''
  readonly type: string | null
  readonly ended: Promise<void>
  readonly #stop: AbortController

  private constructor(response: Response, stop: AbortController) {
    this.type = response.headers.get('content-type')
    this.#stop = stop
    this.ended = this.#read(response)
  }

  static async open(
    address: string,
    token: string,
    headers: Record<string, string> = {},
    query = '',
  ): Promise<EventReader> {
    const stop = new AbortController()
    const response = await fetch(`${address}${PATH}${query}`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: stop.signal,
    })
    if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`)
    return new EventReader(response, stop)
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const bytes of response.body ?? []) this.text += decoder.decode(bytes, { stream: true })
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    }
  }

  get got(): readonly HeardEvent[] {
    return this.text.split('\n\n').flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const data = field('data')
      return data === undefined
        ? []
        : [{ id: field('id') ?? '', event: field('event') ?? '', data: JSON.parse(data) as unknown }]
    })
  }

  events(count: number): Promise<readonly HeardEvent[]> {
    return this.until(() => this.got.length >= count).then(() => this.got)
  }

  async until(holds: (text: string) => boolean): Promise<void> {
    const deadline = Date.now() + WITHIN_MS
    while (!holds(this.text)) {
      if (Date.now() > deadline) throw new Error(`waited in vain; heard ${this.text}`)
      await sleep(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.ended
  }
}
