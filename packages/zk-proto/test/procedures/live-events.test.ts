import { describe, expect, it } from 'vitest'
import { CODES, EVENTS } from '../../src/codes.ts'
import { registerEvents } from '../../src/commands/live.ts'
import { listen, LiveRegistrations } from '../../src/procedures/live-events.ts'
import type { LiveNotice } from '../../src/procedures/live-events.ts'
import { clockReading } from '../../src/procedures/read-info.ts'
import { livePunch12 } from '../../src/records/live-event.ts'
import type { Run } from '../../src/session/client-session.ts'
import { KEPT_EVENT_BYTES, KEPT_EVENTS } from '../../src/session/turns.ts'
import type { Outcome } from '../../src/session/turns.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const spelledTime = Uint8Array.of(26, 11, 22, 8, 15, 30)
const punch = (pinNumber: number): Uint8Array =>
  livePunch12.encode({ pinNumber, verifyMode: 1, punchState: 0, spelledTime })

/** Begins to listen and lets the registration through. */
function listening(wire: VirtualWire, mask = 0xffff, registrations = new LiveRegistrations()) {
  const notices: LiveNotice[] = []
  const outcomes: Outcome<never>[] = []
  const holder: { run: Run | undefined } = { run: undefined }
  holder.run = wire.client.run(
    listen({ registrations, mask, heartbeatMs: 30_000 }),
    {
      deadline: Number.POSITIVE_INFINITY,
      settled: (outcome) => outcomes.push(outcome),
      offered: (notice) => notices.push(notice),
    },
    wire.now,
  )
  while (wire.shuttle());
  const { run } = holder
  return {
    run,
    notices,
    outcomes,
    /** Takes whatever waits. */
    takeAll: () => {
      for (let before = -1; before !== notices.length;) {
        before = notices.length
        run.resume(wire.now)
        while (wire.shuttle());
      }
    },
  }
}

function masks(wire: VirtualWire): number[] {
  return wire.terminal.asked
    .filter(({ code }) => code === CODES.REG_EVENT)
    .map(({ payload }) => registerEvents.request.decode(payload).mask)
}

describe('listening', () => {
  it('hands out events one by one, acknowledged before anyone takes them', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    expect(masks(wire)).toEqual([0xffff])
    for (let i = 1; i <= 3; i += 1) wire.terminal.session.sendEvent(EVENTS.ATTLOG, punch(i))
    while (wire.shuttle());
    expect(wire.terminal.acknowledged).toBe(3)
    // The loop has taken none but the first: the others wait.
    expect(ear.notices).toHaveLength(1)
    ear.takeAll()
    expect(ear.notices).toMatchObject([{ pin: '1' }, { pin: '2' }, { pin: '3' }])
  })

  it('ends what it asked for when it is left', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    ear.run.cancel(undefined, wire.now)
    while (wire.shuttle());
    expect(masks(wire)).toEqual([0xffff, 0])
    expect(ear.outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_ABORTED' } }])
  })

  it('lets other requests through meanwhile', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    expect(wire.result(clockReading()).time.year).toBe(2026)
    wire.terminal.session.sendEvent(EVENTS.FINGER, new Uint8Array(0))
    while (wire.shuttle());
    expect(ear.notices).toMatchObject([{ type: 'touch' }])
  })

  it('asks a quiet terminal whether it is still there, and fails when it is not', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    wire.wait()
    while (wire.shuttle());
    expect([wire.now >= 30_000, wire.terminal.count(CODES.GET_TIME)]).toEqual([true, 1])
    wire.terminal.script = { silentOn: [CODES.GET_TIME, CODES.REG_EVENT] }
    while (ear.outcomes.length === 0) if (!wire.shuttle()) wire.wait()
    expect(ear.outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_TIMEOUT' } }])
    expect(wire.now).toBeLessThan(80_000)
  })

  it('keeps a bounded number of events for a slow loop and tells how many were dropped', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    const sent = KEPT_EVENTS + 11
    for (let i = 0; i < sent; i += 1) wire.terminal.session.sendEvent(EVENTS.ATTLOG, punch(i + 1))
    while (wire.shuttle());
    ear.takeAll()
    expect(wire.terminal.acknowledged).toBe(sent)
    const missed = ear.notices.filter(({ type }) => type === 'missed')
    expect(missed).toEqual([{ type: 'missed', count: 10 }])
    expect(ear.notices).toHaveLength(1 + 1 + KEPT_EVENTS)
    expect(ear.notices.at(-1)).toMatchObject({ pin: String(sent) })
  })

  it('keeps a bounded number of bytes of them, and goes on listening past one that is larger still', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    wire.terminal.session.sendEvent(EVENTS.ALARM, new Uint8Array(KEPT_EVENT_BYTES + 1))
    wire.terminal.session.sendEvent(EVENTS.ALARM, new Uint8Array(4))
    for (let i = 0; i < 3; i += 1) {
      wire.terminal.session.sendEvent(EVENTS.ALARM, new Uint8Array(KEPT_EVENT_BYTES / 2))
    }
    while (wire.shuttle());
    ear.takeAll()
    expect(wire.terminal.acknowledged).toBe(5)
    expect(
      ear.notices.map((notice) => (notice.type === 'missed' ? notice.count : notice.raw.length)),
    ).toEqual([1, 4, 1, KEPT_EVENT_BYTES / 2, KEPT_EVENT_BYTES / 2])
    expect(wire.terminal.count(CODES.GET_TIME)).toBe(0)
  })

  it('asks for what all listeners together want, and gives each only its own', () => {
    const wire = new VirtualWire({}).connected()
    const registrations = new LiveRegistrations()
    const punches = listening(wire, EVENTS.ATTLOG, registrations)
    const alarms = listening(wire, EVENTS.ALARM, registrations)
    wire.terminal.session.sendEvent(EVENTS.ALARM, Uint8Array.of(0x37, 0, 0, 0))
    while (wire.shuttle());
    expect([punches.notices, alarms.notices]).toMatchObject([[], [{ alarm: 'tamper' }]])
    punches.run.cancel(undefined, wire.now)
    while (wire.shuttle());
    alarms.run.cancel(undefined, wire.now)
    while (wire.shuttle());
    expect(masks(wire)).toEqual([1, 513, 512, 0])
  })

  it('ends with the connection', () => {
    const wire = new VirtualWire({}).connected()
    const ear = listening(wire)
    wire.client.detach(undefined, wire.now)
    expect(ear.outcomes).toMatchObject([{ ok: false, error: { code: 'ZK_CONNECTION_LOST' } }])
  })

  it('fails when the terminal will not tell of events', () => {
    const wire = new VirtualWire({ refuse: { [CODES.REG_EVENT]: 65_535 } }).connected()
    expect(listening(wire).outcomes).toMatchObject([{ error: { code: 'ZK_UNSUPPORTED' } }])
  })

  it('ends at its deadline while it waits', () => {
    const wire = new VirtualWire({}).connected()
    const registrations = new LiveRegistrations()
    const { outcome } = wire.run(listen({ registrations, mask: 1, heartbeatMs: 1e6 }), { deadlineMs: 5000 })
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ZK_TIMEOUT', effect: 'none' } })
    expect(masks(wire)).toEqual([1, 0])
  })
})
