// Faults of the wire: what becomes of bytes and packets on their way out, whatever they say.
import type { Faults } from './faults.ts'

/** The verdict on bytes about to be sent: how many of them go out, and what happens then. */
export interface ByteFault {
  bytes: number
  next: 'go' | 'cut' | 'stall'
}

const BITS = 8

/** Decides on `bytes` about to be sent on a connection that has sent `sentBefore`. */
export function byteFault(faults: Faults, sentBefore: number, bytes: number): ByteFault {
  const cut = faults.strike('cut', (fault) => sentBefore + bytes >= fault.number('afterBytes'))
  if (cut !== undefined) return { bytes: Math.max(0, cut.number('afterBytes') - sentBefore), next: 'cut' }
  const stall = faults.strike('stall', (fault) => sentBefore + bytes >= fault.number('atByte'))
  if (stall !== undefined) return { bytes: Math.max(0, stall.number('atByte') - sentBefore), next: 'stall' }
  return { bytes, next: 'go' }
}

/** The packet as it arrives: itself, or a copy with one bit the other way. */
export function flipped(faults: Faults, packet: Uint8Array): Uint8Array {
  if (packet.length === 0 || faults.strike('flip') === undefined) return packet
  const bit = faults.random('flip').below(packet.length * BITS)
  const at = Math.floor(bit / BITS)
  const damaged = packet.slice()
  damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit % BITS))
  return damaged
}

/** How long to wait before a packet, in milliseconds. */
export function delayMs(faults: Faults): number {
  return faults.strike('delay')?.number('ms') ?? 0
}

/** The longest piece of a write to a connection; undefined: packets are written whole. */
export function pieceBytes(faults: Faults): number | undefined {
  return faults.strike('segment')?.number('bytes')
}
