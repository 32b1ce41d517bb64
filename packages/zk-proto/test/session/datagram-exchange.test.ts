import { describe, expect, it } from 'vitest'
import { joinBytes, putU16, putU32, toHex, u16At } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { readAttendanceDirectly } from '../../src/commands/attendance.ts'
import { prepareBulk, readChunk } from '../../src/commands/bulk.ts'
import type { Command } from '../../src/commands/define-command.ts'
import { unlockDoor } from '../../src/commands/door.ts'
import { readClock } from '../../src/commands/terminal.ts'
import { framePacket } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import type { Packet } from '../../src/packet.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import { DatagramExchange } from '../../src/session/datagram-exchange.ts'
import type { Verdict } from '../../src/session/exchange.ts'
import { ask } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { log40 } from '../support/logs.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const NO_BYTES = new Uint8Array(0)
const SESSION_ID = 0x3c5c

function exchange(
  command: Command<unknown, unknown>,
  exactBytes?: number,
  limitBytes = 100_000,
  sessionId = SESSION_ID,
): DatagramExchange {
  return new DatagramExchange({
    ask: { kind: 'ask', command, payload: NO_BYTES, limitBytes, exactBytes, cleanup: false },
    replyId: 5,
    sessionId,
    timeouts: DEFAULT_TIMEOUTS,
    now: 0,
    latest: Number.POSITIVE_INFINITY,
  })
}

function packet(command: number, session: number, payload: Uint8Array, replyId = 5): Packet {
  return decodePacket(framePacket('udp', { command, session, replyId }, payload))
}

const piece = (index: number, length = 4, replyId = 5): Packet =>
  packet(REPLIES.DATA, index, new Uint8Array(length).fill(index + 1), replyId)

function opening(sizeBytes: number, replyId = 5): Packet {
  const payload = new Uint8Array(8)
  putU32(payload, 0, sizeBytes)
  return packet(REPLIES.PREPARE_DATA, SESSION_ID, payload, replyId)
}

const closing = (field: number, replyId = 5): Packet => packet(REPLIES.ACK_OK, field, NO_BYTES, replyId)

/** The bytes of a transfer that settled the exchange. */
function dataOf(verdict: Verdict): string {
  if (verdict?.kind !== 'answered') throw new Error(`expected an answer, got ${verdict?.kind ?? 'nothing'}`)
  return toHex(joinBytes(verdict.answer.transfer?.pieces ?? [verdict.answer.payload]))
}

/** Takes packets, of which none but the last may settle it. */
function takeAll(open: DatagramExchange, packets: readonly Packet[], now = 1): Verdict {
  let verdict: Verdict
  for (const one of packets) {
    expect(verdict).toBeUndefined()
    verdict = open.take(one, now)
  }
  return verdict
}

/** As `takeAll`, where no closing packet comes behind what is whole. */
function takeUnclosed(open: DatagramExchange, packets: readonly Packet[], now = 1): Verdict {
  expect(takeAll(open, packets, now)).toBeUndefined()
  return open.tick(open.wakeAt)
}

/** Lets it go on to the next round under a reply id. */
function goRound(open: DatagramExchange, replyId: number): void {
  const { wakeAt } = open
  expect(open.tick(wakeAt - 0.5)).toBeUndefined()
  expect(open.tick(wakeAt)).toEqual({ kind: 'resend' })
  open.resent(replyId, wakeAt)
}

