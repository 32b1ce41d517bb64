// Follows new punches for good: whenever its stream ends it comes back with the last id that it has heard, as programs should.
import { EventReader } from '../../support/event-reader.ts'

export class FaithfulListener implements AsyncDisposable {
  /** Of every punch that it was told, by the streams before the present one. */
  readonly #before = new Set<string>()
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  #reader: EventReader
  #comebacks = 0

  private constructor(first: EventReader, lastId: string, again: (lastId: string) => Promise<EventReader>) {
    this.#reader = first
    this.#following = this.#follow(lastId, again)
  }

  /** @param lastId the punch behind which it begins */
  static async at(address: string, token: string, lastId: number): Promise<FaithfulListener> {
    const open = (id: string) => EventReader.open(address, token, { 'last-event-id': id })
    return new FaithfulListener(await open(String(lastId)), String(lastId), open)
  }

  /** How often it had to come back. */
  get comebacks(): number {
    return this.#comebacks
  }

  hasHeard(id: number): boolean {
    const text = String(id)
    return this.#before.has(text) || this.#reader.got.some((event) => event.id === text)
  }

  async #follow(beginning: string, again: (lastId: string) => Promise<EventReader>): Promise<void> {
    let lastId = beginning
    for (;;) {
      await this.#reader.ended
      if (this.#stop.signal.aborted) return
      const { got } = this.#reader
      for (const { id } of got) this.#before.add(id)
      lastId = got.at(-1)?.id ?? lastId
      this.#reader = await again(lastId)
      this.#comebacks += 1
      if (this.#stop.signal.aborted) await this.#reader[Symbol.asyncDispose]()
    }
  }

  /** Rejects where a stream was broken off instead of ended, or could not be opened again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#reader[Symbol.asyncDispose]()
    await this.#following
  }
}
