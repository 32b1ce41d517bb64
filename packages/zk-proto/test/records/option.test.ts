import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/bytes.ts'
import { nulText, optionValue } from '../../src/records/option.ts'
import { captured, readCapture } from '../support/recorded.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('an option', () => {
  it('is read as a terminal answers it', () => {
    const [answer = new Uint8Array(0)] = captured(readCapture('opt-platform-zem760'), 'from_device')
    expect(optionValue.decode(answer.subarray(16))).toEqual({ name: '~Platform', value: 'ZEM760_TFT' })
  })

  it('is written as the vendor’s software writes it', () => {
    const [request = new Uint8Array(0)] = captured(readCapture('opt-write-lockon'), 'to_device')
    const payload = request.subarray(16)
    expect(toHex(optionValue.encode(optionValue.decode(payload)))).toBe(toHex(payload))
  })

  it('is asked for by its name with a NUL, and the NUL may be missing', () => {
    const [request = new Uint8Array(0)] = captured(readCapture('opt-read-os'), 'to_device')
    expect(toHex(nulText.encode('~OS'))).toBe(toHex(request.subarray(16)))
    expect(nulText.decode(ascii('~OS'))).toBe('~OS')
  })

  it('is split at its first equals sign and cut at its first NUL', () => {
    expect(optionValue.decode(ascii('A=b=c\0d=e'))).toEqual({ name: 'A', value: 'b=c' })
    expect(optionValue.decode(ascii('A=\0'))).toEqual({ name: 'A', value: '' })
    expect(optionValue.decode(ascii('A'))).toEqual({ name: 'A', value: '' })
    expect(optionValue.decode(new Uint8Array(0))).toEqual({ name: '', value: '' })
  })

  it('keeps bytes of a code page', () => {
    const payload = fromHex('41 3d d5 c5 00')
    expect(optionValue.encode(optionValue.decode(payload))).toEqual(payload)
  })

  it('cannot hold what would end or split it', () => {
    const notEncodable = expect.objectContaining({ code: 'ZK_NOT_ENCODABLE' })
    expect(() => optionValue.encode({ name: 'A=B', value: '' })).toThrow(notEncodable)
    expect(() => optionValue.encode({ name: 'A', value: 'b\0' })).toThrow(notEncodable)
    expect(() => nulText.encode('張')).toThrow(notEncodable)
  })
})
