import { describe, expect, it } from 'vitest'
import { CODES } from '../../src/codes.ts'
import { doorState } from '../../src/procedures/door-state.ts'
import { powerOff, readStateNumber, restart } from '../../src/procedures/power.ts'
import { readMessageRecords, readOperations, readWorkCodes } from '../../src/procedures/read-logs.ts'
import { setClock } from '../../src/procedures/set-clock.ts'
import { setOption } from '../../src/procedures/write-option.ts'
import { sms72 } from '../../src/records/sms.ts'
import { decodePacket } from '../../src/packet.ts'
import { ask } from '../../src/session/procedure.ts'
import { unlockDoor } from '../../src/commands/door.ts'
import { parseWallTime } from '../../src/wall-time.ts'
import { captured, readCapture } from '../support/recorded.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

function terminal(script: Script = {}) {
  const furniture = new Furniture()
  return { furniture, wire: new VirtualWire(furniture.script(script)).connected() }
}
const notKept = expect.objectContaining({ details: expect.objectContaining({ reason: 'not_kept' }) })

describe('restarting', () => {
  it('is done when the terminal acknowledges, when it falls silent, and when it hangs up', () => {
    expect(terminal().wire.result(restart())).toBe(true)
    const silent = terminal({ silentOn: [CODES.RESTART] }).wire
    const { outcome, tookMs } = silent.run(restart(), { deadlineMs: 2000 })
    expect([outcome, tookMs]).toEqual([{ ok: true, value: false }, 2000])
    expect(silent.terminal.count(CODES.RESTART)).toBe(1)
    const gone = terminal({ silentOn: [CODES.RESTART] }).wire
    gone.faults = {
      breakAfterBytes: 0,
      spoilRequests: (packet) => {
        gone.client.detach(undefined, gone.now)
        return packet
      },
    }
    expect(gone.run(restart()).outcome).toEqual({ ok: true, value: false })
  })

  it('is not done when the terminal refuses, or when nothing could be sent', () => {
    const { wire } = terminal({ refuse: { [CODES.RESTART]: 2001 } })
    expect(() => wire.result(restart())).toThrow(expect.objectContaining({ code: 'ZK_REFUSED' }))
    wire.client.detach(undefined, wire.now)
    expect(() => wire.result(restart())).toThrow(
      expect.objectContaining({ code: 'ZK_CONNECTION_LOST', effect: 'none' }),
    )
  })
})

describe('switching off', () => {
  it('says goodbye when it is acknowledged; silence is no success', () => {
    const { wire } = terminal()
    expect(wire.result(powerOff())).toBe(true)
    expect(wire.terminal.exited).toBe(true)
    const silent = terminal({ silentOn: [CODES.POWEROFF] }).wire
    expect(() => silent.result(powerOff())).toThrow(
      expect.objectContaining({ code: 'ZK_TIMEOUT', effect: 'unknown' }),
    )
  })
})

describe('the state of a terminal', () => {
  it('is read from the session field without losing the session, as capture state-in-session-field has it', () => {
    const { wire } = terminal()
    const before = wire.client.sessionId
    expect(wire.result(readStateNumber())).toBe(2)
    expect(wire.client.sessionId).toBe(before)
    const [bytes = new Uint8Array(0)] = captured(readCapture('state-in-session-field'), 'from_device')
    expect(decodePacket(bytes.subarray(8)).session).toBe(2)
    const refusing = terminal({ refuse: { [CODES.STATE_RRQ]: 65_535 } }).wire
    expect(() => refusing.result(readStateNumber())).toThrow(
      expect.objectContaining({ code: 'ZK_UNSUPPORTED' }),
    )
  })
})

