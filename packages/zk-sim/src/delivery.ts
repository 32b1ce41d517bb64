// Carries the packets of one conversation to its outlet: paced as hardware is, joined if wanted, never faster than
// the outlet takes them. What a fault script cuts or stalls is cut or stalled here.
import type { ByteFault } from './faults/wire-faults.ts'

/** Packets joined into one write are no longer than this. */
const JOINED_BYTES = 65_536

/** How packets leave the terminal. */
export interface Pace {
  /** Pause after each packet (or each joined group), in milliseconds. 0: none. */
  readonly paceMs: number
  /** TCP: each write holds at most this many bytes; undefined: packets are written whole. */
  readonly segmentBytes: number | undefined
  /** TCP: packets that are ready together leave in one write. */
  readonly coalesce: boolean
}

/** Where packets come from, and what is to become of them. */
export interface DeliverySource {
  /** The next packet to send; undefined while there is none. */
  take(): Uint8Array | undefined
  /** Decides on bytes about to be sent; `sentBefore` counts what was sent here so far. */
  decide(sentBefore: number, bytes: number): ByteFault
  /** How long to wait before what was just taken is sent. */
  delayMs(): number
  /** Whether packets that are ready together are to leave together, though the pace says nothing of it. */
  joins(): boolean
  /** Some have. */
  joined(): void
}

/** Where packets go. */
export interface Outlet {
  /** Sends bytes; settles when the network takes more. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends the connection at once. */
  cut(cause?: Error): void
}

/** The sending half of one conversation. */
export class Delivery {
  readonly #source: DeliverySource
  readonly #outlet: Outlet
  readonly #pace: Pace
  #sentBytes = 0
  #running = false
  #ended = false
  /** Nothing more is heard of the terminal: what it says is taken and goes nowhere. */
  #silent = false
  #endPause: (() => void) | undefined

  constructor(source: DeliverySource, outlet: Outlet, pace: Pace) {
    this.#source = source
    this.#outlet = outlet
    this.#pace = pace
  }

  /** Packets may be ready: sends until there is none. Calls while it is sending change nothing. */
  wake(): void {
    if (this.#running || this.#ended) return
    this.#running = true
    this.#run().catch((cause: unknown) => {
      this.end()
      this.#outlet.cut(cause instanceof Error ? cause : new Error(String(cause)))
    })
  }

  /** Nothing is sent any more, and a pause ends at once. */
  end(): void {
    this.#ended = true
    this.#endPause?.()
  }

  async #run(): Promise<void> {
    for (;;) {
      const joins = !this.#silent && (this.#pace.coalesce || this.#source.joins())
      const bytes = joins ? this.#takeJoined() : this.#source.take()
      if (bytes === undefined || this.#ended) {
        // In the same turn as the look that found nothing, so that no wake() falls between the two.
        this.#running = false
        return
      }
      if (this.#silent) continue
      const delayMs = this.#source.delayMs()
      if (delayMs > 0) await this.#pause(delayMs)
      if (this.#ended) return
      const verdict = this.#source.decide(this.#sentBytes, bytes.length)
      this.#sentBytes += verdict.bytes
      await this.#outlet.write(bytes.subarray(0, verdict.bytes))
      if (verdict.next === 'cut') {
        this.end()
        this.#outlet.cut()
        return
      }
      this.#silent = verdict.next === 'stall'
      if (this.#pace.paceMs > 0) await this.#pause(this.#pace.paceMs)
    }
  }

  #takeJoined(): Uint8Array | undefined {
    const packets: Uint8Array[] = []
    for (let bytes = 0; bytes < JOINED_BYTES;) {
      const packet = this.#source.take()
      if (packet === undefined) break
      packets.push(packet)
      bytes += packet.length
    }
    if (packets.length <= 1) return packets[0]
    this.#source.joined()
    return Buffer.concat(packets)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#endPause = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#endPause = done
      if (this.#ended) done()
    })
  }
}
