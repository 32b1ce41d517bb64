import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES, EVENTS } from '../../src/codes.ts'
import { enrolFinger } from '../../src/procedures/enrol-finger.ts'
import type { EnrolmentStep } from '../../src/procedures/enrol-finger.ts'
import { LiveRegistrations } from '../../src/procedures/live-events.ts'
import { liveEnrolment14 } from '../../src/records/live-event.ts'
import type { PersonLayoutName } from '../../src/records/person.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import type { Script, ScriptedTerminal } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const NOTHING = new Uint8Array(0)
const GOOD = Uint8Array.of(100)
const BAD = Uint8Array.of(0)
/** What a finger becomes at such a terminal; its head says version 10. */
const TEMPLATE = Uint8Array.from(
  { length: 1243 },
  (_, i) => [0x4d, 0x98, 0x53, 0x53, 0x32, 0x31][i] ?? i % 256,
)
const ENROLLED = liveEnrolment14.encode({ result: 0, templateBytes: 1243, pin: '1002', finger: 4 })

/** A terminal at which, once it prompts, this happens. */
function terminalWhere(
  happens: readonly (readonly [number, Uint8Array])[],
  script: Script = {},
  keeps: Uint8Array | 'nothing' = TEMPLATE,
) {
  const furniture = new Furniture()
  const prompted = (terminal: ScriptedTerminal): void => {
    for (const [event, payload] of happens) {
      if (event === EVENTS.ENROLLFINGER && payload[0] === 0 && keeps !== 'nothing') {
        furniture.templates.push({ uid: 2, finger: 4, flag: 1, bytes: keeps })
      }
      terminal.session.sendEvent(event, payload)
    }
  }
  let started = false
  const wire = new VirtualWire(
    furniture.script({
      ...script,
      first: (request, terminal) => {
        if (request.code === CODES.STARTENROLL) started = true
        if (request.code !== CODES.STARTVERIFY || !started) return false
        started = false
        terminal.ok(request)
        prompted(terminal)
        return true
      },
    }),
  ).connected()
  const steps: EnrolmentStep[] = []
  const enrol = (more: { replace?: boolean; layout?: PersonLayoutName; deadlineMs?: number } = {}) =>
    wire.run(
      enrolFinger({
        uid: 2,
        pin: '1002',
        finger: 4,
        layout: more.layout ?? 'person/72',
        duress: false,
        replace: more.replace ?? false,
        stepMs: 60_000,
        onStep: (step) => steps.push(step),
        registrations: new LiveRegistrations(),
      }),
      more.deadlineMs === undefined ? {} : { deadlineMs: more.deadlineMs },
    )
  return { furniture, wire, steps, enrol }
}

const press = [
  [EVENTS.FINGER, NOTHING],
  [EVENTS.FPFTR, GOOD],
] as const
const ended = (result: number) => [EVENTS.ENROLLFINGER, Uint8Array.of(result, 0)] as const

/** What leaves the terminal at its normal work; reading a template back may follow. */
function tidied(wire: VirtualWire): void {
  const asked = wire.terminal.asked.map(({ code }) => code)
  const codes = asked.slice(0, asked.lastIndexOf(CODES.STARTVERIFY) + 1).slice(-3)
  expect(codes).toEqual([CODES.REG_EVENT, CODES.CANCELCAPTURE, CODES.STARTVERIFY])
}

function failure(reason: string) {
  return { ok: false, error: { code: 'ZK_REFUSED', details: { reason } } }
}

