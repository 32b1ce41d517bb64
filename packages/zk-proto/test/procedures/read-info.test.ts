import { describe, expect, it } from 'vitest'
import { CODES, REPLIES } from '../../src/codes.ts'
import { clockReading, optionIfKnown, readIdentity } from '../../src/procedures/read-info.ts'
import { nulText } from '../../src/records/option.ts'
import type { TerminalRequest } from '../../src/session/terminal-session.ts'
import type { Script, ScriptedTerminal } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

const wireWith = (script: Script): VirtualWire => new VirtualWire(script).connected()

describe('what a terminal tells of itself', () => {
  it('is asked for piece by piece', () => {
    const { identity, clock } = wireWith({
      options: {
        '~DeviceName': 'K20',
        '~Platform': 'JZ4725_TFT',
        '~SerialNumber': 'ABC123',
        MAC: '00:17:61:00:00:01',
        '~ZKFPVersion': '10',
        '~ZKFaceVersion': '7',
      },
      capacity: {
        people: 7,
        personCapacity: 500,
        fingerprints: 6,
        fingerprintCapacity: 500,
        records: 9,
        recordCapacity: 50_000,
        faces: 1,
        faceCapacity: 400,
      },
    }).result(readIdentity())
    expect(identity).toEqual({
      model: 'K20',
      platform: 'JZ4725_TFT',
      firmware: 'Ver 6.60 Jun 9 2017',
      serialNumber: 'ABC123',
      mac: '00:17:61:00:00:01',
      fingerprintVersion: '10',
      faceVersion: '7',
      people: { count: 7, capacity: 500 },
      fingerprints: { count: 6, capacity: 500 },
      faces: { count: 1, capacity: 400 },
      records: { count: 9, capacity: 50_000 },
    })
    expect(clock).toMatchObject({ time: { year: 2026, month: 11, day: 22 }, roundTripMs: 1 })
  })

  it('is told though its clock cannot be read, with the reason', () => {
    const cut = wireWith({
      options: { '~SerialNumber': 'ABC123' },
      first: (request, terminal) =>
        request.code === CODES.GET_TIME && (terminal.ok(request, Uint8Array.of(1)), true),
    }).result(readIdentity())
    expect(cut).toMatchObject({
      identity: { serialNumber: 'ABC123' },
      clock: undefined,
      clockFault: { code: 'ZK_BAD_RECORD' },
    })
    const refused = wireWith({ refuse: { [CODES.GET_TIME]: REPLIES.ACK_ERROR } }).result(readIdentity())
    expect(refused.clockFault).toMatchObject({ code: 'ZK_REFUSED' })
  })

  it.each([
    [
      'of no length that was ever seen',
      (request: TerminalRequest, terminal: ScriptedTerminal) =>
        terminal.ok(request, new Uint8Array(33).fill(1)),
    ],
    [
      'as a transfer that nobody expects',
      (request: TerminalRequest, terminal: ScriptedTerminal) =>
        terminal.transfer(request, new Uint8Array(92)),
    ],
    [
      'as one packet of data',
      (request: TerminalRequest, terminal: ScriptedTerminal) =>
        terminal.session.reply(request, { code: REPLIES.DATA, payload: new Uint8Array(9) }),
    ],
  ])('is told though the counts come %s', (_how, answer) => {
    const wire = wireWith({
      options: { '~SerialNumber': 'ABC123' },
      first: (request, terminal) =>
        request.code === CODES.GET_FREE_SIZES && (answer(request, terminal), true),
    })
    expect(wire.result(readIdentity()).identity).toMatchObject({ serialNumber: 'ABC123', records: null })
  })

  it('is null where it refuses, stays silent about a number or gives an empty value', () => {
    const { identity } = wireWith({
      options: { MAC: '' },
      capacityLength: 4,
      refuse: { [CODES.GET_VERSION]: REPLIES.ACK_UNKNOWN },
    }).result(readIdentity())
    expect(new Set(Object.values(identity))).toEqual(new Set([null]))
  })
})

describe('what a terminal tells of itself', () => {
  it('is told though one of the answers is none to its question', () => {
    const wire = wireWith({
      options: { '~SerialNumber': 'ABC123', MAC: '00:17:61:00:00:01' },
      first: (request, terminal) => {
        if (request.code !== CODES.OPTIONS_RRQ || nulText.decode(request.payload) !== 'MAC') return false
        terminal.session.reply(request, { code: REPLIES.DATA, payload: new Uint8Array(3) })
        return true
      },
    })
    expect(wire.result(readIdentity()).identity).toMatchObject({ serialNumber: 'ABC123', mac: null })
    expect(() => wire.result(optionIfKnown('MAC'))).toThrow(
      expect.objectContaining({ code: 'ZK_UNEXPECTED_REPLY' }),
    )
  })
})

describe('an option', () => {
  it('that the terminal does not know is undefined, an empty one is not', () => {
    const wire = wireWith({ options: { WorkCode: '' } })
    expect(wire.result(optionIfKnown('WorkCode'))).toBe('')
    expect(wire.result(optionIfKnown('Nonsense'))).toBeUndefined()
  })

  it('is not called unknown when the session is no longer taken', () => {
    const wire = wireWith({})
    wire.terminal.session.sessionId = 99
    expect(() => wire.result(optionIfKnown('MAC'))).toThrow(
      expect.objectContaining({ code: 'ZK_CONNECTION_LOST' }),
    )
    expect(() => wire.result(readIdentity())).toThrow(expect.objectContaining({ code: 'ZK_CONNECTION_LOST' }))
  })
})

describe('the clock', () => {
  it('that the terminal refuses to show is an error', () => {
    const wire = wireWith({ refuse: { [CODES.GET_TIME]: REPLIES.ACK_ERROR } })
    expect(() => wire.result(clockReading())).toThrow(expect.objectContaining({ code: 'ZK_REFUSED' }))
  })

  it('that comes cut is an error', () => {
    const wire = wireWith({
      first: (request, terminal) =>
        request.code === CODES.GET_TIME && (terminal.ok(request, Uint8Array.of(1)), true),
    })
    expect(() => wire.result(clockReading())).toThrow(expect.objectContaining({ code: 'ZK_BAD_RECORD' }))
  })
})
