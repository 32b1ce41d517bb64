import { describe, expect, it } from 'vitest'
import { fromHex } from '../src/bytes.ts'
import { checkNameEncoding, encodeName, nameDecoder } from '../src/name-encoding.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('names with a set encoding', () => {
  it.each([
    ['gbk', 'd5c5c8fd', '张三'],
    ['windows-1256', 'dae1ed', 'علي'],
    ['windows-1251', 'cfe5f2f0eee2', 'Петров'],
    ['windows-874', 'c0d2c9d2e4b7c2', 'ภาษาไทย'],
    ['utf-8', '4e677579e1bb856e', 'Nguyễn'],
  ])('are read in %s', (encoding, hex, name) => {
    expect(nameDecoder(encoding, []).decode(fromHex(hex))).toBe(name)
  })

  it('show a replacement character where bytes do not fit, and drop none', () => {
    expect(nameDecoder('utf-8', []).decode(fromHex('41e942'))).toBe('A\uFFFDB')
  })
})

describe('names with the encoding left open', () => {
  it('are UTF-8 when all of them are', () => {
    const names = nameDecoder('auto', [utf8('Bob'), utf8('Nguyễn')])
    expect(names.encoding).toBe('utf-8')
    expect(names.decode(utf8('Nguyễn'))).toBe('Nguyễn')
  })

  it('are UTF-8 also when a field cut the last character of one', () => {
    const cut = utf8('Nguyễn Văn ễ').subarray(0, -1)
    for (const fieldBytes of [cut.length, cut.length + 1]) {
      expect(nameDecoder('auto', [cut], fieldBytes).encoding).toBe('utf-8')
    }
    expect(nameDecoder('auto', [utf8('ễ').subarray(0, 1)], 2).encoding).toBe('utf-8')
  })

  it('are not UTF-8 when one ends in half a character with room behind it: that is another code page', () => {
    const jose = fromHex('4a6f73e9')
    const names = nameDecoder('auto', [utf8('Bob'), jose], 24)
    expect([names.encoding, names.decode(jose)]).toEqual(['latin1', 'José'])
    expect(nameDecoder('auto', [jose]).encoding).toBe('latin1')
  })

  it('are one character a byte when any of them is not: nothing lost, nothing guessed', () => {
    const names = nameDecoder('auto', [utf8('Bob'), fromHex('d5c5c8fd')])
    expect(names.encoding).toBe('latin1')
    expect(Uint8Array.from(names.decode(fromHex('d5c5c8fd')), (c) => c.charCodeAt(0))).toEqual(
      fromHex('d5c5c8fd'),
    )
  })
})

describe('an encoding', () => {
  it('is checked before anything is asked of the terminal', () => {
    expect(() => checkNameEncoding('auto')).not.toThrow()
    expect(() => checkNameEncoding('gb18030')).not.toThrow()
    expect(() => checkNameEncoding('klingon')).toThrow(
      expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
    )
    expect(() => nameDecoder('klingon', [])).toThrow(/no name encoding/)
  })
})

describe('a name to be written', () => {
  it.each([
    ['gbk', '张三 A'],
    ['windows-1256', 'علي'],
    ['windows-1251', 'Петров'],
    ['windows-874', 'ภาษาไทย'],
    ['utf-8', 'Nguyễn 😀'],
    ['gb18030', '张三'],
    ['big5', '張三'],
    ['shift_jis', '山田ﾀﾛｳ'],
    ['euc-kr', '김철수'],
    ['windows-1252', 'Zoé – €'],
  ])('comes back from %s as it was', (encoding, name) => {
    const bytes = encodeName(name, encoding, 60)
    expect(nameDecoder(encoding, []).decode(bytes)).toBe(name)
  })

  it('is ASCII where the encoding of the terminal is not known', () => {
    expect(encodeName('Smith', 'latin1', 24)).toEqual(utf8('Smith'))
    expect(() => encodeName('Zoé', 'latin1', 24)).toThrow(/set nameEncoding/)
  })

  it('is refused rather than cut, bent or guessed', () => {
    const notEncodable = expect.objectContaining({ code: 'ZK_NOT_ENCODABLE', effect: 'none' })
    expect(() => encodeName('张三', 'windows-1252', 24)).toThrow(notEncodable)
    expect(() => encodeName('😀', 'gbk', 24)).toThrow(notEncodable)
    expect(() => encodeName('张三', 'utf-8', 5)).toThrow(notEncodable)
    expect(() => encodeName('a\0b', 'utf-8', 24)).toThrow(notEncodable)
    expect(() => encodeName('a\0b', 'windows-1252', 24)).toThrow(notEncodable)
    expect(() => encodeName('\uD800', 'utf-8', 24)).toThrow(notEncodable)
    expect(() => encodeName('张\uFFFD', 'utf-8', 24)).toThrow(notEncodable)
    expect(() => encodeName('a', 'utf-16le', 24)).toThrow(notEncodable)
    expect(() => encodeName('a', 'iso-2022-jp', 24)).toThrow(notEncodable)
  })
})
