// Our client against every model, however its packets are cut, joined or paced: what it reads is what the terminal
// holds. And what it meets when things go wrong on purpose.
import { connect, NO_VERIFY_MODE, type Punch, type Terminal } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { profileNamed, profiles } from '../src/profile.ts'
import { recordedMemory } from '../src/recorded-input.ts'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '../src/simulated-terminal.ts'
import type { PersonTruth } from '../src/person-record.ts'
import type { PunchTruth } from '../src/punch-record.ts'

const KEY = 4_294_967_295

type Facts = Omit<PunchTruth, 'raw'> & { raw: string }

function factsOf(punch: Punch): Facts {
  return {
    index: punch.index,
    uid: punch.uid ?? null,
    pin: punch.pin ?? null,
    logNumber: punch.logNumber,
    packedTime: punch.packedTime,
    wallTime: punch.wallTime,
    validTime: punch.validTime,
    verifyMode: punch.verifyMode === NO_VERIFY_MODE ? null : punch.verifyMode,
    state: punch.state,
    workCode: punch.workCode ?? null,
    denied: punch.denied,
    raw: Buffer.from(punch.raw).toString('hex'),
  }
}

/** What both ends say of a person. */
function identityOf({
  uid,
  pin,
  name,
  privilege,
  cardNumber,
  group,
}: Omit<PersonTruth, 'hasPassword' | 'raw'>) {
  return { uid, pin, name, privilege, cardNumber, group }
}

async function readAll(client: Terminal): Promise<Facts[]> {
  const punches: Facts[] = []
  for await (const batch of client.readAttendance({ denied: 'mark' }))
    punches.push(...batch.punches.map(factsOf))
  return punches
}

function start(options: TerminalOptions): Promise<SimulatedTerminal> {
  return startTerminal({ transports: ['tcp'], ...options })
}

function connectTo({ port }: SimulatedTerminal, commKey = 0): Promise<Terminal> {
  return connect({ host: '127.0.0.1', port, transport: 'tcp', commKey })
}

const served = profiles.filter(({ refusesClients }) => refusesClients === undefined)

describe.each(served)('a $name terminal', (profile) => {
  it.each<{ how: string; options: TerminalOptions }>([
    { how: 'whole packets', options: {} },
    { how: 'single bytes', options: { segmentBytes: 1, punches: 60, people: 5 } },
    { how: 'segments of 128 bytes', options: { segmentBytes: 128, punches: 700 } },
    { how: 'segments of 1460 bytes', options: { segmentBytes: 1_460 } },
    { how: 'joined packets', options: { coalesce: true } },
    { how: 'joined packets cut anew', options: { coalesce: true, segmentBytes: 1_460 } },
    { how: 'a pause after each packet', options: { paceMs: 1, punches: 500 } },
  ])('is read as it is: info, people, attendance, by $how', async ({ options }) => {
    await using terminal = await start({ profile, punches: 2_500, people: 40, commKey: KEY, ...options })
    const { memory } = terminal
    await using client = await connectTo(terminal, KEY)
    const { people, punches } = memory.truth()

    expect(await client.info()).toMatchObject({
      serialNumber: memory.serialNumber,
      firmware: profile.firmware,
      platform: profile.options['~Platform'],
      people: { count: people.length, capacity: profile.capacity.people },
      records: { count: punches.length, capacity: profile.capacity.records },
    })
    const read = await client.readPeople()
    expect(read.people.map(identityOf)).toEqual(people.map(identityOf))
    expect(await readAll(client)).toEqual(punches)

    await client.close()
    expect(terminal.stats).toMatchObject({
      badChecksums: 0,
      badFrames: 0,
      buffersNotFreed: 0,
      leftDisabled: 0,
    })
    expect(terminal.stats.sessions).toMatchObject([{ endedBy: 'exit' }])
  })
})

describe('the recorded memory', () => {
  it('is read as it is', async () => {
    await using terminal = await start({ memory: recordedMemory() })
    await using client = await connectTo(terminal)
    expect(await readAll(client)).toEqual(terminal.memory.truth().punches)
    expect((await client.readPeople()).people).toHaveLength(135)
  })
})

describe('a tail', () => {
  it('costs what is new', async () => {
    await using terminal = await start({ punches: 5_000, people: 30 })
    await using client = await connectTo(terminal)
    const whole = client.readAttendance()
    for await (const batch of whole) void batch
    const { bookmark } = whole.summary()
    expect(bookmark?.index).toBe(5_000)
    const before = terminal.stats.slices.bytes
    const added = ['1001', '1002', '1001'].map((pin) => terminal.memory.punch({ pin }))
    const tail: Facts[] = []
    const read = client.readAttendance(bookmark === undefined ? {} : { from: bookmark })
    for await (const batch of read) tail.push(...batch.punches.map(factsOf))
    expect(tail).toEqual(added)
    expect(read.summary()).toMatchObject({ from: 5_000, read: 3, anchor: 'matched' })
    expect(terminal.stats.slices.bytes - before).toBeLessThan(40 * 100)
  })
})