describe('a request that is not answered', () => {
  it('is repeated under its reply id, with longer and longer pauses, until the time-out', () => {
    const wire = new VirtualWire({ silentOn: [CODES.GET_TIME] }, { framing: 'udp' }).connected()
    const { outcome, tookMs } = wire.run(ask(readClock, undefined))
    expect(outcome).toMatchObject({
      error: { code: 'ZK_TIMEOUT', effect: 'unknown', details: { bytesReceived: 0 } },
    })
    expect(tookMs).toBe(DEFAULT_TIMEOUTS.replyMs)
    const asked = wire.terminal.asked.filter(({ code }) => code === CODES.GET_TIME)
    expect(asked.map(({ replyId }) => replyId)).toEqual([1, 1, 1, 1, 1])
  })

  it('may be lost once or twice, or its answer', () => {
    let lost = 0
    const wire = new VirtualWire({}, { framing: 'udp' }).connected()
    const lose = (bytes: Uint8Array): Uint8Array | undefined => ((lost += 1) <= 2 ? undefined : bytes)
    wire.faults = { spoilRequests: lose }
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    lost = 0
    wire.faults = { spoil: lose }
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.strayReplies).toBe(0)
  })

  it('is sent once only when sending it twice would do it twice', () => {
    const wire = new VirtualWire({ silentOn: [CODES.UNLOCK] }, { framing: 'udp' }).connected()
    const { outcome, tookMs } = wire.run(ask(unlockDoor, { delay: 50 }))
    expect(outcome).toMatchObject({ error: { code: 'ZK_TIMEOUT', effect: 'unknown' } })
    expect([wire.terminal.count(CODES.UNLOCK), tookMs]).toEqual([1, DEFAULT_TIMEOUTS.replyMs])
  })

  it('has twice the answer when both sendings arrived, and the second one is stray', () => {
    const wire = new VirtualWire({}, { framing: 'udp' }).connected()
    wire.faults = { spoil: (bytes) => [bytes, bytes] }
    wire.result(ask(readClock, undefined))
    wire.result(ask(readClock, undefined))
    expect(wire.client.stats.strayReplies).toBe(2)
  })

  it('was answered, but each time damaged', () => {
    const wire = new VirtualWire({}, { framing: 'udp' }).connected()
    wire.faults = { spoil: (bytes) => bytes.map((value, i) => (i === 9 ? value ^ 1 : value)) }
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({
      error: { code: 'ZK_BAD_CHECKSUM', details: { attempts: 5 } },
    })
    expect(wire.client.stats.badChecksums).toBe(5)
  })
})

