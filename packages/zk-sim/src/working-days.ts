// When people come and go: days with shifts, late ones, Saturdays, somebody ill, a finger pressed twice. Both the
// repeated recordings and the made-up data take their times from here. A day depends on the seed and its date
// alone, so a log made later is the same log with more days at its end.
import { packTime, parseWallTime } from '@org/zk-proto/wire'
import { wallMs } from './clock.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'

/** A moment at which somebody stands before the terminal. */
export interface Visit {
  /** Which person, from 0. */
  readonly who: number
  /** The time on the terminal's clock, in the terminal's own form. */
  readonly packedTime: number
  readonly coming: boolean
}

/** Which visits are wanted. */
export interface VisitPlan {
  readonly seed: number
  /** How many people there are. */
  readonly people: number
  /** How many visits; with `since` only an upper bound is not needed and it is left out. */
  readonly count: number
  /** Every visit is before this wall time. */
  readonly until: string
  /** First day, as a wall time; undefined: as many days back as the count needs. */
  readonly since?: string | undefined
  /** Whether somebody comes, or goes, at this terminal at all. Default: everybody does both. */
  readonly takesPart?: (who: number, coming: boolean) => boolean
}

const DAY_MS = 86_400_000
const MINUTE_S = 60
const HOUR_S = 3_600
/** A log is spread over about this many working days at most: a few people make many visits a day instead. */
const MOST_DAYS = 600
/** Days that are looked at before a plan that nobody takes part in is given up. */
const EMPTY_DAYS = 60
const FIRST_DAY = '2000-01-02T00:00:00'

/**
 * The visits of a plan in the order of time: the last `count` before `until`, or all from `since` on.
 * @throws RangeError when a wall time does not exist, or the years since 2000 are not enough.
 */
export function visits(plan: VisitPlan): Visit[] {
  if (plan.since !== undefined) return visitsSince(plan, plan.since)
  const days: Visit[][] = []
  let found = 0
  let empty = 0
  for (let day = dayOf(plan.until); found < plan.count; day -= DAY_MS) {
    if (day < wallMs(FIRST_DAY)) throw new RangeError(`the days from 2000 to ${plan.until} are not enough`)
    const made = dayVisits(plan, day)
    found += made.length
    empty = made.length === 0 ? empty + 1 : 0
    if (empty > EMPTY_DAYS) break
    days.push(made)
  }
  const all = days.toReversed().flat()
  return all.slice(all.length - Math.min(plan.count, all.length))
}

function visitsSince(plan: VisitPlan, since: string): Visit[] {
  const first = packed(since)
  const made: Visit[] = []
  for (let day = dayOf(since); day <= dayOf(plan.until); day += DAY_MS) {
    for (const visit of dayVisits(plan, day)) if (visit.packedTime >= first) made.push(visit)
  }
  return made
}

function dayOf(wallTime: string): number {
  return wallMs(`${wallTime.slice(0, 10)}T00:00:00`)
}

function packed(wallTime: string): number {
  return packTime(parseWallTime(wallTime))
}

/** The visits of one day before the plan's end, in order. */
function dayVisits(plan: VisitPlan, day: number): Visit[] {
  const midnight = new Date(day).toISOString().slice(0, 19)
  const rounds = Math.max(1, Math.ceil(plan.count / (plan.people * 2 * MOST_DAYS)))
  const share = attending(day, seededRandom(plan.seed, midnight))
  const seconds: { who: number; second: number; coming: boolean }[] = []
  for (let who = 0; who < plan.people; who++) {
    const random = seededRandom(plan.seed, midnight, who)
    if (!random.chance(share)) continue
    const habit = seededRandom(plan.seed, 'habit', who).below(50 * MINUTE_S)
    for (let round = 0; round < rounds; round++) {
      for (const coming of [true, false]) {
        const second =
          rounds === 1 ? shiftSecond(coming, habit, random) : passSecond(round, rounds, coming, random)
        const presses = pressesOf(random)
        if (!(plan.takesPart?.(who, coming) ?? true)) continue
        for (const delay of presses) seconds.push({ who, second: second + delay, coming })
      }
    }
  }
  const [first, end] = [packed(midnight), packed(plan.until)]
  return seconds
    .sort((a, b) => a.second - b.second)
    .map(({ who, second, coming }) => ({ who, packedTime: first + second, coming }))
    .filter(({ packedTime }) => packedTime < end)
}

/** The share of people at work: few on Saturdays, nobody on Sundays and on some holidays. */
function attending(day: number, random: SeededRandom): number {
  const weekday = new Date(day).getUTCDay()
  if (weekday === 0 || random.chance(0.02)) return 0
  return weekday === 6 ? 0.12 : 0.94
}

/** A second of the day around 8 o'clock, or around half past 5, with the person's habit and the day's chance. */
function shiftSecond(coming: boolean, habit: number, random: SeededRandom): number {
  const chance = (random.below(12) + random.below(12)) * MINUTE_S + random.below(MINUTE_S)
  const late = random.chance(0.04) ? random.below(70 * MINUTE_S) : 0
  return coming ? 7.25 * HOUR_S + habit + chance + late : 16.75 * HOUR_S + habit + chance + late
}

/** A second of one of many rounds a day between 6 in the morning and 10 in the evening. */
function passSecond(round: number, rounds: number, coming: boolean, random: SeededRandom): number {
  const slot = (16 * HOUR_S) / (rounds * 2)
  return Math.floor(6 * HOUR_S + (round * 2 + (coming ? 0 : 1)) * slot + random.next() * slot)
}

/** Once as a rule; now and then again some seconds later, and rarely twice in the same second. */
function pressesOf(random: SeededRandom): number[] {
  const draw = random.next()
  if (draw < 0.003) return [0, 0]
  return draw < 0.02 ? [0, 2 + random.below(8)] : [0]
}