describe('a door', () => {
  it.each([
    [[1], 'open'],
    [[0], 'closed'],
    [[], 'unknown'],
    [[7], 'unknown'],
  ] as const)('with the answer %j is %s', (bytes, state) => {
    const { wire } = terminal({
      first: (request, scripted) => {
        if (request.code !== CODES.DOORSTATE_RRQ) return false
        scripted.ok(request, Uint8Array.from(bytes))
        return true
      },
    })
    expect(wire.result(doorState())).toBe(state)
  })

  it('without a sensor is an error', () => {
    const { wire } = terminal({ refuse: { [CODES.DOORSTATE_RRQ]: 2001 } })
    expect(() => wire.result(doorState())).toThrow(expect.objectContaining({ code: 'ZK_REFUSED' }))
  })

  it('is asked to open once, whatever happens; silence leaves the effect unknown', () => {
    const { wire } = terminal({ silentOn: [CODES.UNLOCK] })
    expect(() => wire.result(ask(unlockDoor, { delay: 50 }))).toThrow(
      expect.objectContaining({ code: 'ZK_TIMEOUT', effect: 'unknown' }),
    )
    expect(wire.terminal.count(CODES.UNLOCK)).toBe(1)
    const damaged = terminal().wire
    damaged.faults = { spoil: (packet) => packet.with(10, 0xff) }
    expect(() => damaged.result(ask(unlockDoor, { delay: 50 }))).toThrow(
      expect.objectContaining({ code: 'ZK_BAD_CHECKSUM', effect: 'unknown' }),
    )
    expect(damaged.terminal.count(CODES.UNLOCK)).toBe(1)
  })
})

describe('a clock', () => {
  it('is set and read back', () => {
    const { furniture, wire } = terminal()
    const time = parseWallTime('2026-12-31T23:59:59')
    expect(wire.result(setClock(time))).toEqual({ before: parseWallTime('2026-11-22T08:15:30'), after: time })
    furniture.forgets.add(CODES.SET_TIME)
    expect(() => wire.result(setClock(parseWallTime('2027-06-01T00:00:00')))).toThrow(notKept)
    expect(() => wire.result(setClock(parseWallTime('2026-02-31T08:00:00')))).toThrow(/no such day/)
    expect(() => wire.result(setClock({ ...time, year: 1999 }))).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
  })
})

describe('an option', () => {
  it('is written, made to count, and read back', () => {
    const { furniture, wire } = terminal()
    wire.result(setOption('LockOn', '5'))
    expect([furniture.options.get('LockOn'), wire.terminal.count(CODES.REFRESHOPTION)]).toEqual(['5', 1])
    furniture.forgets.add(CODES.OPTIONS_WRQ)
    expect(() => wire.result(setOption('LockOn', '6'))).toThrow(notKept)
    expect(() => wire.result(setOption('Absent', '6'))).toThrow(notKept)
  })
})

describe('the small tables', () => {
  it('are read whole, or refused when their records are of another form', () => {
    const { furniture, wire } = terminal()
    const badRecord = expect.objectContaining({ code: 'ZK_BAD_RECORD' })
    furniture.operations = captured(readCapture('oplog-16'), 'from_device')[0] ?? new Uint8Array(0)
    expect(wire.result(readOperations(1000))).toMatchObject([{ operation: 6 }])
    furniture.operations = new Uint8Array(17)
    expect(() => wire.result(readOperations(1000))).toThrow(badRecord)
    furniture.workCodes = Uint8Array.of(1, 2, 3)
    expect(wire.result(readWorkCodes(1000))).toEqual(Uint8Array.of(1, 2, 3))
    const message = { tag: 1, id: 7, validMinutes: 0, startTime: 0, text: Uint8Array.of(65) }
    furniture.messages.set(7, sms72.encode(message))
    expect(wire.result(readMessageRecords(1000)).map((record) => sms72.decode(record).id)).toEqual([7])
    furniture.messages.set(8, new Uint8Array(5))
    expect(() => wire.result(readMessageRecords(1000))).toThrow(badRecord)
  })

  it('are read by the old direct way where the buffered one is refused', () => {
    const furniture = new Furniture()
    const table = Uint8Array.of(16, 0, 0, 0, ...new Uint8Array(16))
    const wire = new VirtualWire(
      furniture.script({
        refuse: { [CODES.DATA_WRRQ]: 65_535 },
        first: (request, scripted) => {
          if (request.code !== CODES.OPLOG_RRQ && request.code !== CODES.DB_RRQ) return false
          scripted.transfer(request, table)
          return true
        },
      }),
    ).connected()
    expect(wire.result(readOperations(1000))).toHaveLength(1)
    expect(wire.result(readWorkCodes(1000))).toHaveLength(16)
  })
})
