// Live events over the wire: what the hand does is what our client hears, on every model and both transports, during a
// read too; and what a session gets that wants less, acknowledges nothing or does not read.
import { connect, type LiveNotice, type Terminal } from '@org/zk-proto'
import {
  BULK_TABLES,
  bulkRequest,
  CODES,
  decodePacket,
  EVENTS,
  framePacket,
  readChunk,
  registerEvents,
  REPLIES,
} from '@org/zk-proto/wire'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Conversation } from '../src/conversation.ts'
import { Faults } from '../src/faults/faults.ts'
import { madeUpMemory } from '../src/made-up-data.ts'
import { profileNamed, profiles, type Profile } from '../src/profile.ts'
import type { PunchTruth } from '../src/punch-record.ts'
import { createDispatch } from '../src/responders/dispatch.ts'
import { startTerminal, type SimulatedTerminal } from '../src/simulated-terminal.ts'
import { TerminalStats } from '../src/stats.ts'
import { RawClient } from './support/raw-client.ts'

const ALL = 0xffff
const NO_DATA = new Uint8Array(0)

function connectTo({ port }: SimulatedTerminal, transport: 'tcp' | 'udp'): Promise<Terminal> {
  return connect({ host: '127.0.0.1', port, transport })
}

/** What our client hears, from its registration on, of what `act` makes happen. */
async function heard(
  terminal: SimulatedTerminal,
  client: Terminal,
  count: number,
  act: () => void | Promise<void>,
): Promise<LiveNotice[]> {
  const { requests } = terminal.stats
  const before = requests['registerEvents'] ?? 0
  const events = client.liveEvents()
  const notices: LiveNotice[] = []
  const first = events.next()
  await expect.poll(() => requests['registerEvents']).toBe(before + 1)
  await act()
  for (let step = await first; step.done !== true; step = await events.next()) {
    notices.push(step.value)
    if (notices.length === count) break
  }
  await events.return()
  return notices
}

/** The events of a touch by a finger, as our client hands them out. */
function touchOf(terminal: SimulatedTerminal, pin: string, punch: PunchTruth | undefined): object[] {
  const uid = terminal.memory.people.findByPin(pin)?.uid
  const opened = terminal.memory.profile.opensDoor && punch !== undefined && !punch.denied
  return [
    { type: 'touch' },
    { type: 'verification', uid },
    ...(punch === undefined
      ? []
      : [
          {
            type: 'punch',
            pin,
            wallTime: punch.wallTime,
            packedTime: punch.packedTime,
            state: punch.denied ? punch.state | 0x80 : punch.state,
            denied: punch.denied,
            ...(punch.verifyMode === null ? {} : { verifyMode: punch.verifyMode }),
          },
        ]),
    ...(opened ? [{ type: 'unlock' }] : []),
  ]
}

/** Fingers of so many people, of one that is refused where the model records that, and of a stranger. */
function touches(terminal: SimulatedTerminal, people: number): object[] {
  const { memory, hand } = terminal
  const pins = memory.people
    .list()
    .slice(0, people)
    .map(({ pin }) => pin)
  const states = memory.profile.logsDenials ? [0, 1, 7] : [0, 1]
  const known = pins.flatMap((pin, index) =>
    touchOf(terminal, pin, hand.present(pin, 'finger', states[index % states.length])),
  )
  expect(hand.present('nobody')).toBeUndefined()
  return [...known, ...touchOf(terminal, 'nobody', undefined)]
}

const served = profiles
  .filter(({ refusesClients }) => refusesClients === undefined)
  .flatMap((profile) => profile.transports.map((transport) => ({ name: profile.name, profile, transport })))