describe('a slice', () => {
  it('of which a packet was lost is asked for again under a new reply id, and only the gap is filled', () => {
    const records = log40(300)
    const wire = new VirtualWire({ attendance: records, capacity: { records: 300 } }, { framing: 'udp' })
    wire.connected()
    const isPiece = (bytes: Uint8Array, index: number): boolean => {
      const { command, session } = decodePacket(bytes)
      return command === REPLIES.DATA && session === index
    }
    let opened = 0
    wire.faults = {
      spoil: (bytes) => {
        const { command } = decodePacket(bytes)
        if (command === REPLIES.PREPARE_DATA) opened += 1
        if (opened === 1) return isPiece(bytes, 3) ? undefined : bytes
        // Of the repeat nothing comes through but the piece that was missing.
        return opened > 1 && !isPiece(bytes, 3) && command === REPLIES.DATA ? undefined : bytes
      },
    }
    const ran = wire.run(
      readAttendance({ from: undefined, onProgress: undefined, sliceBytes: SLICE_BYTES.udp }),
    )
    expect(ran.outcome).toMatchObject({ ok: true, value: { read: 300 } })
    const chunks = wire.terminal.asked.filter(({ code }) => code === CODES.DATA_RDY)
    expect(chunks.map(({ replyId, payload }) => [replyId, toHex(payload)])).toEqual([
      [3, '00000000e42e0000'],
      [4, '00000000e42e0000'],
    ])
  })

  it('is whole in any order, with doubles, without its first and last packet', () => {
    expect(
      dataOf(takeUnclosed(exchange(readChunk, 12), [piece(2), piece(0), piece(2), piece(0), piece(1)])),
    ).toBe('010101010202020203030303')
    expect(dataOf(takeAll(exchange(readChunk, 10), [piece(2, 2), closing(2), piece(1), piece(0)]))).toBe(
      '01010101020202020303',
    )
    expect(dataOf(exchange(readChunk, 4).take(piece(0), 1))).toBe('01010101')
  })

  it('that is shorter than asked for is taken as announced: its reader decides', () => {
    expect(dataOf(takeUnclosed(exchange(readChunk, 12), [opening(8), piece(0), piece(1)]))).toBe(
      '0101010102020202',
    )
  })

  it('that is whole waits a moment for its closing packet, so that it does not come astray', () => {
    const open = exchange(readChunk, 8)
    expect(takeAll(open, [opening(8), piece(0), piece(1)], 100)).toBeUndefined()
    expect(open.wakeAt).toBe(140)
    expect(dataOf(open.take(closing(1), 130))).toBe('0101010102020202')
  })

  it('waits a moment for what the closing packet has overtaken', () => {
    const open = exchange(readChunk, 8)
    takeAll(open, [piece(0), closing(1)], 100)
    expect(open.wakeAt).toBe(140)
    expect(dataOf(open.take(piece(1), 130))).toBe('0101010102020202')
  })

  it('takes late pieces of an earlier round, and no other late packets', () => {
    const open = exchange(readChunk, 12)
    takeAll(open, [piece(0)])
    goRound(open, 6)
    expect([open.owns(5), open.owns(6), open.owns(7)]).toEqual([true, true, false])
    expect(open.take(closing(2), 400)).toBeUndefined()
    expect(open.take(packet(REPLIES.ACK_ERROR, SESSION_ID, NO_BYTES), 400)).toBeUndefined()
    expect(dataOf(takeUnclosed(open, [piece(1), piece(2, 4, 6)], 400))).toBe('010101010202020203030303')
  })

  it('begins anew when the repeat is cut otherwise, or announced otherwise', () => {
    const recut = exchange(readChunk, 8)
    takeAll(recut, [piece(0, 3)])
    goRound(recut, 6)
    expect(recut.take(piece(0, 4, 6), 400)).toBeUndefined()
    expect(recut.take(piece(0, 3), 400)).toBeUndefined()
    expect(dataOf(takeUnclosed(recut, [piece(1, 4, 6)], 400))).toBe('0101010102020202')
    const other = exchange(readAttendanceDirectly)
    takeAll(other, [opening(8), piece(0)])
    goRound(other, 6)
    expect(takeAll(other, [opening(12, 6), opening(8), piece(1, 4, 6), piece(2, 4, 6)], 400)).toBeUndefined()
    expect(dataOf(takeUnclosed(other, [piece(0, 4, 6)], 400))).toBe('010101010202020203030303')
  })

  it('with gaps after ten rounds is given up, and after a round of nothing at all sooner', () => {
    const open = exchange(readChunk, 8)
    for (let round = 1; round < 10; round += 1) {
      expect(open.take(piece(0, 4, round + 4), open.wakeAt)).toBeUndefined()
      goRound(open, round + 5)
    }
    open.take(piece(0, 4, 14), open.wakeAt)
    expect(open.tick(open.wakeAt)).toMatchObject({
      kind: 'failed',
      error: {
        code: 'ZK_TRANSFER_INCOMPLETE',
        effect: 'none',
        details: { command: 'readChunk', wanted: 8, received: 4, rounds: 10 },
      },
    })
    const silent = exchange(readChunk, 8)
    takeAll(silent, [piece(0)])
    goRound(silent, 6)
    let verdict: Verdict
    for (let n = 0; n < 10 && verdict?.kind !== 'failed'; n += 1) verdict = silent.tick(silent.wakeAt)
    expect(verdict).toMatchObject({ error: { code: 'ZK_TIMEOUT', details: { bytesReceived: 4 } } })
  })

  it('is refused in the words of the terminal, at once', () => {
    const verdict = exchange(readChunk, 8).take(packet(REPLIES.ACK_ERROR, SESSION_ID, NO_BYTES), 1)
    expect(verdict).toMatchObject({
      kind: 'answered',
      answer: { code: REPLIES.ACK_ERROR, transfer: undefined },
    })
  })

  it('of a simulator that has the session id in place of the index is taken as it comes, doubles apart', () => {
    const numbered = (value: number, replyId = 5): Packet =>
      packet(REPLIES.DATA, SESSION_ID, new Uint8Array(4).fill(value), replyId)
    const open = exchange(readChunk, 12)
    takeAll(open, [numbered(1), numbered(1), numbered(3)])
    goRound(open, 6)
    expect(open.take(numbered(2), 400)).toBeUndefined()
    expect(dataOf(takeUnclosed(open, [numbered(1, 6), numbered(2, 6), numbered(3, 6)], 400))).toBe(
      '010101010202020203030303',
    )
  })

  it('may have as an index what is the session id too', () => {
    const open = exchange(readChunk, 12, undefined, 1)
    expect(dataOf(takeUnclosed(open, [piece(1), piece(0), piece(1), piece(2)]))).toBe(
      '010101010202020203030303',
    )
  })
})

