// The models: each is on the wire what its sentence says.
import { connect as connectTcp } from 'node:net'
import { connect } from '@org/zk-proto'
import { BULK_TABLES, bulkRequest, CODES, type BulkTable } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { profileNamed, profiles } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { RawClient } from './support/raw-client.ts'

const PEOPLE = 3
const PUNCHES = 4

/** Sizes as a client sees them: of a record of people and of the log, of the free sizes, of a live punch. */
async function sizesOf(profile: string) {
  await using terminal = await startTerminal({ profile, people: PEOPLE, punches: PUNCHES })
  const { transports } = terminal.memory.profile
  await using client = await RawClient[transports.includes('tcp') ? 'tcp' : 'udp'](terminal.port)
  const { session } = await client.ask({ command: CODES.CONNECT })
  const tableBytes = async ({ command, dataType }: BulkTable, replyId: number): Promise<number> => {
    const payload = bulkRequest.encode({ one: 1, command, dataType, extra: 0 })
    return (await client.ask({ command: CODES.DATA_WRRQ, session, replyId, payload })).payload.length - 4
  }
  const personBytes = (await tableBytes(BULK_TABLES.people, 1)) / PEOPLE
  const punchBytes = (await tableBytes(BULK_TABLES.attendance, 2)) / PUNCHES
  const freeSizes = (await client.ask({ command: CODES.GET_FREE_SIZES, session, replyId: 3 })).payload.length
  await client.ask({ command: CODES.REG_EVENT, session, replyId: 4, payload: Uint8Array.of(1, 0, 0, 0) })
  const next = client.received.length
  terminal.hand.present(terminal.memory.people.list()[0]?.pin ?? '', 'card')
  const eventBytes = (await client.nth(next)).payload.length
  return { transports, personBytes, punchBytes, freeSizes, eventBytes }
}

function answersOverTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

describe('the models', () => {
  it('are seven, each with a sentence', () => {
    expect(profiles.map(({ name }) => name)).toEqual([
      'old',
      'compact',
      'typical',
      'visible-light',
      'access-panel',
      'strict',
      'no-clients',
    ])
    for (const { name, about } of profiles) expect([name, about.length > 20]).toEqual([name, true])
  })

  it.each([
    { name: 'old', transports: ['udp'], personBytes: 28, punchBytes: 8, freeSizes: 80, eventBytes: 10 },
    {
      name: 'compact',
      transports: ['tcp', 'udp'],
      personBytes: 28,
      punchBytes: 16,
      freeSizes: 80,
      eventBytes: 12,
    },
    {
      name: 'typical',
      transports: ['tcp', 'udp'],
      personBytes: 72,
      punchBytes: 40,
      freeSizes: 92,
      eventBytes: 36,
    },
    {
      name: 'visible-light',
      transports: ['tcp'],
      personBytes: 72,
      punchBytes: 49,
      freeSizes: 112,
      eventBytes: 52,
    },
    {
      name: 'access-panel',
      transports: ['tcp'],
      personBytes: 28,
      punchBytes: 16,
      freeSizes: 80,
      eventBytes: 12,
    },
    { name: 'strict', transports: ['tcp'], personBytes: 72, punchBytes: 40, freeSizes: 92, eventBytes: 36 },
  ])(
    '$name: people of $personBytes bytes, punches of $punchBytes, free sizes of $freeSizes',
    async (wanted) => {
      const { name, ...sizes } = wanted
      expect(await sizesOf(name)).toEqual(sizes)
    },
  )

  it('tell their family by the name of the platform, as access rules go', () => {
    for (const { options, accessForm } of profiles) {
      expect([options['~Platform'], accessForm]).toEqual([
        options['~Platform'],
        options['~Platform']?.includes('_TFT') === true ? 'tft' : 'compact',
      ])
    }
  })

  it('have no unit of time in common: the delay of an unlock counts in what the model says', async () => {
    for (const [unlockUnitMs, milliseconds] of [
      [100, 5_000],
      [1_000, 50_000],
    ] as const) {
      const profile = { ...profileNamed('access-panel'), unlockUnitMs }
      await using terminal = await startTerminal({ profile, people: 1, punches: 0 })
      await using client = await connect({ host: '127.0.0.1', port: terminal.port })
      await client.door.unlock(5)
      expect(terminal.memory.door.unlocks).toMatchObject([{ milliseconds }])
    }
  })
})

describe('an old unit', () => {
  it('is not there for TCP', async () => {
    await using terminal = await startTerminal({ profile: 'old', people: 1, punches: 0 })
    expect(await answersOverTcp(terminal.port)).toBe(false)
    await using client = await connect({ host: '127.0.0.1', port: terminal.port, transport: 'auto' })
    expect(client.transport).toBe('udp')
  })
})

describe('an access panel', () => {
  it('logs whom it refused, and our client marks them', async () => {
    await using terminal = await startTerminal({ profile: 'access-panel', people: 2, punches: 0 })
    const { memory, hand } = terminal
    hand.present('1')
    memory.people.setGroup(2, 4)
    expect(hand.present('2')).toMatchObject({ denied: true, state: 7 })
    await using client = await connect({ host: '127.0.0.1', port: terminal.port })
    const denied: boolean[] = []
    for await (const { punches } of client.readAttendance({ denied: 'mark' })) {
      denied.push(...punches.map((punch) => punch.denied))
    }
    expect(denied).toEqual([false, true])
    expect(memory.door.unlocks).toHaveLength(1)
  })
})

describe('a strict unit', () => {
  it('serves one connection, and the next when that has gone', async () => {
    await using terminal = await startTerminal({ profile: 'strict', people: 1, punches: 0 })
    await using first = await RawClient.tcp(terminal.port)
    await first.ask({ command: CODES.CONNECT })
    await using second = await RawClient.tcp(terminal.port)
    await second.untilClosed()
    expect(first.closed).toBe(false)
  })
})

describe('new firmware', () => {
  it('answers a client with a code that nobody knows, and serves nobody', async () => {
    await using terminal = await startTerminal({ profile: 'no-clients', people: 1, punches: 0 })
    await expect(connect({ host: '127.0.0.1', port: terminal.port })).rejects.toMatchObject({
      code: 'ZK_CLIENTS_REFUSED',
    })
    await using other = await startTerminal({ profile: 'no-clients', people: 1, punches: 0 })
    await using client = await RawClient.tcp(other.port)
    expect((await client.ask({ command: CODES.CONNECT })).command).toBe(4_989)
    expect(terminal.stats.sessionsOpened).toBe(0)
  })
})
