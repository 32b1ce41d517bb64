// A live event in the log's words: the same key as the log's record has, or none at all.
import type { AttendanceLayoutName, LivePunch } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { inLogWords, needsPeople, type KnownPerson } from '../../src/operations/live-punch.ts'

const PEOPLE: readonly KnownPerson[] = [
  { pin: '7', uid: 7 },
  { pin: '0042', uid: 42 },
  { pin: '1001', uid: 1 },
  { pin: '70001', uid: 70 },
  { pin: '5', uid: null },
]

/** Lengths of events: the PIN as text, as 16 bits, as 32 bits. */
const [TEXT, NUMBER_16, NUMBER_32] = [36, 10, 12]

function event(pin: string, bytes: number, changes: Partial<LivePunch> = {}): LivePunch {
  return {
    type: 'punch',
    event: 1,
    name: 'attendance',
    raw: new Uint8Array(bytes),
    pin,
    wallTime: '2026-05-04T07:10:00',
    packedTime: 846_659_400,
    validTime: true,
    verifyMode: 1,
    state: 0,
    denied: false,
    workCode: undefined,
    ...changes,
  }
}

const logNumber = (
  layout: AttendanceLayoutName | undefined,
  pin: string,
  bytes: number,
  people: readonly KnownPerson[] | undefined = PEOPLE,
) => inLogWords(event(pin, bytes), { layout, people })?.logNumber

describe('a live event', () => {
  it('is the uid of its person where the log holds uids', () => {
    expect(inLogWords(event('1001', TEXT), { layout: 'attendance/8b', people: PEOPLE })).toMatchObject({
      logNumber: '1',
      uid: 1,
      pin: '1001',
    })
    expect(logNumber('attendance/8a', '0042', TEXT)).toBe('42')
    expect(logNumber('attendance/8a', '7', NUMBER_16)).toBe('7')
  })

  it('is left to a log of uids where nobody has that PIN, or its number may be a PIN or a uid', () => {
    expect(logNumber('attendance/8b', '9', TEXT)).toBeUndefined()
    expect(logNumber('attendance/8b', '5', TEXT)).toBeUndefined()
    expect(logNumber('attendance/8b', '1001', NUMBER_16)).toBeUndefined()
    expect(inLogWords(event('7', TEXT), { layout: 'attendance/8b', people: undefined })).toBeUndefined()
  })

  it('is a number where the log holds numbers', () => {
    expect(logNumber('attendance/16', '0042', TEXT, [])).toBe('42')
    expect(logNumber('attendance/16', '70001', NUMBER_32, [])).toBe('70001')
    expect(logNumber('attendance/16', 'a7', TEXT, [])).toBeUndefined()
    expect(logNumber('attendance/16', '4294967296', TEXT, [])).toBeUndefined()
  })

  it('is the PIN as it is spelled where the log spells it', () => {
    for (const layout of ['attendance/40', 'attendance/49', 'attendance/40+', 'attendance/22'] as const) {
      expect(logNumber(layout, '0042', TEXT, undefined)).toBe('0042')
      expect(logNumber(layout, '42', NUMBER_32)).toBe('0042')
    }
  })

  it('is left alone where its number has lost bits, or two PINs are that number', () => {
    expect(logNumber('attendance/40', '4465', NUMBER_16)).toBe('70001')
    expect(
      logNumber('attendance/40', '4465', NUMBER_16, [...PEOPLE, { pin: '4465', uid: 9 }]),
    ).toBeUndefined()
    expect(logNumber('attendance/40', '42', NUMBER_32, [...PEOPLE, { pin: '42', uid: 9 }])).toBeUndefined()
  })

  it('is stored before its log was ever seen only for somebody whom every form names alike', () => {
    expect(logNumber(undefined, '7', TEXT)).toBe('7')
    for (const pin of ['0042', '1001', '5', '9']) expect(logNumber(undefined, pin, TEXT)).toBeUndefined()
  })

  it('whose time cannot be packed or is no real date is not invented', () => {
    const facts = { layout: 'attendance/40', people: PEOPLE } as const
    expect(inLogWords(event('7', TEXT, { packedTime: undefined }), facts)).toBeUndefined()
    expect(inLogWords(event('7', TEXT, { validTime: false }), facts)).toBeUndefined()
  })

  it('keeps what else it says, a refusal too', () => {
    const said = { state: 0x81, denied: true, verifyMode: 4, workCode: 12 }
    const facts = { layout: 'attendance/40', people: undefined } as const
    expect(inLogWords(event('7', TEXT, said), facts)).toMatchObject({ ...said, packedTime: 846_659_400 })
  })

  it('says when the people must be known to name it', () => {
    expect(needsPeople(event('7', TEXT), 'attendance/40')).toBe(false)
    expect(needsPeople(event('7', NUMBER_32), 'attendance/16')).toBe(false)
    for (const layout of ['attendance/8a', 'attendance/8b', undefined] as const)
      expect(needsPeople(event('7', TEXT), layout)).toBe(true)
    expect(needsPeople(event('7', NUMBER_16), 'attendance/16')).toBe(true)
    expect(needsPeople(event('7', NUMBER_32), 'attendance/40')).toBe(true)
  })
})