describe('enrolling a finger', () => {
  it('tells each of the three presses and gives what the terminal took', () => {
    const { wire, steps, enrol } = terminalWhere([
      ...press,
      ...press,
      ...press,
      [EVENTS.ENROLLFINGER, ENROLLED],
    ])
    expect(enrol().outcome).toEqual({
      ok: true,
      value: { finger: 4, templateBytes: 1243, templateVersion: 10, quality: 100, confirmed: true },
    })
    expect(steps).toEqual([
      { type: 'started' },
      { type: 'press', press: 1 },
      { type: 'sample', press: 1, good: true },
      { type: 'press', press: 2 },
      { type: 'sample', press: 2, good: true },
      { type: 'press', press: 3 },
      { type: 'sample', press: 3, good: true },
    ])
    const asked = wire.terminal.asked.find(({ code }) => code === CODES.STARTENROLL)
    expect(toHex(asked?.payload ?? NOTHING)).toBe(`31303032${'00'.repeat(20)}0401`)
    tidied(wire)
  })

  it('asks old terminals by number', () => {
    const { wire, enrol } = terminalWhere(
      [[EVENTS.ENROLLFINGER, Uint8Array.of(0, 0)]],
      {},
      new Uint8Array(500),
    )
    expect(enrol({ layout: 'person/28' }).outcome).toEqual({
      ok: true,
      value: {
        finger: 4,
        templateBytes: 500,
        templateVersion: undefined,
        quality: undefined,
        confirmed: true,
      },
    })
    const asked = wire.terminal.asked.find(({ code }) => code === CODES.STARTENROLL)
    expect(toHex(asked?.payload ?? NOTHING)).toBe('ea03000004')
  })

  it('believes no success without a template, unless the firmware knows no way to read one', () => {
    const gone = terminalWhere([[EVENTS.ENROLLFINGER, ENROLLED]], {}, 'nothing')
    expect(gone.enrol().outcome).toMatchObject({ ok: false, error: { details: { reason: 'not_kept' } } })
    const mute = terminalWhere([...press, [EVENTS.ENROLLFINGER, ENROLLED]], {
      refuse: { [CODES.USERTEMP_RRQ]: 65_535, [CODES.GET_USERTEMP]: 65_535 },
    })
    expect(mute.enrol().outcome).toMatchObject({
      ok: true,
      value: { templateBytes: 1243, templateVersion: undefined, quality: 100, confirmed: false },
    })
  })

  it.each([
    ['quality', [[EVENTS.FINGER, NOTHING], [EVENTS.FPFTR, BAD], ended(4)]],
    ['timeout', [ended(4)]],
    ['duplicate', [...press, ended(5)]],
    ['cancelled', [...press, ended(6)]],
    ['timeout', []],
    ['cancelled', [...press]],
  ] as const)('fails with the reason %s and leaves the terminal at its work', (reason, happens) => {
    const { wire, enrol } = terminalWhere(happens)
    const { outcome, tookMs } = enrol()
    expect(outcome).toMatchObject(failure(reason))
    expect(tookMs).toBeLessThan(61_000)
    tidied(wire)
  })

  it('fails as unsupported where the terminal refuses', () => {
    const { wire, enrol } = terminalWhere([], { refuse: { [CODES.STARTENROLL]: 2001 } })
    expect(enrol().outcome).toMatchObject(failure('unsupported'))
    tidied(wire)
  })

  it('is a time-out when the caller’s deadline passes, and the connection’s error when the terminal is gone', () => {
    const slow = terminalWhere([])
    expect(slow.enrol({ deadlineMs: 10_000 }).outcome).toMatchObject(failure('timeout'))
    tidied(slow.wire)
    const gone = terminalWhere([], { silentOn: [CODES.REG_EVENT, CODES.CANCELCAPTURE, CODES.STARTVERIFY] })
    expect(gone.enrol().outcome).toMatchObject({ ok: false, error: { code: 'ZK_TIMEOUT' } })
  })

  it('does not take the end of an earlier enrolment for its own', () => {
    const furniture = new Furniture()
    const wire = new VirtualWire(
      furniture.script({
        first: (request, terminal) => {
          if (request.code !== CODES.CANCELCAPTURE) return false
          terminal.session.sendEvent(...ended(6))
          return false
        },
      }),
    ).connected()
    const plan = {
      uid: 2,
      pin: '1002',
      finger: 4,
      layout: 'person/72',
      duress: true,
      replace: false,
      stepMs: 5000,
      onStep: undefined,
      registrations: new LiveRegistrations(),
    } as const
    expect(wire.run(enrolFinger(plan)).outcome).toMatchObject(failure('timeout'))
  })

  it('does not touch a finger that is enrolled already, unless it is to be replaced', () => {
    const { furniture, wire, enrol } = terminalWhere([[EVENTS.ENROLLFINGER, ENROLLED]])
    furniture.templates = [{ uid: 2, finger: 4, flag: 1, bytes: GOOD }]
    expect(enrol().outcome).toMatchObject({
      error: { code: 'ZK_VALUE_OUT_OF_RANGE', details: { reason: 'finger_taken' } },
    })
    expect(wire.terminal.count(CODES.STARTENROLL)).toBe(0)
    furniture.people = [
      Uint8Array.of(2, ...new Uint8Array(47), ...new TextEncoder().encode('1002'), ...new Uint8Array(20)),
    ]
    expect(enrol({ replace: true }).outcome).toMatchObject({ ok: true })
    expect(furniture.templates).toEqual([{ uid: 2, finger: 4, flag: 1, bytes: TEMPLATE }])
  })
})
