import { describe, expect, it } from 'vitest'
import { sameBytes } from '../../src/bytes.ts'
import { CODES } from '../../src/codes.ts'
import { UPLOAD_PIECE_BYTES } from '../../src/commands/upload.ts'
import { ZkError } from '../../src/errors.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { writeOneTemplate, writePeopleWithTemplates } from '../../src/procedures/write-templates.ts'
import { people72 } from '../support/logs.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import { LossyWire } from '../support/virtual-wire-lossy.ts'

const OWNER = { uid: 1, pin: '1001' }
const template = (length: number) => ({
  finger: 3,
  flag: 1,
  bytes: Uint8Array.from({ length }, (_, i) => (i * 7) % 251),
})

/** A terminal with two people, which notes how large the pieces of uploads are. */
function receiving() {
  const furniture = new Furniture()
  furniture.people = [0, 1].map((i) => people72(2).slice(i * 72, (i + 1) * 72))
  const pieces: number[] = []
  const script = furniture.script({
    first: ({ code, payload }) => {
      if (code === CODES.DATA) pieces.push(payload.length)
      return false
    },
  })
  return { furniture, pieces, script }
}

function codeOf(error: unknown): string {
  return error instanceof ZkError ? error.code : 'not one of ours'
}

describe('an upload', () => {
  it.each(['tcp', 'udp'] as const)('is cut into pieces of 1024 bytes at most, over %s', (framing) => {
    const { furniture, pieces, script } = receiving()
    const wire = new VirtualWire(script, { framing }).connected()
    const guard = { disabled: false }
    wire.result(writeOneTemplate(OWNER, template(1024), guard))
    wire.result(writeOneTemplate(OWNER, template(2049), guard))
    expect(pieces).toEqual([1024, 1024, 1024, 1])
    const plan = { nameEncoding: 'auto', onProgress: undefined, sliceBytes: SLICE_BYTES[framing] }
    const { people } = wire.result(readPeople(plan))
    const templates = [template(1600), { ...template(1400), finger: 4 }]
    furniture.templates = []
    const entries = people.map((person) => ({ person, templates }))
    wire.result(writePeopleWithTemplates(entries, plan, guard))
    expect(furniture.templates).toHaveLength(4)
    expect(Math.max(...pieces)).toBe(UPLOAD_PIECE_BYTES)
    expect(Math.max(...wire.sent.map(({ length }) => length))).toBe(framing === 'udp' ? 1032 : 1040)
  })

  it('through a bad network is whole, or one clear error; the terminal is at its work and its buffer free', () => {
    const ends = new Set<string>()
    let mishaps = 0
    for (let seed = 1; seed <= 60; seed += 1) {
      const { furniture, pieces, script } = receiving()
      const wire = new LossyWire('udp', script, seed)
      expect(wire.run(handshake(0)).outcome.ok).toBe(true)
      wire.weather = { lose: 0.04, double: 0.05, delayMs: 5 }
      const { bytes } = template(5000)
      const { outcome, tookMs } = wire.run(writeOneTemplate(OWNER, template(5000), { disabled: false }))
      mishaps += wire.mishaps
      expect(Math.max(0, ...pieces)).toBeLessThanOrEqual(UPLOAD_PIECE_BYTES)
      expect(tookMs).toBeLessThan(60_000)
      ends.add(outcome.ok ? 'whole' : codeOf(outcome.error))
      // What was not written whole is not there, or was written and its answer lost.
      const kept = furniture.templates.map((one) => sameBytes(one.bytes, bytes))
      expect([seed, outcome.ok && kept.length !== 1, kept.includes(false)]).toEqual([seed, false, false])
      expect([seed, wire.terminal.disabled]).toEqual([seed, false])
      expect(wire.terminal.count(CODES.FREE_DATA)).toBeGreaterThan(0)
    }
    expect(mishaps).toBeGreaterThan(60)
    expect(ends.has('whole')).toBe(true)
    for (const end of ends) expect(['whole', 'ZK_TIMEOUT', 'ZK_REFUSED']).toContain(end)
  })
})
