// A table in slices: every cut gives the bytes of the whole, and what comes later does not show in it.
import { tableHead } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { AttendanceLog } from '../src/attendance-log.ts'
import type { FullLogHabit } from '../src/profile.ts'
import { TableSnapshot } from '../src/table-snapshot.ts'

const RECORDS = Uint8Array.from({ length: 12 }, (_, index) => index + 1)
const WHOLE = Uint8Array.of(...tableHead.encode({ sizeBytes: RECORDS.length }), ...RECORDS)

describe('a snapshot of a table', () => {
  it('gives the same bytes in slices of any size as in one', () => {
    const table = new TableSnapshot(RECORDS)
    expect(table.sizeBytes).toBe(16)
    expect(table.whole()).toEqual(WHOLE)
    for (let start = 0; start <= 16; start += 1) {
      for (let sizeBytes = 0; sizeBytes <= 18; sizeBytes += 1) {
        expect(table.slice(start, sizeBytes)).toEqual(WHOLE.slice(start, start + sizeBytes))
      }
    }
  })

  it('of no records is the size word alone', () => {
    expect(new TableSnapshot(new Uint8Array(0)).whole()).toEqual(Uint8Array.of(0, 0, 0, 0))
  })

  it.each<FullLogHabit>(['refuse', 'overwrite-oldest', 'shift', 'drop-block'])(
    'stays as it is while a full log does what its habit is: %s',
    (habit) => {
      const log = new AttendanceLog(1, 10, habit)
      for (let value = 1; value <= 10; value += 1) log.append(Uint8Array.of(value))
      const first = log.snapshot()
      log.append(Uint8Array.of(11))
      const second = log.snapshot()
      const held = [...second]
      log.append(Uint8Array.of(12))
      expect([...first]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect([...second]).toEqual(held)
      log.clear()
      log.append(Uint8Array.of(13))
      expect([...second]).toEqual(held)
      expect([...log.snapshot()]).toEqual([13])
    },
  )
})
