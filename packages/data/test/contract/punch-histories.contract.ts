// Random histories of a terminal's log and its readers: at the end every punch is stored once, and the ways in have
// done exactly what a simple model of them does.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NewPunch } from '../../src/index.ts'
import { newDevice, punch } from '../support/samples.ts'
import type { Given } from './database.contract.ts'
import { numbered, stored } from './punches.contract.ts'

export function punchHistoriesContract({ database }: Given): void {
  describe('histories', () => {
    it('end with every punch stored once', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(terminalEvent, { maxLength: 40 }), async (events) => {
          const id = await newDevice(database())
          const terminal = new Terminal()
          const sync = async (mode: 'tail' | 'whole') => {
            const read = terminal.read(mode)
            const written = await database().transaction((tx) =>
              mode === 'tail' ? tx.punches.insertTail(id, read) : tx.punches.insertWhole(id, read),
            )
            expect(written.new + written.known).toBe(read.length)
          }
          for (const event of events) {
            switch (event.kind) {
              case 'punch':
                terminal.record(event.person, event.pause)
                break
              case 'live': {
                const seen = terminal.seen(event.back)
                if (seen !== undefined) await database().transaction((tx) => tx.punches.insertEarly(id, seen))
                break
              }
              case 'tail':
              case 'whole':
                await sync(event.kind)
                break
              case 'clear':
                await sync('tail')
                terminal.clear()
            }
          }
          await sync('tail')
          const rows = await stored(database(), id)
          expect(rows.map(placeless).toSorted()).toEqual(terminal.everything.map(placeless).toSorted())
          expect(rows.filter(({ early }) => early)).toEqual([])
        }),
        { numRuns: 60 },
      )
    })

    it('are what a simple model makes of them', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(write, { maxLength: 12 }), async (writes) => {
          const id = await newDevice(database())
          const model = new Model()
          for (const { kind, rows } of writes) {
            const written = await database().transaction(async (tx) => {
              if (kind === 'tail') return tx.punches.insertTail(id, rows)
              if (kind === 'whole') return tx.punches.insertWhole(id, rows)
              let inserted = 0
              for (const row of rows) if ((await tx.punches.insertEarly(id, row)) !== undefined) inserted++
              return { new: inserted, known: rows.length - inserted, expired: 0 }
            })
            expect(written).toEqual(model.write(kind, rows))
          }
          const rows = await stored(database(), id)
          expect(
            rows.map(({ logNumber, packedTime, occurrence, state, source, early }) => ({
              logNumber,
              packedTime,
              occurrence,
              state,
              source,
              early,
            })),
          ).toEqual(model.rows())
        }),
        { numRuns: 60 },
      )
    })
  })
}

const terminalEvent = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('punch' as const), person: fc.nat(2), pause: fc.nat(1) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('live' as const), back: fc.nat(4) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('tail' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('whole' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

/** A terminal with its log, and a reader with a bookmark. */
class Terminal {
  readonly everything: NewPunch[] = []
  #log: NewPunch[] = []
  #bookmark = 0
  #second = 0

  record(person: number, pause: number): void {
    this.#second += pause
    const made = punch(String(person), this.#second)
    this.#log.push(made)
    this.everything.push(made)
  }

  /** A live event of one of the last punches; late, or come twice. */
  seen(back: number): NewPunch | undefined {
    return this.#log.at(-1 - back)
  }

  read(mode: 'tail' | 'whole') {
    const counts = new Map<string, number>()
    const log = this.#log.map((record) => {
      const occurrence = (counts.get(placeless(record)) ?? 0) + 1
      counts.set(placeless(record), occurrence)
      return numbered(record, occurrence)
    })
    const read = mode === 'tail' ? log.slice(this.#bookmark) : log
    this.#bookmark = log.length
    return read
  }

  /** After it, time has gone on. */
  clear(): void {
    this.#log = []
    this.#bookmark = 0
    this.#second += 1
  }
}

function placeless({ logNumber, packedTime }: Pick<NewPunch, 'logNumber' | 'packedTime'>): string {
  return `${packedTime} ${logNumber}`
}

const write = fc.record({
  kind: fc.constantFrom('tail' as const, 'whole' as const, 'early' as const),
  rows: fc.array(
    fc
      .record({
        person: fc.nat(1),
        second: fc.nat(2),
        occurrence: fc.integer({ min: 1, max: 4 }),
        state: fc.nat(9),
      })
      .map(({ person, second, occurrence, state }) =>
        numbered(punch(String(person), second, { state }), occurrence),
      ),
    { minLength: 1, maxLength: 6 },
  ),
})

interface ModelRow {
  readonly logNumber: string
  readonly packedTime: number
  readonly occurrence: number
  state: number
  readonly source: 'live' | 'sync'
  early: boolean
}

/** The words of PunchesInTransaction, said in the plainest code. */
class Model {
  readonly #rows: ModelRow[] = []

  write(kind: 'tail' | 'whole' | 'early', given: readonly ReturnType<typeof numbered>[]) {
    let fresh = 0
    for (const { logNumber, packedTime, occurrence, state } of given) {
      const alike = this.#rows.filter((row) => row.logNumber === logNumber && row.packedTime === packedTime)
      const add = (at: number, live: boolean) => {
        fresh++
        this.#rows.push({
          logNumber,
          packedTime,
          occurrence: at,
          state,
          source: live ? 'live' : 'sync',
          early: live,
        })
      }
      const takeOver = (row: ModelRow) => {
        row.early = false
        row.state = state
      }
      const there = alike.find((row) => row.occurrence === occurrence)
      const early = alike.find((row) => row.early)
      if (kind === 'early') {
        if (alike.length === 0) add(1, true)
      } else if (kind === 'whole') {
        if (there === undefined) add(occurrence, false)
        else if (there.early) takeOver(there)
      } else if (early !== undefined) {
        takeOver(early)
      } else {
        add(Math.max(0, ...alike.map((row) => row.occurrence)) + 1, false)
      }
    }
    return { new: fresh, known: given.length - fresh, expired: 0 }
  }

  rows(): ModelRow[] {
    return this.#rows.toSorted(
      (one, other) =>
        one.packedTime - other.packedTime ||
        (one.logNumber < other.logNumber ? -1 : one.logNumber > other.logNumber ? 1 : 0) ||
        one.occurrence - other.occurrence,
    )
  }
}
