// One direction of a TCP connection put in order: segments that come out of order wait, those that come again are left out, and
// what the capture does not have is told as a gap, once the other side has acknowledged beyond it or too much waits.

/** What becomes of a segment: bytes that follow, or a gap before them. */
export type Ordered =
  | { readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly type: 'gap'; readonly sizeBytes: number }

const MOST_WAITING_BYTES = 1_048_576
const MOST_WAITING_SEGMENTS = 1_024

/** Puts one direction in order. */
export class StreamOrder {
  /** The sequence number that comes next; undefined until the first segment was seen. */
  #next: number | undefined
  readonly #waiting = new Map<number, Uint8Array>()
  #waitingBytes = 0;

  /** A segment that was captured; `cutBytes` of its end the capture left out. */
  *push(seq: number, payload: Uint8Array, isSyn: boolean, cutBytes: number): Generator<Ordered> {
    if (isSyn) {
      yield* this.flush()
      this.#next = (seq + 1) >>> 0
      return
    }
    this.#next ??= seq
    if (payload.length === 0 && cutBytes === 0) return
    const ahead = distance(this.#next, seq)
    if (ahead > 0) {
      this.#wait(seq, payload)
      if (this.#waitingBytes > MOST_WAITING_BYTES || this.#waiting.size > MOST_WAITING_SEGMENTS)
        yield* this.#jump()
      return
    }
    yield* this.#take(seq, payload)
    if (cutBytes > 0) {
      yield { type: 'gap', sizeBytes: cutBytes }
      this.#next = (seq + payload.length + cutBytes) >>> 0
    }
    yield* this.#follow()
  }

  /** The other side has received everything before this number: what is missing before it will not come. */
  *acknowledged(ack: number): Generator<Ordered> {
    while (this.#waiting.size > 0 && this.#next !== undefined) {
      const first = this.#firstWaiting(this.#next)
      if (first === undefined || distance(first, ack) <= 0) return
      yield* this.#jump()
    }
  }

  /** The end: what waits is given, with the gaps before it. */
  *flush(): Generator<Ordered> {
    while (this.#waiting.size > 0) yield* this.#jump()
    this.#next = undefined
  }

  *#take(seq: number, payload: Uint8Array): Generator<Ordered> {
    const next = this.#next ?? seq
    const known = -distance(next, seq)
    if (known >= payload.length) return
    this.#next = (seq + payload.length) >>> 0
    yield { type: 'bytes', bytes: payload.subarray(known) }
  }

  *#follow(): Generator<Ordered> {
    for (;;) {
      const first = this.#next === undefined ? undefined : this.#firstWaiting(this.#next)
      if (first === undefined || this.#next === undefined || distance(this.#next, first) > 0) return
      yield* this.#take(first, this.#unwait(first))
    }
  }

  /** Goes on with what waits first, over a gap. */
  *#jump(): Generator<Ordered> {
    const next = this.#next ?? 0
    const first = this.#firstWaiting(next)
    if (first === undefined) return
    const missing = distance(next, first)
    if (missing > 0) yield { type: 'gap', sizeBytes: missing }
    if (missing > 0) this.#next = first
    yield* this.#take(first, this.#unwait(first))
    yield* this.#follow()
  }

  #wait(seq: number, payload: Uint8Array): void {
    const before = this.#waiting.get(seq)?.length ?? 0
    if (payload.length <= before) return
    this.#waiting.set(seq, payload.slice())
    this.#waitingBytes += payload.length - before
  }

  #unwait(seq: number): Uint8Array {
    const bytes = this.#waiting.get(seq) ?? new Uint8Array(0)
    this.#waiting.delete(seq)
    this.#waitingBytes -= bytes.length
    return bytes
  }

  #firstWaiting(next: number): number | undefined {
    let first: number | undefined
    for (const seq of this.#waiting.keys())
      if (first === undefined || distance(next, seq) < distance(next, first)) first = seq
    return first
  }
}

/** How far `b` is ahead of `a` on the circle of sequence numbers; negative: behind. */
function distance(a: number, b: number): number {
  return (b - a) | 0
}
