import { describe, expect, it } from 'vitest'
import { joinBytes, toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { disableTerminal, enableTerminal } from '../../src/commands/terminal.ts'
import { exitSession } from '../../src/commands/connection.ts'
import { ZkError } from '../../src/errors.ts'
import type { Framing } from '../../src/framing.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import type { AttendanceBookmark } from '../../src/procedures/attendance-bookmark.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import type { AttendanceBatch, ReadAttendancePlan } from '../../src/procedures/read-attendance.ts'
import { readIdentity } from '../../src/procedures/read-info.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { ask, tidyUp } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { seededRandom } from '../support/cuts.ts'
import { log16, log40, people72 } from '../support/logs.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { FAIR, LossyWire } from '../support/virtual-wire-lossy.ts'
import type { Ran, Weather } from '../support/virtual-wire-lossy.ts'

/** However bad the network: a read of some slices is over by then. */
const LONGEST_MS = 30 * 60_000

const NAMES = { nameEncoding: 'auto', onProgress: undefined } as const

function logPlan(framing: Framing, from?: AttendanceBookmark): ReadAttendancePlan {
  return { from, onProgress: undefined, sliceBytes: SLICE_BYTES[framing] }
}

/** Behind the first half of the records, made on a good day. */
function bookmarkOf(shape: Shape, framing: Framing): AttendanceBookmark | undefined {
  const half = shape.records.subarray(0, shape.records.length / 2)
  const capacity = { ...shape.script.capacity, records: half.length / shape.recordSize }
  const wire = new LossyWire(framing, { ...shape.script, attendance: half, capacity }, 1)
  wire.run(handshake(0))
  const { outcome } = wire.run(readAttendance(logPlan(framing)))
  if (!outcome.ok) throw outcome.error
  return outcome.value.bookmark
}

function rawOf(batches: readonly AttendanceBatch[]): string {
  return toHex(joinBytes(batches.flatMap(({ punches }) => punches.map(({ raw }) => raw))))
}

/** Disabled while `work` is done, and enabled again whatever happens, as any careful caller has it. */
function* whileDisabled<T, E>(work: Procedure<T, E>): Procedure<T, E> {
  yield* ask(disableTerminal, { seconds: 0 })
  try {
    return yield* work
  } finally {
    yield* tidyUp(enableTerminal, undefined)
  }
}

interface Shape {
  readonly name: string
  readonly records: Uint8Array
  readonly recordSize: number
  readonly script: Script
}

const COUNTED = { recordCapacity: 100_000, people: 120, personCapacity: 500 }
const SHAPES: readonly Shape[] = [
  {
    name: 'several slices of 40-byte records',
    records: log40(1100),
    recordSize: 40,
    script: { capacity: { ...COUNTED, records: 1100 } },
  },
  {
    name: 'one slice of 16-byte records, closed with the byte total',
    records: log16(300),
    recordSize: 16,
    script: { capacity: { ...COUNTED, records: 300 }, closing: 'byte-total', packetBytes: 1024 },
  },
  {
    name: 'a table that comes in its answer',
    records: log40(8),
    recordSize: 40,
    script: { capacity: { ...COUNTED, records: 8 } },
  },
  {
    name: 'a direct read, where the buffered one is refused',
    records: log40(150),
    recordSize: 40,
    script: { capacity: { ...COUNTED, records: 150 }, refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_UNKNOWN } },
  },
  {
    name: 'no records',
    records: new Uint8Array(0),
    recordSize: 40,
    script: { capacity: { ...COUNTED, records: 0 }, refuse: { [CODES.DATA_WRRQ]: REPLIES.ACK_ERROR } },
  },
]

interface Tally {
  right: number
  failed: number
  /** Datagrams or segments that the network lost, doubled or damaged. */
  mishaps: number
  /** What must not be, one sentence each. */
  readonly wrongs: string[]
}

function emptyTally(): Tally {
  return { right: 0, failed: 0, mishaps: 0, wrongs: [] }
}

/** One conversation under a seed: right, or one clear error, in bounded time, and the terminal as it was found. */
function prove(framing: Framing, shape: Shape, seed: number, weather: Weather, tally: Tally): void {
  const people = people72(120)
  const script = { ...shape.script, attendance: shape.records, people, options: { '~SerialNumber': 'A1' } }
  const wire = new LossyWire(framing, script, seed, { ...weather })
  const hold = (holds: boolean, sentence: string): void => {
    if (!holds) tally.wrongs.push(`${framing}, ${shape.name}, seed ${seed}: ${sentence}`)
  }
  const holdEnd = ({ outcome, tookMs }: Ran<unknown, unknown>): void => {
    hold(tookMs < LONGEST_MS, `it took ${tookMs} ms`)
    hold(outcome.ok || outcome.error instanceof ZkError, 'what failed is no error of ours')
  }
  const greeted = wire.run(handshake(0))
  holdEnd(greeted)
  if (!greeted.outcome.ok) {
    // Nobody is given a terminal then.
    tally.failed += 1
    return
  }
  const identity = wire.run(readIdentity())
  const list = wire.run(whileDisabled(readPeople({ ...NAMES, sliceBytes: SLICE_BYTES[framing] })))
  const log = wire.run(whileDisabled(readAttendance(logPlan(framing))))
  const from = bookmarkOf(shape, framing)
  const tail = wire.run(whileDisabled(readAttendance(logPlan(framing, from))))
  const [raw, truth] = [rawOf(log.offered), toHex(shape.records)]
  const [rawTail, truthOfTail] = [rawOf(tail.offered), truth.slice(truth.length / 2)]
  hold(truthOfTail.startsWith(rawTail), 'a tail was handed out that is not in the log')
  hold(!tail.outcome.ok || rawTail === truthOfTail, 'punches of the tail are missing without an error')
  hold(truth.startsWith(raw), 'punches were handed out that are not in the log')
  if (log.outcome.ok) {
    const { read, announcedAfter } = log.outcome.value
    hold(raw === truth, 'punches are missing without an error')
    hold(read === (announcedAfter ?? 0), `it counts ${read} of ${announcedAfter}`)
  }
  if (identity.outcome.ok)
    hold(identity.outcome.value.identity.serialNumber === 'A1', 'another serial number')
  if (list.outcome.ok) {
    const listed = toHex(joinBytes(list.outcome.value.people.map((person) => person.raw)))
    hold(listed === toHex(people), 'the list of people is another one')
  }
  for (const ran of [identity, list, log, tail]) holdEnd(ran)
  tally.mishaps += wire.mishaps
  const right = [identity, list, log, tail].every(({ outcome }) => outcome.ok)
  tally[right ? 'right' : 'failed'] += 1
  hold(leftAsFound(wire), 'the terminal is left with its buffer full, or disabled')
}