describe('a transfer of unknown size', () => {
  it('is whole when what its first packet announces is there', () => {
    expect(dataOf(takeUnclosed(exchange(readAttendanceDirectly), [piece(1), opening(8), piece(0)]))).toBe(
      '0101010102020202',
    )
    expect(dataOf(takeAll(exchange(readAttendanceDirectly), [opening(0), closing(0)]))).toBe('')
  })

  it('is asked for again when its first packet was lost, and what came is kept', () => {
    const open = exchange(readAttendanceDirectly)
    takeAll(open, [piece(0), piece(1), closing(1)])
    goRound(open, 6)
    expect(dataOf(takeAll(open, [opening(8, 6), closing(1, 6)], 400))).toBe('0101010102020202')
  })

  it('is the answer itself when it carries the session id', () => {
    const inline = packet(REPLIES.DATA, SESSION_ID, Uint8Array.of(9, 9))
    expect(dataOf(exchange(prepareBulk).take(inline, 1))).toBe('0909')
  })

  it('that is one packet, or a yes without data, is believed when it comes so twice', () => {
    const lone = exchange(readAttendanceDirectly)
    takeAll(lone, [piece(0)])
    goRound(lone, 6)
    takeAll(lone, [piece(0, 4, 6)], 400)
    const verdict = lone.tick(lone.wakeAt)
    expect(verdict).toMatchObject({ answer: { code: REPLIES.DATA } })
    expect(dataOf(verdict)).toBe('01010101')
    const bare = exchange(prepareBulk)
    takeAll(bare, [closing(SESSION_ID)])
    goRound(bare, 6)
    takeAll(bare, [closing(SESSION_ID, 6)], 400)
    expect(bare.tick(bare.wakeAt)).toMatchObject({ answer: { code: REPLIES.ACK_OK, transfer: undefined } })
  })

  it('is not believed in a half: what the second round shows counts', () => {
    const open = exchange(readAttendanceDirectly)
    takeAll(open, [closing(1)])
    goRound(open, 6)
    expect(dataOf(takeUnclosed(open, [opening(8, 6), piece(1, 4, 6), piece(0, 4, 6)], 400))).toBe(
      '0101010102020202',
    )
  })

  it('cannot be more than any table holds, announced or sent', () => {
    expect(exchange(readAttendanceDirectly).take(opening(0xffff_ffff), 1)).toMatchObject({
      error: { code: 'ZK_TOO_LARGE' },
    })
    const open = exchange(readAttendanceDirectly, undefined, 10)
    expect(takeAll(open, [piece(0), piece(1), piece(2)])).toMatchObject({ error: { code: 'ZK_TOO_LARGE' } })
    expect(exchange(readClock).take(packet(REPLIES.ACK_OK, 1, new Uint8Array(100_001)), 1)).toMatchObject({
      error: { code: 'ZK_TOO_LARGE' },
    })
    expect(exchange(readChunk, 4).take(packet(REPLIES.PREPARE_DATA, 1, NO_BYTES), 1)).toMatchObject({
      error: { code: 'ZK_UNEXPECTED_REPLY' },
    })
  })
})

describe('a request that must not be repeated', () => {
  const once = { ...readAttendanceDirectly, repeat: 'unsafe' } as const

  it('takes what came when it goes quiet', () => {
    const open = exchange(once)
    takeAll(open, [piece(0)])
    expect(dataOf(open.tick(open.wakeAt))).toBe('01010101')
    expect(exchange(once).take(closing(SESSION_ID), 1)).toMatchObject({ answer: { code: REPLIES.ACK_OK } })
  })

  it('is not sent again for the gaps of its answer', () => {
    const open = exchange(once)
    takeAll(open, [opening(8), piece(1)])
    expect(open.tick(open.wakeAt)).toMatchObject({
      error: { code: 'ZK_TRANSFER_INCOMPLETE', effect: 'unknown', details: { rounds: 1 } },
    })
    expect(exchange(once).tick(DEFAULT_TIMEOUTS.prepareMs)).toMatchObject({ error: { code: 'ZK_TIMEOUT' } })
  })
})

describe('an ordinary answer', () => {
  it('is one packet, whatever its session field', () => {
    expect(exchange(readClock).take(packet(REPLIES.ACK_OK, 7, NO_BYTES), 1)).toMatchObject({
      answer: { code: REPLIES.ACK_OK, sessionField: 7, tookMs: 1 },
    })
    expect(exchange(readClock).take(piece(0), 1)).toMatchObject({ answer: { code: REPLIES.DATA } })
  })
})

describe('checksums that are one too low', () => {
  /** Lowers the stored checksum by one. */
  const oneLow = (bytes: Uint8Array): Uint8Array => {
    const changed = bytes.slice()
    putU16(changed, 2, (u16At(bytes, 2) + 0xffff) & 0xffff)
    return changed
  }

  it('are expected throughout when the first answer has one, and right ones are wrong then', () => {
    const wire = new VirtualWire({}, { framing: 'udp', spoil: oneLow }).connected()
    expect(wire.result(ask(readClock, undefined)).time).toBe(0x338400a2)
    expect(wire.client.stats.badChecksums).toBe(0)
    wire.faults = {}
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({ error: { code: 'ZK_BAD_CHECKSUM' } })
  })

  it('are wrong when the first answer was right', () => {
    const wire = new VirtualWire({}, { framing: 'udp' }).connected()
    wire.faults = { spoil: oneLow }
    expect(wire.run(ask(readClock, undefined)).outcome).toMatchObject({ error: { code: 'ZK_BAD_CHECKSUM' } })
  })
})
