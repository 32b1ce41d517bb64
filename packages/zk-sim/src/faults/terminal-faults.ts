// Faults of the terminal itself: what happens to its log while it is read, to its clock, and before its sensor.
import { packTime, startEnrolment, startEnrolmentByNumber } from '@org/zk-proto/wire'
import { wallMs, type TerminalClock } from '../clock.ts'
import type { TerminalMemory } from '../memory.ts'
import type { Sensor } from '../sensor.ts'
import type { Faults } from './faults.ts'
import { isCommandCode } from './parameter.ts'

const SECOND_MS = 1_000
const FIRST_SECOND = '2000-01-01T00:00:00'
const LAST_SECOND = '2099-12-31T23:59:59'
/** Written as any other time, and on no calendar. */
const IMPOSSIBLE_DATE = packTime({ year: 2026, month: 2, day: 31, hour: 8, minute: 15, second: 30 })

/**
 * Does to the log what is due as slice `slice` of it is asked for (0: as the read is prepared, before its snapshot is
 * taken). A set small enough to come inline has no slices. Gives whether the terminal restarts instead of answering.
 */
export function strikeRead(faults: Faults, slice: number, memory: TerminalMemory): boolean {
  const due = (fault: { number(parameter: string): number }): boolean => fault.number('atSlice') === slice
  const { log } = memory
  const countBefore = log.count
  const cleared = faults.strike('clear', due)
  const replaced = faults.strike('replace', due)
  const grown = faults.strike('grow', due)
  if (cleared !== undefined || replaced !== undefined) memory.clearLog()
  somePunch(memory, cleared?.number('refill') ?? 0)
  if (replaced !== undefined) somePunch(memory, countBefore)
  somePunch(memory, grown?.number('punches') ?? 0)
  const firstPin = (): string => memory.people.pins()[0] ?? '1'
  if (faults.strike('sameSecond', due) !== undefined) {
    const pin = firstPin()
    const wallTime = memory.clock.read()
    memory.punch({ pin, wallTime })
    memory.punch({ pin, wallTime })
  }
  if (faults.strike('impossibleDate', due) !== undefined)
    memory.punch({ pin: firstPin(), packedTime: IMPOSSIBLE_DATE })
  return faults.strike('restart', due) !== undefined
}

/** Lets the clock jump when it is due after a command; it stops at the ends of a terminal's calendar. */
export function strikeClock(faults: Faults, code: number, clock: TerminalClock): void {
  const jump = faults.strike('clockJump', (fault) => isCommandCode(fault.word('after'), code))
  if (jump === undefined) return
  const wanted = wallMs(clock.read()) + jump.number('seconds') * SECOND_MS
  const bounded = Math.min(wallMs(LAST_SECOND), Math.max(wallMs(FIRST_SECOND), wanted))
  clock.set(new Date(bounded).toISOString().slice(0, FIRST_SECOND.length))
}

const ENROLS: ReadonlySet<number> = new Set([startEnrolment.code, startEnrolmentByNumber.code])
const PLAYED = { poor: 'poor', duplicate: 'duplicate', timeOut: 'time-out', cancelled: 'cancelled' } as const

/** Before a command is carried out: whom it asks for a finger does what is due. */
export function strikeSensor(faults: Faults, code: number, sensor: Sensor): void {
  const played = faults.strike('enrolment', () => ENROLS.has(code))?.word('person')
  if (played !== undefined) sensor.scriptOnce = Object.entries(PLAYED).find(([word]) => word === played)?.[1]
}

function somePunch(memory: TerminalMemory, punches: number): void {
  if (punches === 0) return
  const people = memory.people.list()
  for (let count = 0; count < punches; count++) {
    memory.punch({ pin: people[count % Math.max(people.length, 1)]?.pin ?? '1' })
  }
}