/** Nothing stays behind: what the network kept from the terminal, a farewell on a better day clears. */
function leftAsFound(wire: LossyWire): boolean {
  wire.weather = FAIR
  const { outcome } = wire.run(ask(exitSession, undefined))
  if (outcome.ok) return wire.terminal.buffer === undefined && !wire.terminal.disabled
  // A stream that is out of step is gone or silent; the terminal frees what it held for it when it is closed.
  const code = outcome.error instanceof ZkError ? outcome.error.code : 'no error of ours'
  return wire.framing === 'tcp' && ['ZK_CONNECTION_LOST', 'ZK_TIMEOUT'].includes(code)
}

function tallyOf(framing: Framing, weather: Weather, seeds: number): Tally {
  const tally = emptyTally()
  for (const [i, shape] of SHAPES.entries()) {
    for (let seed = 1; seed <= seeds; seed += 1) prove(framing, shape, 1000 * i + seed, weather, tally)
  }
  return tally
}

describe('over UDP', () => {
  it.each<[string, Weather, number]>([
    ['lost', { lose: 0.05 }, 100],
    ['doubled', { double: 0.3 }, 100],
    ['reordered', { delayMs: 30 }, -1],
    ['damaged', { damage: 0.05 }, 100],
    [
      'lost, doubled, reordered and damaged, with things happening',
      { lose: 0.03, double: 0.1, delayMs: 8, damage: 0.03, live: 0.2 },
      100,
    ],
  ])('everything is read rightly where datagrams are %s', (_what, weather, mishaps) => {
    const tally = tallyOf('udp', weather, 10)
    expect(tally).toMatchObject({ right: 10 * SHAPES.length, failed: 0, wrongs: [] })
    expect(tally.mishaps).toBeGreaterThan(mishaps)
  })

  it('a read is right or one clear error in bounded time where most are lost, and the terminal is left as it was', () => {
    const tally = tallyOf('udp', { lose: 0.45, double: 0.2, delayMs: 200, damage: 0.1, live: 0.1 }, 12)
    expect(tally.failed).toBeGreaterThan(0)
    expect(tally.wrongs).toEqual([])
  })

  it('a read is one clear error where nothing comes through', () => {
    expect(tallyOf('udp', { lose: 1 }, 1)).toMatchObject({ right: 0, failed: SHAPES.length, wrongs: [] })
  })
})

describe('over TCP', () => {
  it('everything is read rightly whatever the segments and delays', () => {
    const weather = { segmentBytes: 300, delayMs: 20, live: 0.2 }
    expect(tallyOf('tcp', weather, 6)).toMatchObject({ right: 6 * SHAPES.length, failed: 0, wrongs: [] })
  })

  it('damage is asked for again, or is one clear error in bounded time', () => {
    const tally = tallyOf('tcp', { segmentBytes: 600, damage: 0.004, delayMs: 5 }, 12)
    expect(tally.right).toBeGreaterThan(0)
    expect(tally.failed).toBeGreaterThan(0)
    expect(tally.wrongs).toEqual([])
  })
})

describe('a network that is drawn at random', () => {
  it('never makes a read wrong, over either transport', () => {
    const random = seededRandom(20_261_123)
    const tally = emptyTally()
    const share = (most: number): number => (random() < 0.4 ? 0 : random() * most)
    for (let n = 0; n < 150; n += 1) {
      const framing = n % 2 === 0 ? 'udp' : 'tcp'
      const shape = SHAPES[Math.floor(random() * SHAPES.length)]
      if (shape === undefined) throw new Error('unreachable')
      const weather = {
        lose: share(0.3),
        double: share(0.5),
        damage: share(framing === 'udp' ? 0.2 : 0.02),
        delayMs: share(400),
        live: share(0.5),
        ...(random() < 0.5 ? {} : { segmentBytes: 1 + Math.floor(random() * 1500) }),
      }
      prove(framing, shape, n, weather, tally)
    }
    expect(tally.mishaps).toBeGreaterThan(1000)
    expect(tally.wrongs).toEqual([])
  })
})