describe.each(served)('a $name terminal over $transport', ({ profile, transport }) => {
  it('tells our client what the hand does, in the form of the model', async () => {
    await using terminal = await startTerminal({ profile, people: 6, punches: 20 })
    await using client = await connectTo(terminal, transport)
    const truth: object[] = []
    const count = 6 * (profile.opensDoor ? 4 : 3) - (profile.opensDoor ? 2 : 0) + 2
    const notices = await heard(terminal, client, count, () => {
      truth.push(...touches(terminal, 6))
    })
    expect(truth).toHaveLength(count)
    expect(notices).toMatchObject(truth)
    const lengths = notices.flatMap((notice) => (notice.type === 'punch' ? [notice.raw.length] : []))
    expect(lengths).toEqual(Array.from({ length: 6 }, () => profile.punchEventBytes))
    await expect.poll(() => terminal.stats.liveEvents.acknowledged).toBe(count)
    expect(terminal.stats.liveEvents).toEqual({ sent: count, acknowledged: count, dropped: 0 })
    expect(terminal.memory.door.unlocks).toHaveLength(profile.opensDoor ? 4 : 0)
  })

  it('tells it during a read, and neither is the worse for it', async () => {
    await using terminal = await startTerminal({ profile, people: 6, punches: 4_000 })
    await using client = await connectTo(terminal, transport)
    const before = terminal.memory.truth().punches
    const truth: object[] = []
    const read: string[] = []
    const count = 3 * 3 * (profile.opensDoor ? 4 : 3) - (profile.opensDoor ? 3 : 0) + 3 * 2
    const notices = await heard(terminal, client, count, async () => {
      let batches = 0
      for await (const { punches } of client.readAttendance({ denied: 'mark' })) {
        read.push(...punches.map(({ raw }) => Buffer.from(raw).toString('hex')))
        batches += 1
        if (batches <= 3) truth.push(...touches(terminal, 3))
      }
      // A log in one batch leaves the rest for afterwards.
      for (; batches < 3; batches++) truth.push(...touches(terminal, 3))
    })
    expect(notices).toMatchObject(truth)
    expect(read).toEqual(before.map(({ raw }) => raw))
    expect(terminal.stats.buffersNotFreed).toBe(0)
  })
})

/** A conversation over UDP without a network: what is put in and what comes out, packet by packet. */
function conversationOf(punches: number, profile: Partial<Profile> = {}) {
  const stats = new TerminalStats()
  const memory = madeUpMemory({ people: 3, punches, profile: { ...profileNamed('typical'), ...profile } })
  const noPower = { restart: () => undefined, powerOff: () => undefined }
  const desk = {
    nextSessionId: () => 7,
    goodbye: () => conversation.endSession('exit'),
    gone: () => undefined,
  }
  const conversation = new Conversation(
    'udp',
    'nobody:0',
    { memory, stats, faults: new Faults(), power: noPower, passerBy: () => undefined },
    createDispatch(desk),
    () => undefined,
  )
  const say = (command: number, payload: Uint8Array = NO_DATA): void =>
    conversation.receive(framePacket('udp', { command, session: 7, replyId: 1 }, payload), 0)
  const take = () => {
    const bytes = conversation.take()
    return bytes === undefined ? undefined : decodePacket(bytes)
  }
  const ask = (command: number, payload?: Uint8Array) => {
    say(command, payload)
    return take()
  }
  ask(CODES.CONNECT)
  return { conversation, stats, say, take, ask }
}

const touch = { event: EVENTS.FINGER, payload: NO_DATA }
const wish = (mask: number): Uint8Array => registerEvents.request.encode({ mask })

