// Our client against every model and every fault, as `npm run test:faults` runs it; and that the judge of it lets nothing
// pass.
import { parseFaults } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { ourClient, type Connect } from '../faults/client.ts'
import { COLUMNS } from '../faults/column.ts'
import type { Step } from '../faults/scene.ts'
import { STEPS } from '../faults/steps.ts'
import { complaints, ROWS, runTable, tableText } from '../faults/table.ts'

const WHOLE_TABLE_MS = 600_000
const [quiet] = ROWS
const column = COLUMNS.filter(({ name }) => name === 'typical tcp')

/** What is bad when this client is judged without any fault, and where. */
async function judged(connect: Connect, steps?: readonly Step[]): Promise<string[]> {
  const outcomes = await runTable(quiet === undefined ? [] : [quiet], column, connect, steps)
  expect(outcomes).toHaveLength(1)
  return complaints(outcomes)
}

/** Our client, changed. */
const but =
  (change: (client: Awaited<ReturnType<Connect>>) => Partial<Awaited<ReturnType<Connect>>>): Connect =>
  async (options) => {
    const client = await ourClient(options)
    const { people, clock, door, power, enrolment } = client
    return {
      people,
      clock,
      door,
      power,
      enrolment,
      get closed() {
        return client.closed
      },
      info: (given) => client.info(given),
      readPeople: (given) => client.readPeople(given),
      readAttendance: (given) => client.readAttendance(given),
      liveEvents: (given) => client.liveEvents(given),
      ping: (given) => client.ping(given),
      close: () => client.close(),
      ...change(client),
    }
  }

describe('our client against every model and every fault', () => {
  it(
    'gets everything right or ends with one clear error, and leaves terminal and connection in order',
    async () => {
      const outcomes = await runTable(ROWS, COLUMNS, ourClient)
      const cells = ROWS.flatMap(({ transports }) =>
        COLUMNS.filter(({ transport }) => transports.includes(transport)),
      )
      expect(outcomes).toHaveLength(cells.length)
      expect(complaints(outcomes)).toEqual([])
      expect(outcomes.every(({ isGood }) => isGood)).toBe(true)
      // A fault that never struck has proved nothing.
      const vacuous = outcomes.filter(
        ({ column, expression, struck }) =>
          column !== 'no-clients' &&
          [...parseFaults(expression).faults.keys()].some((name) => !struck.includes(name)),
      )
      expect(vacuous.map(({ column, expression }) => `${column}, ${expression}`)).toEqual([])
      const text = tableText(outcomes, ROWS)
      expect(text.split('\n')).toHaveLength(ROWS.length + 1)
      expect(text).not.toContain('BAD ')
    },
    WHOLE_TABLE_MS,
  )
})

describe('the judge of the table', () => {
  it('has nothing against a client that is only wrapped', async () => {
    expect(await judged(but(() => ({})))).toEqual([])
  })

  it('finds a punch that was left out', async () => {
    const dropping = but((client) => ({
      readAttendance(options) {
        const read = client.readAttendance(options)
        let dropped = false
        return {
          summary: () => read.summary(),
          async *[Symbol.asyncIterator]() {
            for await (const batch of read) {
              const { firstIndex, wholeLog, bookmark, leftOut, punches } = batch
              yield { firstIndex, wholeLog, bookmark, leftOut, punches: dropped ? punches : punches.slice(1) }
              dropped = true
            }
          },
        }
      },
    }))
    expect(await judged(dropping)).toEqual([
      expect.stringContaining('whole read: wrong: Wrong: the summary says 200 punches, 199 were given'),
      expect.stringContaining('tail read: wrong'),
      expect.stringContaining('read while listening: wrong'),
    ])
  })

  it('finds a door that is opened twice, or not at all', async () => {
    const twice = but(({ door }) => ({
      door: {
        async unlock(seconds, options) {
          await door.unlock(seconds, options)
          await door.unlock(seconds, options)
        },
      },
    }))
    expect(await judged(twice)).toEqual([expect.stringContaining('the door opened 2 times')])
    const never = but(() => ({ door: { unlock: () => Promise.resolve() } }))
    expect(await judged(never)).toEqual([expect.stringContaining('the door opened 0 times')])
  })

  it('finds an error that no fault is to blame for, and one that is no ZkError', async () => {
    const failing = but(({ clock }) => ({
      clock: {
        set: (_, options) => clock.set({ year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0 }, options),
      },
      ping: () => Promise.reject(new TypeError('undefined is not a function')),
    }))
    const found = await judged(failing)
    expect(found).toContainEqual(expect.stringMatching(/set clock: ZK_.*after no fault/u))
    expect(found).toContainEqual(expect.stringMatching(/connect: wrong: TypeError: undefined/u))
  })

  it('finds a session that nobody ended', async () => {
    const staying = but(() => ({ close: () => Promise.resolve(), closed: true }))
    const found = await judged(staying, STEPS.slice(0, 1))
    expect(found).toEqual([expect.stringContaining('connect: right: the session was not ended')])
  })
})
