import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { anchorOf, BookmarkMaker, formOfBookmark } from '../../src/procedures/attendance-bookmark.ts'
import type { AttendanceBookmark } from '../../src/procedures/attendance-bookmark.ts'
import { attendanceForm } from '../../src/records/punch.ts'
import { log40 } from '../support/logs.ts'

const form = attendanceForm('attendance/40', 40)

function made(log: Uint8Array, ...cuts: number[]): unknown {
  if (form === undefined) throw new Error('no form')
  const maker = new BookmarkMaker(form)
  let at = 0
  for (const records of [...cuts, log.length / 40 - cuts.reduce((sum, cut) => sum + cut, 0)]) {
    maker.passed(log.subarray(at, at + records * 40))
    at += records * 40
  }
  return maker.bookmark
}

describe('a bookmark', () => {
  it('is a digest of the first record and of the last 32', () => {
    const log = log40(100)
    expect(made(log)).toEqual({
      index: 100,
      recordSize: 40,
      layout: 'attendance/40',
      anchor: createHash('sha256')
        .update(log.subarray(0, 40))
        .update(log.subarray(68 * 40))
        .digest('hex'),
    })
  })

  it('is the same in whatever pieces the log has passed', () => {
    for (const count of [1, 31, 32, 33, 100]) {
      const log = log40(count)
      const whole = made(log)
      expect(made(log, ...Array.from({ length: count - 1 }, () => 1))).toEqual(whole)
      expect(made(log, Math.floor(count / 2), 0)).toEqual(whole)
    }
  })

  it('goes on behind an anchor as if the whole log had passed', () => {
    const log = log40(80)
    if (form === undefined) throw new Error('no form')
    const maker = new BookmarkMaker(form, 50, log.subarray(0, 40), log.subarray(18 * 40, 50 * 40))
    expect(maker.bookmark?.index).toBe(50)
    maker.passed(log.subarray(50 * 40))
    expect(maker.bookmark).toEqual(made(log))
  })

  it('does not exist before the first record', () => {
    if (form === undefined) throw new Error('no form')
    expect(new BookmarkMaker(form).bookmark).toBeUndefined()
  })

  it('changes with any byte that it covers', () => {
    const log = log40(40)
    const before = anchorOf(log.subarray(0, 40), log.subarray(8 * 40))
    for (const at of [0, 39, 8 * 40, 40 * 40 - 1]) {
      const other = log.map((value, i) => (i === at ? value ^ 1 : value))
      expect(anchorOf(other.subarray(0, 40), other.subarray(8 * 40))).not.toBe(before)
    }
  })

  it('of another make is refused', () => {
    const good = { index: 1, recordSize: 40, layout: 'attendance/40', anchor: '' } as const
    expect(formOfBookmark(good)).toBe(form)
    const refused = expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    for (const wrong of [{ index: -1 }, { index: 0.5 }, { recordSize: 41 }]) {
      expect(() => formOfBookmark({ ...good, ...wrong })).toThrow(refused)
    }
    for (const stored of ['null', '{}', '7', '"a text"']) {
      expect(() => formOfBookmark(JSON.parse(stored) as typeof good)).toThrow(refused)
    }
    for (const wrong of [null, 'start', {}]) {
      expect(() => formOfBookmark(wrong as unknown as AttendanceBookmark)).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
    }
  })
})
