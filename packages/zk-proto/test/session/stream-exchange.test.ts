import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { readChunk, transferHead } from '../../src/commands/bulk.ts'
import { readClock, readVersion } from '../../src/commands/terminal.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { request } from '../../src/session/procedure.ts'
import type { AskOptions } from '../../src/session/procedure.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import type { Script } from '../support/scripted-terminal.ts'

const DATA = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251)

/** A terminal that answers for a chunk with so much in packets of so many bytes, and announces what it likes. */
function answering(data: Uint8Array, packetBytes: number, announcedBytes: number): Script {
  return {
    first: (asked, terminal) => {
      if (asked.code !== CODES.DATA_RDY) return false
      terminal.session.replyTransfer(asked, { data, packetBytes, announcedBytes })
      return true
    },
  }
}

function readSlice(wire: VirtualWire, options: AskOptions = {}) {
  return wire.run(request(readChunk, { start: 0, sizeBytes: 0 }, options))
}

describe('a transfer over a stream', () => {
  it.each([
    [200_000, 1000],
    [200_000, 65_536],
    [0, 4096],
    [7, 65_536],
  ])(
    'that announces %d bytes and comes in packets of %d is gathered whole',
    (announcedBytes, packetBytes) => {
      const wire = new VirtualWire(answering(DATA, packetBytes, announcedBytes)).connected()
      const { outcome } = readSlice(wire)
      if (!outcome.ok) throw outcome.error
      const { transfer } = outcome.value
      expect(transfer).toMatchObject({ sizeBytes: DATA.length, announcedBytes, intact: true })
      expect(toHex(transfer?.pieces[0] ?? new Uint8Array(0))).toBe(toHex(DATA))
    },
  )

  it('is gathered in the memory that is given for it, and in more where that is too little', () => {
    for (const room of [DATA.length, 1000]) {
      const into = new Uint8Array(room)
      const wire = new VirtualWire(answering(DATA, 1000, DATA.length)).connected()
      const { outcome } = readSlice(wire, { into })
      if (!outcome.ok) throw outcome.error
      const [piece] = outcome.value.transfer?.pieces ?? []
      expect(piece?.buffer === into.buffer).toBe(room === DATA.length)
      expect(toHex(piece ?? into)).toBe(toHex(DATA))
    }
  })

  it('is refused as soon as it is more than was allowed, though it announced less', () => {
    const wire = new VirtualWire(answering(DATA, 1000, 10)).connected()
    expect(readSlice(wire, { limitBytes: 5000 }).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TOO_LARGE', details: { sizeBytes: 6000, limit: 5000 } },
    })
  })

  it('whose opening was damaged beyond recognition is asked for again, and its data are not taken for the answer', () => {
    const wire = new VirtualWire(answering(DATA.subarray(0, 3000), 1000, 3000)).connected()
    let spoilt = 0
    wire.faults = {
      spoil: (packet) => {
        spoilt += 1
        if (spoilt > 1) return packet
        // The reply id is what is damaged: nothing tells that this belongs to the request.
        const other = packet.slice()
        other[14] = (other[14] ?? 0) ^ 0x40
        return other
      },
    }
    const { outcome } = readSlice(wire)
    if (!outcome.ok) throw outcome.error
    expect(outcome.value.transfer).toMatchObject({ sizeBytes: 3000, intact: true })
    expect(wire.terminal.count(CODES.DATA_RDY)).toBe(2)
    expect(wire.client.stats.badChecksums).toBe(1)
  })
})

describe('an answer of one packet', () => {
  it('that is larger than was allowed is refused', () => {
    const wire = new VirtualWire({}).connected()
    expect(wire.run(request(readVersion, undefined, { limitBytes: 3 })).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TOO_LARGE' },
    })
    expect(wire.run(request(readClock, undefined)).outcome.ok).toBe(true)
  })

  it('that opens a transfer of more than was allowed is refused before memory is taken', () => {
    const wire = new VirtualWire({
      first: (asked, terminal) => {
        if (asked.code !== CODES.DATA_RDY) return false
        const payload = transferHead.encode({ sizeBytes: 0xffff_ffff, packetBytes: 65_536 })
        terminal.session.reply(asked, { code: REPLIES.PREPARE_DATA, payload })
        return true
      },
    })
    wire.result(handshake(0))
    expect(readSlice(wire).outcome).toMatchObject({
      ok: false,
      error: { code: 'ZK_TOO_LARGE', details: { sizeBytes: 0xffff_ffff } },
    })
  })
})
