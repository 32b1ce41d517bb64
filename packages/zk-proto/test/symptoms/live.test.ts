// The rows of the catalogue of symptoms that concern live events and enrolment, each under its number and in its users' words.
import { describe, expect, it } from 'vitest'
import { CODES, EVENTS } from '../../src/codes.ts'
import { fromHex } from '../../src/bytes.ts'
import { enrolFinger } from '../../src/procedures/enrol-finger.ts'
import type { EnrolmentStep } from '../../src/procedures/enrol-finger.ts'
import { LiveRegistrations } from '../../src/procedures/live-events.ts'
import { livePunch10, livePunch14, livePunch32, livePunch37 } from '../../src/records/live-event.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import { readVectors } from '../support/recorded.ts'
import { VirtualWire } from '../support/virtual-wire.ts'
import { wireWith, listening, toldBy } from './replayed.ts'

const NOTHING = new Uint8Array(0)
const spelledTime = Uint8Array.of(26, 11, 22, 8, 15, 30)
const facts = { verifyMode: 1, punchState: 0, spelledTime }

describe('symptom 14: live capture stops with "user_id referenced before assignment", prints hex, or hangs', () => {
  it('lengths of 10, 14, 32 and 37 bytes are decoded, others handed out raw, and the stream goes on', () => {
    const ear = listening(wireWith({}))
    const short = { ...facts, pinNumber: 7 }
    const long = { ...facts, pin: 'A7' }
    ear.hear(
      [EVENTS.ATTLOG, new Uint8Array(11).fill(3)],
      [EVENTS.ATTLOG, livePunch10.encode(short)],
      [EVENTS.ATTLOG, livePunch14.encode(short)],
      [EVENTS.ATTLOG, NOTHING],
      [1 << 14, Uint8Array.of(1, 2, 3)],
      [EVENTS.ATTLOG, livePunch32.encode(long)],
      [EVENTS.ATTLOG, livePunch37.encode(long)],
    )
    expect(ear.notices.map((notice) => ('pin' in notice ? notice.pin : notice.type))).toEqual([
      'unknown',
      '7',
      '7',
      'unknown',
      'unknown',
      'A7',
      'A7',
    ])
    expect(ear.notices[0]).toMatchObject({ raw: new Uint8Array(11).fill(3) })
    expect(ear.outcomes).toEqual([])
  })
})

describe('symptom 29: remote enrolment always returns false', () => {
  /** Enrols at a terminal that tells of this once it was asked to begin. */
  function enrolWhere(
    happens: readonly (readonly [number, Uint8Array])[],
    refuse: Record<number, number> = {},
  ) {
    const furniture = new Furniture()
    const wire = new VirtualWire(
      furniture.script({
        refuse,
        first: (request, terminal) => {
          if (request.code !== CODES.STARTENROLL || refuse[request.code] !== undefined) return false
          terminal.ok(request)
          for (const [event, payload] of happens) {
            const taken = event === EVENTS.ENROLLFINGER && payload[0] === 0
            if (taken)
              furniture.templates.push({ uid: 2, finger: 4, flag: 1, bytes: new Uint8Array(498).fill(9) })
            terminal.session.sendEvent(event, payload)
          }
          return true
        },
      }),
    ).connected()
    const steps: EnrolmentStep[] = []
    const enrol = () =>
      wire.run(
        enrolFinger({
          uid: 2,
          pin: '1002',
          finger: 4,
          layout: 'person/72',
          duress: false,
          replace: false,
          stepMs: 60_000,
          onStep: (step) => steps.push(step),
          registrations: new LiveRegistrations(),
        }),
      ).outcome
    return { furniture, wire, steps, enrol }
  }

  const touch = [EVENTS.FINGER, NOTHING] as const
  const sample = (score: number) => [EVENTS.FPFTR, Uint8Array.of(score)] as const
  const ended = (result: number) => [EVENTS.ENROLLFINGER, Uint8Array.of(result, 0)] as const

  it('a capture that is under way is cancelled first, and the events are followed step by step', () => {
    const { wire, steps, enrol } = enrolWhere([touch, sample(100), touch, sample(100), ended(0)])
    expect(enrol()).toMatchObject({
      ok: true,
      value: { finger: 4, templateBytes: 498, quality: 100, confirmed: true },
    })
    const codes = wire.terminal.asked.map(({ code }) => code)
    expect(codes.indexOf(CODES.CANCELCAPTURE)).toBeGreaterThan(-1)
    expect(codes.indexOf(CODES.CANCELCAPTURE)).toBeLessThan(codes.indexOf(CODES.STARTENROLL))
    expect(steps).toMatchObject([
      { type: 'started' },
      { type: 'press', press: 1 },
      { type: 'sample', press: 1, good: true },
      { type: 'press', press: 2 },
      { type: 'sample', press: 2, good: true },
    ])
  })

  it.each([
    ['unsupported', [], { [CODES.STARTENROLL]: 2001 }, undefined],
    ['timeout', [], {}, { type: 'started' }],
    ['quality', [touch, sample(0), ended(4)], {}, { type: 'sample', press: 1, good: false }],
    ['duplicate', [touch, sample(100), ended(5)], {}, { type: 'sample', press: 1, good: true }],
  ] as const)('why it failed is told (%s), and how far it came', (reason, happens, refuse, last) => {
    const { steps, enrol } = enrolWhere(happens, refuse)
    expect(enrol()).toMatchObject({ ok: false, error: { code: 'ZK_REFUSED', details: { reason } } })
    expect(steps.at(-1)).toEqual(last)
  })

  it('a finger that is in use is told before anything begins', () => {
    const { furniture, wire, enrol } = enrolWhere([ended(0)])
    furniture.templates = [{ uid: 2, finger: 4, flag: 1, bytes: Uint8Array.of(1) }]
    expect(enrol()).toMatchObject({ ok: false, error: { details: { reason: 'finger_taken' } } })
    expect(wire.terminal.count(CODES.STARTENROLL)).toBe(0)
  })
})

// The recording rt-verify-fail-5 is not at hand: nobody recognised is the golden vector of that event.
describe('symptom 30: wants to know of failed or unknown fingers', () => {
  it('recognition, touches and alarms are typed events, and nobody recognised is one of them', () => {
    const { events } = readVectors('events') as { readonly events: { name: string; data: string }[] }
    const nobody = events.find(({ name }) => name === 'verify unknown person')
    const wire = wireWith({})
    const ear = listening(wire, EVENTS.VERIFY | EVENTS.FINGER | EVENTS.ALARM)
    ear.hear(
      [EVENTS.FINGER, NOTHING],
      [EVENTS.VERIFY, fromHex(nobody?.data ?? '')],
      toldBy('rt-verify-ok-5', 'udp'),
      [EVENTS.ALARM, Uint8Array.of(0x37, 0, 0, 0)],
    )
    expect(ear.notices).toMatchObject([
      { type: 'touch' },
      { type: 'verification', uid: undefined },
      { type: 'verification', uid: 2 },
      { type: 'alarm', alarm: 'tamper' },
    ])
  })
})
