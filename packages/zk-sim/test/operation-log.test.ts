// The operation log: records as a captured one, the clock's time, and its own habit when it is full.
import { packTime, parseWallTime } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { OperationLog } from '../src/operation-log.ts'

const NOW = packTime(parseWallTime('2026-05-04T08:00:00'))

describe('the operation log', () => {
  it('says who did what to whom, when, and how it went', () => {
    const log = new OperationLog(10, 'shift', () => NOW)
    log.write('powerOn')
    log.write('deleteFinger', { by: 1, on: 7, succeeded: false, detail: 6 })
    expect(log.truth()).toMatchObject([
      { index: 0, name: 'power on', administratorUid: 0, parameters: [0, 1, 0, 0] },
      { index: 1, name: 'delete fingerprint', administratorUid: 1, parameters: [7, 0, 6, 0] },
    ])
    expect(log.truth()[0]?.wallTime).toBe('2026-05-04T08:00:00')
    // The byte that a captured record has in its padding.
    expect(log.snapshot()[3]).toBe(0x2a)
  })

  it('drops the oldest or refuses the newest when it is full, as it is told', () => {
    const details = (full: 'shift' | 'refuse'): (number | undefined)[] => {
      const log = new OperationLog(3, full, () => NOW)
      for (const detail of [1, 2, 3, 4]) log.write('unlock', { detail })
      return log.truth().map(({ parameters }) => parameters[2])
    }
    expect([details('shift'), details('refuse')]).toEqual([
      [2, 3, 4],
      [1, 2, 3],
    ])
  })

  it('comes back from what was kept, and can be emptied', () => {
    const log = new OperationLog(3, 'overwrite-oldest', () => NOW)
    for (const detail of [1, 2, 3, 4]) log.write('unlock', { detail })
    const again = new OperationLog(3, 'overwrite-oldest', () => NOW)
    again.restore(log.snapshot(), log.cursor)
    again.write('unlock', { detail: 5 })
    expect(again.truth().map(({ parameters }) => parameters[2])).toEqual([4, 5, 3])
    again.clear()
    expect(again.count).toBe(0)
  })
})
