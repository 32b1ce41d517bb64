// The data packets of a transfer over UDP, where they come late, twice, out of order or not at all: filed under their index
// until nothing is missing. What is filed is kept when the request is sent again. Source: docs/protocol §4.
import { sameBytes } from '../bytes.ts'
import type { Packet } from '../packet.ts'
import type { Transfer } from './procedure.ts'

/** The pieces of one transfer. */
export class DatagramFiling {
  readonly #sessionId: number
  readonly #byIndex = new Map<number, Uint8Array>()
  /** Packets of the newest sending that carry the session id: some simulators have it where terminals put the index. */
  #unnumbered: Uint8Array[] = []
  #sizeBytes = 0
  #announced: number | undefined

  constructor(sessionId: number) {
    this.#sessionId = sessionId
  }

  /** What the opening packet announced; undefined while none has come. */
  get announced(): number | undefined {
    return this.#announced
  }

  get isEmpty(): boolean {
    return this.#byIndex.size === 0 && this.#unnumbered.length === 0
  }

  /** Bytes that are filed. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** The one packet that is filed, as the first of a transfer; undefined when there are more, or another one. */
  get lone(): Uint8Array | undefined {
    return this.#byIndex.size === 1 && this.#unnumbered.length === 0 ? this.#byIndex.get(0) : undefined
  }

  /** The opening packet, of the `newest` sending or not. Another size means other data: what was filed is of no use. */
  announce(sizeBytes: number, newest: boolean): void {
    if (this.#announced !== undefined && this.#announced !== sizeBytes) {
      if (!newest) return
      this.#clear()
    }
    this.#announced = sizeBytes
  }

  /** A data packet; `newest` when it answers the last sending of the request. */
  file(packet: Packet, newest: boolean): void {
    const { payload, session: index } = packet
    if (index === this.#sessionId && this.#byIndex.size === 0) {
      // Without an index a double shows in its content alone; one that is none leaves the sum short, which is safe.
      const known = this.#unnumbered.some((piece) => sameBytes(piece, payload))
      if (newest && !known) {
        this.#unnumbered.push(payload)
        this.#sizeBytes += payload.length
      }
      return
    }
    const [numberedAfterAll] = this.#unnumbered
    this.#dropUnnumbered()
    if (numberedAfterAll !== undefined) this.#put(this.#sessionId, numberedAfterAll)
    const known = this.#byIndex.get(index)
    if (known === undefined) this.#put(index, payload)
    else if (!sameBytes(known, payload)) {
      // The terminal cut its data anew, or holds other data now. The newest sending is right.
      if (!newest) return
      const announced = this.#announced
      this.#clear()
      this.#announced = announced
      this.#put(index, payload)
    }
  }

  /** The request is sent again: what has an index stays. */
  nextRound(): void {
    this.#dropUnnumbered()
  }

  /** The whole transfer, or undefined while a piece of it is missing. `exactBytes` stands in for an opening packet. */
  whole(exactBytes: number | undefined): Transfer | undefined {
    const announcedBytes = this.#announced ?? exactBytes
    if (announcedBytes === undefined || this.#sizeBytes !== announcedBytes) return undefined
    const pieces: Uint8Array[] = [...this.#unnumbered]
    for (let index = 0; index < this.#byIndex.size; index += 1) {
      const piece = this.#byIndex.get(index)
      if (piece === undefined) return undefined
      pieces.push(piece)
    }
    return { pieces, sizeBytes: this.#sizeBytes, announcedBytes, intact: true }
  }

  #put(index: number, payload: Uint8Array): void {
    this.#byIndex.set(index, payload)
    this.#sizeBytes += payload.length
  }

  #dropUnnumbered(): void {
    for (const piece of this.#unnumbered) this.#sizeBytes -= piece.length
    this.#unnumbered = []
  }

  #clear(): void {
    this.#byIndex.clear()
    this.#unnumbered = []
    this.#sizeBytes = 0
    this.#announced = undefined
  }
}
