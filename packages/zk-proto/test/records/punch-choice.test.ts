import { describe, expect, it } from 'vitest'
import { joinBytes } from '../../src/bytes.ts'
import { attendance40, attendance8a } from '../../src/records/attendance.ts'
import { choosePunches, punchChooser } from '../../src/records/punch-choice.ts'
import type { PunchChoice } from '../../src/records/punch-choice.ts'
import { decodePunches, KNOWN_ATTENDANCE_FORMS } from '../../src/records/punch.ts'
import type { AttendanceLayoutName } from '../../src/records/punch.ts'
import { packTime, parseWallTime } from '../../src/wall-time.ts'

/** Punches of a form, at these times. */
function punchesAt(name: AttendanceLayoutName, times: readonly string[]) {
  const form = KNOWN_ATTENDANCE_FORMS.find((known) => known.name === name)
  if (form === undefined) throw new Error(`no form ${name}`)
  const records = times.map((time, i) => {
    const facts = { uid: i + 1, verifyMode: 1, punchState: 0, time: packTime(parseWallTime(time)) }
    return name === 'attendance/8a'
      ? attendance8a.encode(facts)
      : attendance40.encode({ ...facts, pin: `00${i + 1}` })
  })
  return decodePunches(form, joinBytes(records), 0)
}

const TIMES = ['2024-02-28T23:59:59', '2024-02-29T00:00:00', '2024-02-30T12:00:00', '2024-03-01T00:00:00']

/** Which of the four are wanted, by their place. */
function chosen(choice: PunchChoice, name: AttendanceLayoutName = 'attendance/40'): number[] {
  return choosePunches(punchesAt(name, TIMES), punchChooser(choice)).map(({ index }) => index)
}

describe('choosing punches', () => {
  it.each<[PunchChoice, number[]]>([
    [{}, [0, 1, 2, 3]],
    [{ since: '2024-02-29' }, [1, 2, 3]],
    [{ until: '2024-02-28' }, [0]],
    [{ until: '2024-02-29' }, [0, 1]],
    [{ since: '2024-02-29T00:00:01', until: '2024-03-01T00:00:00' }, [2, 3]],
    [{ since: '2025-01-01' }, []],
    [{ pins: ['002', '4'] }, [1]],
    [{ pins: [] }, []],
    [{ pins: '002' }, [1]],
    [{ denied: 'only' }, []],
    [{ denied: 'mark', pins: new Set(['001', '004']), since: '2024-03-01' }, [3]],
  ])('%j leaves the records %j', (choice, places) => {
    expect(chosen(choice)).toEqual(places)
  })

  it('goes by the uid where the records name nothing else', () => {
    expect(chosen({ pins: ['3', '004'] }, 'attendance/8a')).toEqual([2])
  })

  it('refuses what would quietly choose nothing', () => {
    const choices: unknown[] = [
      { pins: [1042] },
      { denied: true },
      { since: new Date(2024, 1, 29) },
      { until: 20_240_229 },
    ]
    for (const choice of choices) {
      expect(() => chosen(choice as PunchChoice)).toThrow(
        expect.objectContaining({ code: 'ZK_VALUE_OUT_OF_RANGE' }),
      )
    }
  })

  it('gives the list itself where all are wanted', () => {
    const punches = punchesAt('attendance/40', TIMES)
    expect(choosePunches(punches, punchChooser({}))).toBe(punches)
  })
})
