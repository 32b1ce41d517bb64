// Ways to cut a stream of bytes into segments: whole, byte by byte, and at places drawn from a seed.

/** Numbers from 0 to 1, the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 0x1_0000_0000
  }
}

/** Segments of the given lengths; what is left is the last one. */
export function cutAt(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const segments: Uint8Array[] = []
  let at = 0
  for (const length of lengths) {
    segments.push(bytes.slice(at, at + length))
    at += length
  }
  if (at < bytes.length) segments.push(bytes.slice(at))
  return segments
}

/** Each byte its own segment. */
export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (value) => Uint8Array.of(value))
}

/** Segments of 1 to `longest` bytes, drawn from a seed. */
export function cutAtRandom(bytes: Uint8Array, seed: number, longest: number): Uint8Array[] {
  const random = seededRandom(seed)
  const lengths: number[] = []
  for (let sum = 0; sum < bytes.length;) {
    const length = 1 + Math.floor(random() * longest)
    lengths.push(length)
    sum += length
  }
  return cutAt(bytes, lengths)
}
