// What every database promises of lists of punches.
import { beforeAll, describe, expect, it } from 'vitest'
import { InvalidCursor, type IdRange, type PunchFilter, type PunchSort } from '../../src/index.ts'
import { FIRST_100, later, newDevice, NOON, person, punch } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function punchListsContract({ database }: Given): void {
  describe('lists of punches', () => {
    let one = 0
    let two = 0

    beforeAll(async () => {
      one = await newDevice(database())
      two = await newDevice(database())
      await database().people.upsertMany(
        one,
        [person('1', { name: 'Ann' }), person('2', { name: 'Bob' })],
        NOON,
      )
      const undated = { at: null, timeStatus: 'invalid' } as const
      await database().transaction(async (tx) => {
        await tx.punches.insertTail(one, [
          punch('1', 10, { state: 1 }),
          punch('2', 20),
          punch('1', 20, { timeStatus: 'gap' }),
          punch('1', 50, { ...undated, wallTime: '2026-02-31T08:00:00' }),
          punch('2', 30, { denied: true }),
          punch('1', 51, { ...undated, wallTime: '2026-03-01T25:00:00' }),
          punch('1', 5),
        ])
        await tx.punches.insertTail(two, [punch('1', 15), punch('01', 16)])
      })
    })

    /** Seconds after noon, or the wall day of those without an instant. */
    const list = async (filter: PunchFilter, sort: PunchSort = '-timestamp') => {
      const page = await database().punches.list({ deviceIds: [one, two], ...filter }, sort, FIRST_100)
      expect(page.total).toBe(page.rows.length)
      expect(page.nextCursor).toBeNull()
      return page.rows.map(({ at, wallTime }) =>
        at === null ? wallTime.slice(5, 13) : (Date.parse(at) - Date.parse(NOON)) / 1_000,
      )
    }

    it('are in the order of time, newest first or last, without an instant at the end', async () => {
      expect(await list({})).toEqual([20, 20, 16, 15, 10, 5, '03-01T25', '02-31T08'])
      expect(await list({}, 'timestamp')).toEqual([5, 10, 15, 16, 20, 20, '02-31T08', '03-01T25'])
    })

    it('name the person of that device', async () => {
      const { rows } = await database().punches.list({ deviceIds: [two, one] }, '-timestamp', FIRST_100)
      const names = new Set(
        rows.map(({ deviceId, pin, userName }) => `${deviceId === one ? 'one' : 'two'} ${pin} ${userName}`),
      )
      expect(names).toEqual(new Set(['one 1 Ann', 'one 2 Bob', 'two 1 null', 'two 01 null']))
    })

    it('are narrowed by device and person', async () => {
      expect(await list({ deviceIds: [two] })).toEqual([16, 15])
      expect(await list({ pin: '1' })).toEqual([20, 15, 10, 5, '03-01T25', '02-31T08'])
      expect(await list({ pin: '01' })).toEqual([16])
      expect(await list({ deviceIds: [one], pin: '2' })).toEqual([20])
      expect(await list({ deviceIds: [] })).toEqual([])
      expect(await list({ pin: 'nobody' })).toEqual([])
    })

    it('are narrowed by instants, which those without one have not', async () => {
      expect(await list({ atFrom: later(10_000), atTo: later(16_000) })).toEqual([16, 15, 10])
      expect(await list({ atFrom: later(10_001) })).toEqual([20, 20, 16, 15])
      expect(await list({ atTo: later(9_999) })).toEqual([5])
    })

    it('are narrowed by wall times, which all have', async () => {
      expect(await list({ wallFrom: '2026-03-01T12:00:16' })).toEqual([20, 20, 16, '03-01T25'])
      expect(await list({ wallTo: '2026-03-01T12:00:10' })).toEqual([10, 5, '02-31T08'])
      expect(await list({ wallFrom: '2026-02-30T00:00:00', wallTo: '2026-02-31T23:59:59' })).toEqual([
        '02-31T08',
      ])
    })

    it('find a wall time far from its instant', async () => {
      const id = await newDevice(database())
      const far = punch('1', 0, { wallTime: '2026-03-02T02:00:00', timezone: 'Pacific/Kiritimati' })
      await database().transaction((tx) => tx.punches.insertTail(id, [far]))
      expect(
        await list({ deviceIds: [id], wallFrom: '2026-03-02T02:00:00', wallTo: '2026-03-02T02:00:00' }),
      ).toEqual([0])
    })

    it('are narrowed by state and time status', async () => {
      expect(await list({ state: 1 })).toEqual([10])
      expect(await list({ timeStatus: 'invalid' })).toEqual(['03-01T25', '02-31T08'])
      expect(await list({ timeStatus: 'gap' })).toEqual([20])
    })

    it('leave refused attempts out unless they are asked for', async () => {
      expect(await list({ denied: true })).toEqual([30])
      expect(await list({ denied: false, pin: '2' })).toEqual([20])
      expect(await list({ denied: 'all', pin: '2' })).toEqual([30, 20])
    })

    it.each([['-timestamp'], ['timestamp']] as const)(
      'give the same rows by pages and by cursor (%s)',
      async (sort) => {
        const filter = { deviceIds: [one, two] }
        const { punches } = database()
        const whole = (await punches.list(filter, sort, FIRST_100)).rows
        expect(whole).toHaveLength(8)
        for (let limit = 1; limit <= 9; limit++) {
          const byPage = []
          for (let offset = 0; offset < 10; offset += limit) {
            const page = await punches.list(filter, sort, { offset, limit })
            expect(page.total).toBe(8)
            expect(page.nextCursor === null).toBe(offset + limit >= 8)
            byPage.push(...page.rows)
          }
          expect(byPage).toEqual(whole)
          const byCursor = []
          for (let cursor: string | null = null; ;) {
            const page: Awaited<ReturnType<typeof punches.list>> = await punches.list(filter, sort, {
              cursor,
              limit,
            })
            expect(page.total).toBeNull()
            byCursor.push(...page.rows)
            cursor = page.nextCursor
            if (cursor === null) break
          }
          expect(byCursor).toEqual(whole)
        }
      },
    )

    it('go on from a page by its cursor, past rows that came meanwhile', async () => {
      const id = await newDevice(database())
      const insert = (...seconds: number[]) =>
        database().transaction((tx) =>
          tx.punches.insertTail(
            id,
            seconds.map((second) => punch('1', second)),
          ),
        )
      await insert(1, 2, 3, 4)
      const filter = { deviceIds: [id] }
      const first = await database().punches.list(filter, '-timestamp', { offset: 0, limit: 2 })
      await insert(5)
      const rest = await database().punches.list(filter, '-timestamp', {
        cursor: first.nextCursor,
        limit: 10,
      })
      expect(rest.rows.map(({ packedTime }) => packedTime - 800_000_000)).toEqual([2, 1])
    })

    it('take any bound of a wall time that can be spelled', async () => {
      const { punches } = database()
      const first = { offset: 0, limit: 1 }
      const all = await punches.list({}, '-timestamp', first)
      for (const [wallFrom, wallTo] of [
        ['0000-01-01T00:00:00', '9999-12-31T23:59:59'],
        ['0001-01-01T00:00:00', '9999-12-30T00:00:00'],
      ] as const)
        expect(await punches.list({ wallFrom, wallTo }, '-timestamp', first)).toEqual(all)
    })

    it('refuse a cursor that they have not given out', async () => {
      const { punches } = database()
      const { nextCursor } = await punches.list({}, '-timestamp', { offset: 0, limit: 1 })
      const cursors = [
        '',
        'x',
        'bnVsbA',
        ...['yesterday', '+010000-01-01T00:00:00.000Z', '2026-02-31T00:00:00.000Z'].map((at) =>
          Buffer.from(JSON.stringify(['-timestamp', at, 1])).toString('base64url'),
        ),
      ]
      for (const cursor of [...cursors, `${nextCursor}AAAA`]) {
        await expect(punches.list({}, '-timestamp', { cursor, limit: 1 })).rejects.toThrow(InvalidCursor)
      }
      await expect(punches.list({}, 'timestamp', { cursor: nextCursor, limit: 1 })).rejects.toThrow(
        InvalidCursor,
      )
    })

    it('find a single punch by id, whatever it is', async () => {
      const { rows } = await database().punches.list(
        { deviceIds: [one], denied: true },
        '-timestamp',
        FIRST_100,
      )
      const [refused] = rows
      expect(await database().punches.findById(refused?.id ?? 0)).toEqual(refused)
      expect(await database().punches.findById(999_999_999)).toBeUndefined()
    })

    it('give ranges of ids in the order of their ids, refused ones too, and no more than asked for', async () => {
      const { rows } = await database().punches.list(
        { deviceIds: [one, two], denied: 'all' },
        'timestamp',
        FIRST_100,
      )
      const ids = rows.map(({ id }) => id).toSorted((a, b) => a - b)
      const [first = 0, second = 0, , fourth = 0] = ids
      const last = ids.at(-1) ?? 0
      const given = async (ranges: readonly IdRange[], limit = 100) =>
        (await database().punches.listByIds(ranges, limit)).map(({ id }) => id)
      expect(await given([{ from: first, to: last }])).toEqual(ids)
      expect(
        await given([
          { from: fourth, to: fourth },
          { from: first, to: second },
        ]),
      ).toEqual([first, second, fourth])
      expect(await given([{ from: first, to: last }], 2)).toEqual([first, second])
      expect(await given([])).toEqual([])
      expect((await database().punches.listByIds([{ from: first, to: first }], 1))[0]).toMatchObject({
        userName: 'Ann',
      })
    })

    it('know who arrived last, up to an id', async () => {
      const { rows } = await database().punches.list({ deviceIds: [one] }, 'timestamp', FIRST_100)
      const id = Math.min(...rows.map((row) => row.id))
      expect(await database().punches.lastArrival(id)).toEqual({ id, receivedAt: NOON })
      expect(await database().punches.lastArrival(0)).toBeUndefined()
      expect((await database().punches.lastArrival(Number.MAX_SAFE_INTEGER))?.id).toBeGreaterThanOrEqual(id)
    })
  })
}
