// The comm key as CMD_AUTH carries it: mixed with the session id, so that it differs from session to session.
// It hides the key from a glance and from nothing else. Source: docs/protocol §6.
import { putU32, u8At } from './bytes.ts'
import { ZkUsageError } from './errors.ts'

const MASK = [0x5a, 0x4b, 0x53, 0x4f] as const
const HIGHEST_KEY = 0xffffffff

/** The tick byte that is sent when none is chosen; terminals learn it from the payload. */
export const DEFAULT_TICK = 50

function reverseBits(value: number): number {
  let reversed = 0
  for (let bit = 0; bit < 32; bit += 1) reversed = (reversed << 1) | ((value >>> bit) & 1)
  return reversed >>> 0
}

/**
 * The four bytes of CMD_AUTH for a comm key (0 to 4294967295) and the session id that CMD_CONNECT's answer assigned.
 * Throws ZK_VALUE_OUT_OF_RANGE for another key. Source: docs/protocol §6, capture hs-tcp-commkey-45.
 */
export function scrambleCommKey(key: number, sessionId: number, tick: number = DEFAULT_TICK): Uint8Array {
  if (!Number.isInteger(key) || key < 0 || key > HIGHEST_KEY) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', `A comm key is a whole number from 0 to ${HIGHEST_KEY}`)
  }
  const mixed = new Uint8Array(4)
  putU32(mixed, 0, (reverseBits(key) + (sessionId & 0xffff)) % 0x1_0000_0000)
  const sent = tick & 0xff
  // Masked, the halves swapped; the place of the third byte is taken by the tick itself.
  return Uint8Array.of(
    u8At(mixed, 2) ^ MASK[2] ^ sent,
    u8At(mixed, 3) ^ MASK[3] ^ sent,
    sent,
    u8At(mixed, 1) ^ MASK[1] ^ sent,
  )
}

/** Whether a CMD_AUTH payload was made from this key and session id, whatever its tick. The terminal's side. */
export function isScrambledCommKey(payload: Uint8Array, key: number, sessionId: number): boolean {
  if (payload.length !== 4) return false
  const expected = scrambleCommKey(key, sessionId, u8At(payload, 2))
  return expected.every((value, i) => value === payload[i])
}