describe('the comm key', () => {
  it('is asked for, and a wrong one is told apart from a missing one', async () => {
    await using terminal = await start({ commKey: 123_456 })
    await expect(connectTo(terminal)).rejects.toMatchObject({ code: 'ZK_KEY_REQUIRED' })
    await expect(connectTo(terminal, 123_457)).rejects.toMatchObject({ code: 'ZK_KEY_WRONG' })
    await using client = await connectTo(terminal, 123_456)
    expect(await client.readOption('~SerialNumber')).toBe(terminal.memory.serialNumber)
  })

  it('does not help with firmware that refuses clients', async () => {
    await using terminal = await start({ profile: 'no-clients' })
    await expect(connectTo(terminal)).rejects.toMatchObject({ code: 'ZK_CLIENTS_REFUSED' })
  })
})

describe('models with habits of their own', () => {
  it('that tell no record count are read all the same', async () => {
    const profile = { ...profileNamed('visible-light'), tellsRecordCount: false }
    await using terminal = await start({ profile, punches: 400 })
    await using client = await connectTo(terminal)
    expect(await readAll(client)).toEqual(terminal.memory.truth().punches)
  })

  it('that tell nothing in their free sizes are read all the same', async () => {
    const profile = { ...profileNamed('typical'), freeSizesBytes: 4 as const }
    await using terminal = await start({ profile, punches: 400 })
    await using client = await connectTo(terminal)
    expect(await readAll(client)).toEqual(terminal.memory.truth().punches)
  })

  it('that do not know buffered reads are read by the direct command', async () => {
    const profile = { ...profileNamed('typical'), refusesBufferedReads: 65_535 }
    await using terminal = await start({ profile, punches: 400 })
    await using client = await connectTo(terminal)
    expect(await readAll(client)).toEqual(terminal.memory.truth().punches)
  })

  it('that refuse to read the log are said to refuse, with their code', async () => {
    const profile = { ...profileNamed('typical'), refusesBufferedReads: 4_989 }
    await using terminal = await start({ profile, punches: 400 })
    await using client = await connectTo(terminal)
    await expect(readAll(client)).rejects.toMatchObject({ code: 'ZK_REFUSED', details: { replyCode: 4_989 } })
  })

  it('that send leftover memory for a direct read are found out', async () => {
    const profile = {
      ...profileNamed('typical'),
      refusesBufferedReads: 65_535,
      directReads: 'leftover-memory' as const,
    }
    await using terminal = await start({ profile, punches: 400 })
    await using client = await connectTo(terminal)
    await expect(readAll(client)).rejects.toMatchObject({ code: 'ZK_BAD_RECORD' })
  })

  it('whose log is empty give an empty log', async () => {
    await using terminal = await start({ punches: 0, people: 0 })
    await using client = await connectTo(terminal)
    expect(await readAll(client)).toEqual([])
    expect((await client.readPeople()).people).toEqual([])
  })
})

describe('what goes wrong on purpose', () => {
  it('a cut is a lost connection, and a second try succeeds', async () => {
    await using terminal = await start({ punches: 4_000, faults: { cut: 50_000 } })
    await using first = await connectTo(terminal)
    await expect(readAll(first)).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    expect(terminal.faults.struck).toEqual(['cut'])
    await using second = await connectTo(terminal)
    expect(await readAll(second)).toEqual(terminal.memory.truth().punches)
  })

  it('a stall ends in a time-out', async () => {
    await using terminal = await start({ punches: 4_000, faults: { stall: 50_000 } })
    const timeouts = { transferIdleMs: 400 }
    await using client = await connect({ host: '127.0.0.1', port: terminal.port, transport: 'tcp', timeouts })
    await expect(readAll(client)).rejects.toMatchObject({ code: 'ZK_TIMEOUT' })
  })

  it('a restart in the middle of a read loses the connection and no record', async () => {
    const profile = { ...profileNamed('typical'), restart: { acknowledged: true, downMs: 10 } }
    await using terminal = await start({
      profile,
      punches: 4_000,
      faults: { restart: 2 },
    })
    await using first = await connectTo(terminal)
    await expect(readAll(first)).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST' })
    await expect.poll(() => terminal.isOn).toBe(true)
    await using second = await connectTo(terminal)
    expect(await readAll(second)).toHaveLength(4_000)
  })

  it('a log that grows under the reader is read as it was when its snapshot was taken', async () => {
    const faults = { grow: { atSlice: 2, punches: 3 } }
    await using terminal = await start({ punches: 4_000, faults })
    const before = terminal.memory.truth().punches
    await using client = await connectTo(terminal)
    const read = client.readAttendance()
    const punches: Facts[] = []
    for await (const batch of read) punches.push(...batch.punches.map(factsOf))
    expect(punches).toEqual(before)
    expect(read.summary()).toMatchObject({ announcedBefore: 4_000, announcedAfter: 4_003 })
  })

  it('a log that is cleared and refilled under the reader is seen by its counts or by its bytes', async () => {
    const faults = { clear: { atSlice: 2, refill: 10 } }
    await using terminal = await start({ punches: 4_000, faults })
    await using client = await connectTo(terminal)
    const read = client.readAttendance()
    let count = 0
    for await (const batch of read) count += batch.punches.length
    expect([count, terminal.memory.log.count]).toEqual([4_000, 10])
    expect(read.summary()).toMatchObject({ announcedBefore: 4_000, announcedAfter: 10 })
  })
})
