// The recorded memory: everything recorded is there, and the repeated records are recorded ones but for their time.
import { attendance40, packTime, parseWallTime, person72 } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { recordedAttendance, recordedMemory, recordedPeople } from '../src/recorded-input.ts'

const UNTIL = '2026-11-20T12:00:00'
const timeless = (hex: string): string => hex.slice(0, 27 * 2) + hex.slice(31 * 2)

describe('the recordings', () => {
  it('hold whole records that decode to people and punches', () => {
    const people = recordedPeople().flatMap(({ records }) => records)
    const punches = recordedAttendance().flatMap(({ records }) => records)
    expect(people).toHaveLength(135)
    expect(punches).toHaveLength(1_706)
    expect(people.every((raw) => /^[!-~]{1,24}$/.test(person72.decode(raw).pin))).toBe(true)
    expect(punches.every((raw) => /^\d{2,9}$/.test(attendance40.decode(raw).pin))).toBe(true)
  })

  it('name their source', () => {
    for (const { source, note } of [...recordedAttendance(), ...recordedPeople()]) {
      expect(source).toMatch(/^(captures|protocol\/vectors)\//)
      expect(note.length).toBeGreaterThan(10)
    }
  })
})

describe('the recorded memory', () => {
  const memory = recordedMemory({ until: UNTIL })
  const { people, punches } = memory.truth()

  it('holds five thousand punches in the order of time, before its end', () => {
    expect(punches).toHaveLength(5_000)
    const times = punches.map(({ wallTime }) => wallTime)
    expect(times).toEqual(times.toSorted())
    expect(times.at(-1)).toMatch(/^2026-11-(19|20)T/)
  })

  it('repeats records whose every byte but the time was recorded', () => {
    const recorded = new Set(
      recordedAttendance().flatMap(({ records }) =>
        records.map((raw) => timeless(Buffer.from(raw).toString('hex'))),
      ),
    )
    expect(punches.filter(({ raw }) => !recorded.has(timeless(raw)))).toEqual([])
  })

  it('keeps the oddities: people who are in no list, equal punches in one second, unknown bytes', () => {
    const listed = new Set(people.map(({ pin }) => pin))
    const unlisted = new Set(
      punches.filter(({ pin }) => pin !== null && !listed.has(pin)).map(({ pin }) => pin),
    )
    expect(unlisted).toEqual(new Set(['10036', '22', '999111333']))
    expect(punches.filter(({ raw }, index) => punches[index - 1]?.raw === raw).length).toBeGreaterThan(1)
    expect(punches.some(({ raw }) => raw.endsWith('00000000ff000000'))).toBe(true)
    expect(punches.some(({ raw }) => raw.endsWith('0000000000000000'))).toBe(true)
  })

  it('holds everybody who was recorded, each under a uid of their own', () => {
    expect(new Set(people.map(({ uid }) => uid)).size).toBe(135)
    expect(people.map(({ pin }) => pin)).toEqual(
      expect.arrayContaining(['1000', '6260181', '808', '100001lp', '555']),
    )
  })

  it('is the same for the same seed, and another for another', () => {
    const again = recordedMemory({ until: UNTIL })
    expect(Buffer.from(again.log.snapshot()).equals(memory.log.snapshot())).toBe(true)
    const other = recordedMemory({ until: UNTIL, seed: 2 })
    expect(Buffer.from(other.log.snapshot()).equals(memory.log.snapshot())).toBe(false)
  })

  it('made later from the same first day holds the same log with more at its end', () => {
    const since = '2026-08-03T00:00:00'
    const earlier = recordedMemory({ since, until: '2026-11-12T09:00:00' }).log
    const later = recordedMemory({ since, until: '2026-11-16T09:00:00' }).log
    expect(later.count).toBeGreaterThan(earlier.count)
    const head = later.snapshot().subarray(0, earlier.count * earlier.recordBytes)
    expect(Buffer.from(head).equals(earlier.snapshot())).toBe(true)
  })

  it('ends at what the clock shows when no end is given', () => {
    const now = Date.parse('2026-11-20T12:00:00Z')
    const { log, clock } = recordedMemory({ punches: 200, zone: 'Asia/Jakarta', now: () => now })
    const last = attendance40.decode(log.at(199)).time
    expect(last).toBeLessThan(packTime(parseWallTime(clock.read())))
    expect(last).toBeGreaterThan(packTime(parseWallTime('2026-11-20T06:00:00')))
  })
})
