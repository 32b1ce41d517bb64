// Bytes of a file or a pipe, taken in the pieces in which they are wanted, with a little memory only.

/** Reads forward through chunks. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)
  #ended = false
  /** How many bytes have been taken. */
  position = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next bytes without taking them; fewer only where the source ends. */
  async peek(sizeBytes: number): Promise<Buffer> {
    await this.#fill(sizeBytes)
    return this.#held.subarray(0, sizeBytes)
  }

  /** Takes so many bytes; undefined where the source ends before. A view that holds good until the next call. */
  async take(sizeBytes: number): Promise<Buffer | undefined> {
    if (this.#held.length < sizeBytes) await this.#fill(sizeBytes)
    if (this.#held.length < sizeBytes) return undefined
    const taken = this.#held.subarray(0, sizeBytes)
    this.#held = this.#held.subarray(sizeBytes)
    this.position += sizeBytes
    return taken
  }

  /**
   * The lines of a text, without their ends. A line longer than `mostBytes` is given in pieces, so that no text can take
   * more memory.
   */
  async *lines(mostBytes: number): AsyncGenerator<string> {
    for (;;) {
      const end = this.#held.indexOf(0x0a)
      if (end !== -1 || this.#held.length >= mostBytes) {
        const length = end === -1 || end > mostBytes ? mostBytes : end
        const line = this.#held.toString('latin1', 0, length)
        this.#held = this.#held.subarray(length === end ? length + 1 : length)
        yield line.replace(/\r$/u, '')
      } else if (!(await this.#more())) {
        break
      }
    }
    if (this.#held.length > 0) yield this.#held.toString('latin1').replace(/\r$/u, '')
    this.#held = Buffer.alloc(0)
  }

  async #fill(sizeBytes: number): Promise<void> {
    while (this.#held.length < sizeBytes && (await this.#more()));
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false
    const next = await this.#chunks.next()
    if (next.done === true) {
      this.#ended = true
      return false
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    return true
  }
}
