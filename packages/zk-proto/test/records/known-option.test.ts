import { describe, expect, it } from 'vitest'
import { KNOWN_OPTIONS, parseOption, spellOption } from '../../src/records/known-option.ts'
import { writeOption } from '../../src/commands/terminal.ts'
import { decodePacket } from '../../src/packet.ts'
import { captured, readCapture } from '../support/recorded.ts'

const outOfRange = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })

describe('a known option', () => {
  it('is read as what it is', () => {
    expect(parseOption('~SSR', '1')).toBe(true)
    expect(parseOption('VoiceOn', '0')).toBe(false)
    expect(parseOption('LockOn', ' 5')).toBe(5)
    expect(parseOption('NewLng', '-1')).toBe(-1)
    expect(parseOption('~Platform', 'ZEM760_TFT')).toBe('ZEM760_TFT')
  })

  it('is not guessed at when its text is of another kind', () => {
    const badRecord = expect.objectContaining({ code: 'ZK_BAD_RECORD' })
    expect(() => parseOption('VoiceOn', '2')).toThrow(badRecord)
    expect(() => parseOption('LockOn', '5s')).toThrow(badRecord)
    expect(() => parseOption('LockOn', '')).toThrow(badRecord)
  })

  it('is spelled as terminals want it, unless it is a fact of the hardware', () => {
    expect(spellOption('VoiceOn', true)).toBe('1')
    expect(spellOption('LockOn', 5)).toBe('5')
    expect(spellOption('IPAddress', '10.0.0.7')).toBe('10.0.0.7')
    expect(() => spellOption('~SSR', true)).toThrow(outOfRange)
    expect(() => spellOption('LockOn', 1.5)).toThrow(outOfRange)
  })

  it.each([
    ['opt-write-lockon', 'LockOn', 5],
    ['opt-write-antipassback', 'AntiPassbackOn', 0],
  ] as const)('is written as capture %s has it', (id, name, value) => {
    const [bytes = new Uint8Array(0)] = captured(readCapture(id), 'to_device')
    const { payload } = decodePacket(bytes.subarray(8))
    expect(writeOption.request.encode({ name, value: spellOption(name, value) })).toEqual(
      new Uint8Array(payload),
    )
    expect(parseOption(name, writeOption.request.decode(payload).value)).toBe(value)
  })

  it('has a meaning, whichever it is', () => {
    for (const { meaning } of Object.values(KNOWN_OPTIONS)) expect(meaning.length).toBeGreaterThan(2)
  })
})