describe('a conversation', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('sends an event between the packets of a bulk answer', () => {
    const { conversation, take, ask } = conversationOf(200)
    ask(CODES.REG_EVENT, wish(ALL))
    const { command, dataType } = BULK_TABLES.attendance
    ask(CODES.DATA_WRRQ, bulkRequest.encode({ one: 1, command, dataType, extra: 0 }))
    const slice = { start: 0, sizeBytes: 4 + 200 * 40 }
    expect(ask(CODES.DATA_RDY, readChunk.request.encode(slice))?.command).toBe(REPLIES.PREPARE_DATA)
    expect(take()?.command).toBe(REPLIES.DATA)
    expect(conversation.announce([touch])).toBe(true)
    expect(take()).toMatchObject({ command: CODES.REG_EVENT, session: EVENTS.FINGER, replyId: 0 })
    const rest: (number | undefined)[] = []
    for (let packet = take(); packet !== undefined; packet = take()) rest.push(packet.command)
    expect(rest).toEqual([...Array.from({ length: 7 }, () => REPLIES.DATA), REPLIES.ACK_OK])
  })

  it('gets the events of its mask and no others, and none after asking for 0', () => {
    const { conversation, take, ask } = conversationOf(0)
    const all = [EVENTS.FINGER, EVENTS.VERIFY, EVENTS.ATTLOG].map((event) => ({ event, payload: NO_DATA }))
    expect(conversation.announce(all)).toBe(false)
    expect(ask(CODES.REG_EVENT, wish(EVENTS.ATTLOG))?.command).toBe(REPLIES.ACK_OK)
    expect(conversation.announce(all)).toBe(true)
    expect([take()?.session, take()]).toEqual([EVENTS.ATTLOG, undefined])
    ask(CODES.REG_EVENT, wish(0))
    expect([conversation.announce(all), take()]).toEqual([false, undefined])
  })

  it('refuses a mask that is cut short', () => {
    const { ask } = conversationOf(0)
    expect(ask(CODES.REG_EVENT, Uint8Array.of(1))?.command).toBe(REPLIES.ACK_ERROR)
  })

  it('answers and goes on sending when nothing is ever acknowledged', () => {
    const { conversation, stats, take, ask } = conversationOf(0)
    ask(CODES.REG_EVENT, wish(ALL))
    for (let count = 1; count <= 5_000; count++) {
      conversation.announce([touch])
      expect(take()?.command).toBe(CODES.REG_EVENT)
    }
    expect(ask(CODES.GET_TIME)?.command).toBe(REPLIES.ACK_OK)
    expect(stats.liveEvents).toEqual({ sent: 5_000, acknowledged: 0, dropped: 0 })
  })

  it('sends again what is not acknowledged, where its model does, and no oftener than that', () => {
    vi.useFakeTimers()
    const unacknowledgedEvents = { resends: 3, resendMs: 5_000, stopAfter: undefined }
    const { conversation, stats, take, say, ask } = conversationOf(0, { unacknowledgedEvents })
    ask(CODES.REG_EVENT, wish(ALL))
    const taken = () => Array.from({ length: 10 }, take).filter((packet) => packet !== undefined).length
    conversation.announce([touch, touch])
    expect(taken()).toBe(2)
    vi.advanceTimersByTime(4_999)
    expect(taken()).toBe(0)
    vi.advanceTimersByTime(1)
    expect(taken()).toBe(2)
    say(REPLIES.ACK_OK)
    vi.advanceTimersByTime(5_000)
    expect(taken()).toBe(1)
    vi.advanceTimersByTime(5_000)
    expect(taken()).toBe(1)
    vi.advanceTimersByTime(60_000)
    expect(taken()).toBe(0)
    expect(stats.liveEvents).toEqual({ sent: 6, acknowledged: 1, dropped: 0 })
    conversation.announce([touch])
    expect(taken()).toBe(1)
    ask(CODES.EXIT)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('tells no more once too many are unacknowledged, where its model stops then, until some are', () => {
    const unacknowledgedEvents = { resends: 0, resendMs: 5_000, stopAfter: 2 }
    const { conversation, stats, take, say, ask } = conversationOf(0, { unacknowledgedEvents })
    ask(CODES.REG_EVENT, wish(ALL))
    for (let count = 0; count < 5; count++) {
      conversation.announce([touch])
      take()
    }
    expect(stats.liveEvents).toEqual({ sent: 2, acknowledged: 0, dropped: 3 })
    say(REPLIES.ACK_OK)
    conversation.announce([touch])
    expect(take()?.command).toBe(CODES.REG_EVENT)
  })

  it('counts no more acknowledgements than it sent events', () => {
    const { conversation, stats, take, say, ask } = conversationOf(0)
    ask(CODES.REG_EVENT, wish(ALL))
    conversation.announce([touch])
    take()
    for (let count = 0; count < 3; count++) say(REPLIES.ACK_OK)
    expect(stats.liveEvents).toEqual({ sent: 1, acknowledged: 1, dropped: 0 })
  })

  it('keeps a thousand events for a client that does not read, and counts those it loses', () => {
    const { conversation, stats, take, ask } = conversationOf(0)
    ask(CODES.REG_EVENT, wish(ALL))
    for (let count = 0; count < 1_200; count++) conversation.announce([touch])
    expect(stats.liveEvents).toEqual({ sent: 0, acknowledged: 0, dropped: 200 })
    let taken = 0
    while (take() !== undefined) taken += 1
    expect(taken).toBe(1_000)
  })

  it('forgets what was asked for when its session ends', () => {
    const { conversation, take, ask } = conversationOf(0)
    ask(CODES.REG_EVENT, wish(ALL))
    ask(CODES.EXIT)
    expect(conversation.announce([touch])).toBe(false)
    expect(ask(CODES.CONNECT)?.command).toBe(REPLIES.ACK_OK)
    expect([conversation.announce([touch]), take()]).toEqual([false, undefined])
  })
})

describe('the hand', () => {
  /** A client that registered for everything and acknowledges nothing; `told` gives the events it got since it last asked. */
  async function witness(terminal: SimulatedTerminal) {
    const client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    await client.ask({ command: CODES.REG_EVENT, session, payload: wish(ALL) })
    let replyId = 1
    let from = client.received.length
    const told = async (): Promise<number[]> => {
      replyId += 1
      client.send({ command: CODES.GET_TIME, session, replyId })
      for (let next = from; ; next++) {
        if ((await client.nth(next)).replyId !== replyId) continue
        const events = client.received.slice(from, next).map(({ session: event }) => event)
        from = next + 1
        return events
      }
    }
    return { client, session, told, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() }
  }

  it('is not heard of at a disabled terminal', async () => {
    await using terminal = await startTerminal({ people: 2, punches: 0 })
    await using one = await witness(terminal)
    const pin = terminal.memory.people.list()[0]?.pin ?? ''
    terminal.memory.disable()
    terminal.hand.present(pin)
    terminal.hand.present('nobody')
    expect(await one.told()).toEqual([])
    terminal.memory.enable()
    terminal.hand.present(pin)
    expect(await one.told()).toEqual([EVENTS.FINGER, EVENTS.VERIFY, EVENTS.ATTLOG])
    expect(terminal.memory.log.count).toBe(1)
  })

  it('is heard by every session that asked, and one that has gone troubles nobody', async () => {
    await using terminal = await startTerminal({ people: 2, punches: 0 })
    await using one = await witness(terminal)
    const two = await witness(terminal)
    terminal.hand.present('nobody', 'card')
    expect([await one.told(), await two.told()]).toEqual([[EVENTS.VERIFY], [EVENTS.VERIFY]])
    await two[Symbol.asyncDispose]()
    terminal.hand.present('nobody')
    expect(await one.told()).toEqual([EVENTS.FINGER, EVENTS.VERIFY])
  })

  it('is heard of between the packets of a slice that is being sent', async () => {
    await using terminal = await startTerminal({ people: 2, punches: 1_000, paceMs: 2 })
    await using one = await witness(terminal)
    const { client, session } = one
    const { command, dataType } = BULK_TABLES.attendance
    const prepare = bulkRequest.encode({ one: 1, command, dataType, extra: 0 })
    await client.ask({ command: CODES.DATA_WRRQ, session, payload: prepare })
    const from = client.received.length
    const slice = readChunk.request.encode({ start: 0, sizeBytes: 4 + 1_000 * 40 })
    await client.ask({ command: CODES.DATA_RDY, session, payload: slice })
    await client.nth(from + 1)
    terminal.hand.present(terminal.memory.people.list()[0]?.pin ?? '')
    const commands: number[] = []
    for (let next = from; commands.at(-1) !== REPLIES.ACK_OK; next++) {
      commands.push((await client.nth(next)).command)
    }
    expect(commands.filter((code) => code === CODES.REG_EVENT)).toHaveLength(3)
    expect(commands.filter((code) => code === REPLIES.DATA)).toHaveLength(40)
    expect(commands.lastIndexOf(CODES.REG_EVENT)).toBeLessThan(commands.lastIndexOf(REPLIES.DATA))
  })

  it('tells of no punch that a full log did not take, and opens no door for it', async () => {
    const profile = {
      ...profileNamed('access-panel'),
      capacity: { ...profileNamed('access-panel').capacity, records: 1 },
    }
    await using terminal = await startTerminal({ profile, people: 2, punches: 0 })
    await using one = await witness(terminal)
    const pin = terminal.memory.people.list()[0]?.pin ?? ''
    terminal.hand.present(pin)
    expect(await one.told()).toEqual([EVENTS.FINGER, EVENTS.VERIFY, EVENTS.ATTLOG, EVENTS.UNLOCK])
    terminal.hand.present(pin)
    expect(await one.told()).toEqual([EVENTS.FINGER, EVENTS.VERIFY])
    expect(terminal.memory.door.unlocks).toMatchObject([{ milliseconds: 5_000 }])
  })

  it('opens no door whose time is set to 0', async () => {
    await using terminal = await startTerminal({ profile: 'access-panel', people: 2, punches: 0 })
    await using one = await witness(terminal)
    terminal.memory.options.set('LockOn', '0')
    terminal.hand.present(terminal.memory.people.list()[0]?.pin ?? '')
    expect(await one.told()).toEqual([EVENTS.FINGER, EVENTS.VERIFY, EVENTS.ATTLOG])
    expect(terminal.memory.door.unlocks).toEqual([])
  })
})
