// TCP as captures have it: segments out of order, again, overlapping, missing, cut, and connections that follow each other.
import { beforeAll, describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { StreamOrder } from '../../trace/stream-order.ts'
import { BEGIN_MS, frames, packet, pcap, type MadeFrame, type Spoken } from '../support/capture-files.ts'
import { packetsOf, recorded, remarksOf, tablesOf, textOf, traced, readLog } from '../support/traced.ts'

let spoken: Spoken[]
let made: MadeFrame[]
let whole: string[]

beforeAll(async () => {
  spoken = await recorded(async (terminal) => {
    await readLog(terminal)
  })
  // The log in segments of 1,000 bytes, as a network carries it.
  spoken = spoken.flatMap(({ direction, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / 1_000) }, (_, i) => ({
      direction,
      bytes: bytes.subarray(i * 1_000, (i + 1) * 1_000),
    })),
  )
  made = frames(spoken)
  whole = withoutTimes(textOf(await traced(pcap(made))))
})

const withoutTimes = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^[\d:.]+ /, ''))

/** Where the big answer is: three segments of it. */
const middle = (): number => made.findIndex(({ bytes }) => bytes.length === 1_054) + 2

describe('a stream', () => {
  it('whose segments come out of order is put in order', async () => {
    const at = middle()
    const swapped = made.with(at, made[at + 1] ?? fail()).with(at + 1, made[at] ?? fail())
    expect(withoutTimes(textOf(await traced(pcap(swapped))))).toEqual(whole)
  })

  it('whose segments come again, or overlap, is read once', async () => {
    const at = middle()
    const twice = made.flatMap((frame, i) => (i === at || i === at + 1 ? [frame, frame] : [frame]))
    const late = [...twice.slice(0, at + 4), made[at] ?? fail(), ...twice.slice(at + 4)]
    expect(withoutTimes(textOf(await traced(pcap(late))))).toEqual(whole)
  })

  it('of which a segment is missing tells the gap as soon as the other side has acknowledged it, and goes on', async () => {
    const at = middle()
    const read = await traced(pcap(made.toSpliced(at, 1)))
    expect(remarksOf(read).join('\n')).toContain('< 1000 bytes of the stream are missing in the capture')
    const [table] = tablesOf(read)
    expect(table?.records).not.toBe(300)
    expect(packetsOf(read).at(-1)).toMatchObject({ name: 'ACK_OK', answers: 'EXIT' })
  })

  it('whose frames were cut by the capture tells the gap too', async () => {
    const at = middle()
    const frame = made[at] ?? fail()
    const read = await traced(pcap(made.with(at, { ...frame, cut: 500 })))
    expect(remarksOf(read).join('\n')).toContain('< 500 bytes of the stream are missing in the capture')
    expect(packetsOf(read).at(-1)).toMatchObject({ name: 'ACK_OK', answers: 'EXIT' })
  })

  it('that had begun before the capture is read from its first packet on', async () => {
    const read = await traced(pcap(made.slice(4)))
    expect(packetsOf(read).at(-1)).toMatchObject({ answers: 'EXIT' })
    expect(tablesOf(read)).toMatchObject([{ records: 300 }])
  })

  it('on the same ports as one before is another conversation', async () => {
    const read = await traced(pcap([...made, ...made]))
    expect(tablesOf(read)).toHaveLength(2)
    expect(new Set(read.entries.map(({ place }) => place.number))).toEqual(new Set([1, 2]))
  })

  it('with rubbish in it is taken up again at the next packet', async () => {
    const rubbish: Spoken[] = [
      { direction: '>', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
      { direction: '>', bytes: Buffer.concat([Buffer.from('rubbish'), spoken[0]?.bytes ?? fail()]) },
    ]
    const read = await traced(pcap(frames(rubbish)))
    expect(remarksOf(read).join('\n')).toContain('bytes that are no packet of this protocol')
    expect(packetsOf(read)).toMatchObject([{ name: 'CONNECT' }])
  })
})

function fail(): never {
  throw new Error('there is such a frame')
}

describe('the order of a stream', () => {
  it('is that in which it was sent, whatever the network does to its segments, across the end of the numbers', () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 400 }),
      fc.array(fc.tuple(fc.nat(399), fc.integer({ min: 1, max: 80 })), { maxLength: 60 }),
      fc.nat(0xffff_ffff),
      (bytes, sent, isn) => {
        const order = new StreamOrder()
        const got: number[] = []
        const take = (pieces: Iterable<{ type: string; bytes?: Uint8Array }>): void => {
          for (const piece of pieces) {
            expect(piece.type).toBe('bytes')
            got.push(...(piece.bytes ?? []))
          }
        }
        take(order.push(isn, new Uint8Array(0), true, 0))
        const send = (at: number, size: number): void => {
          const payload = bytes.subarray(at, at + size)
          if (payload.length > 0) take(order.push((isn + 1 + at) >>> 0, payload, false, 0))
        }
        for (const [at, size] of sent) send(at, size)
        // At last everything comes once more, in order.
        for (let at = 0; at < bytes.length; at += 50) send(at, 50)
        expect(got).toEqual([...bytes])
      },
    )
    fc.assert(property, { numRuns: 300 })
  })

  it('keeps no more waiting than it may: then it goes on over a gap', () => {
    const order = new StreamOrder()
    let gap = 0
    let bytes = 0
    const take = (pieces: ReturnType<StreamOrder['flush']>): void => {
      for (const piece of pieces) {
        if (piece.type === 'gap') gap += piece.sizeBytes
        else bytes += piece.bytes.length
      }
    }
    take(order.push(0, Uint8Array.of(1), false, 0))
    for (let i = 0; i < 40; i += 1) take(order.push(1_000 + i * 60_000, new Uint8Array(60_000), false, 0))
    expect(gap).toBe(999)
    expect(bytes).toBeGreaterThan(1_000_000)
    take(order.flush())
    expect(bytes).toBe(1 + 40 * 60_000)
  })
})

it('keeps only so many conversations open, and tells each to its end', async () => {
  const opening = spoken[0]?.bytes ?? fail()
  const many = Array.from({ length: 200 }, (_, i) => {
    const bytes = packet({}, '>', opening, { seq: 1 })
    bytes.writeUInt16BE(20_000 + i, 14 + 20)
    return { bytes, atMs: BEGIN_MS + i }
  })
  const read = await traced(pcap(many))
  expect(packetsOf(read)).toHaveLength(200)
  expect(read.entries.filter(({ type }) => type === 'conversation')).toHaveLength(200)
})
