// Faults of answers and of the terminal, as a client without opinions sees them on the wire.
import {
  bulkReady,
  BULK_TABLES,
  bulkRequest,
  CAPACITY_OFFSETS,
  CODES,
  decodeCapacity,
  EVENTS,
  readChunk,
  registerEvents,
  REPLIES,
  transferHead,
  unlockDoor,
  writeClock,
} from '@org/zk-proto/wire'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTerminal, type SimulatedTerminal } from '../../src/simulated-terminal.ts'
import { RawClient, type Received } from '../support/raw-client.ts'

const PUNCHES = 100
const TABLE_BYTES = 4 + PUNCHES * 40
const ALL_EVENTS = 0xffff

let terminal: SimulatedTerminal
let client: RawClient
let session = 0

beforeEach(async () => {
  terminal = await startTerminal({ people: 3, punches: PUNCHES })
  client = await RawClient.tcp(terminal.port)
  session = (await client.ask({ command: CODES.CONNECT })).session
})
afterEach(async () => {
  await client[Symbol.asyncDispose]()
  await terminal.stop()
})

const ask = (command: number, payload?: Uint8Array, replyId = 5): Promise<Received> =>
  client.ask({ command, session, replyId, ...(payload && { payload }) })

function prepare(): Promise<Received> {
  const { command, dataType } = BULK_TABLES.attendance
  return ask(CODES.DATA_WRRQ, bulkRequest.encode({ one: 1, command, dataType, extra: 0 }))
}

/** All packets that answer a slice, closing packet included. */
async function slice(start = 0, sizeBytes = TABLE_BYTES): Promise<Received[]> {
  const from = client.received.length
  const payload = readChunk.request.encode({ start, sizeBytes })
  client.send({ command: CODES.DATA_RDY, session, replyId: 6, payload })
  for (let next = from; ; next += 1) {
    if ((await client.nth(next)).command === REPLIES.ACK_OK) return client.received.slice(from)
  }
}

const dataOf = (packets: readonly Received[]): Buffer =>
  Buffer.concat(packets.filter(({ command }) => command === REPLIES.DATA).map(({ payload }) => payload))

describe('an answer', () => {
  it('is lost after the relay fired, and nobody hears of it', async () => {
    terminal.faults.set('unanswered=unlockDoor')
    client.send({
      command: CODES.UNLOCK,
      session,
      replyId: 5,
      payload: unlockDoor.request.encode({ delay: 30 }),
    })
    expect((await ask(CODES.GET_TIME, undefined, 6)).replyId).toBe(6)
    expect(terminal.memory.door.unlocks).toHaveLength(1)
    expect(terminal.faults.struck).toEqual(['unanswered'])
  })

  it('has another reply id, that of its command alone', async () => {
    terminal.faults.set('wrongReplyId(by=-1, to=readClock, times=always)')
    expect((await ask(CODES.GET_TIME)).replyId).toBe(4)
    expect((await ask(CODES.GET_TIME, undefined, 0)).replyId).toBe(0xffff)
    expect((await ask(CODES.GET_VERSION)).replyId).toBe(5)
  })

  it('has another reply id in every packet of a transfer', async () => {
    await prepare()
    terminal.faults.set('wrongReplyId=7')
    expect(new Set((await slice()).map(({ replyId }) => replyId))).toEqual(new Set([13]))
  })

  it('comes late, behind that of the next request', async () => {
    terminal.faults.set('late(ms=1500, to=readClock)')
    const from = client.received.length
    client.send({ command: CODES.GET_TIME, session, replyId: 5 })
    client.send({ command: CODES.GET_VERSION, session, replyId: 6 })
    await client.nth(from + 1)
    expect(client.received.slice(from).map(({ replyId }) => replyId)).toEqual([6, 5])
  })

  it('that is late when its client is gone goes nowhere', async () => {
    terminal.faults.set('late=600000')
    client.send({ command: CODES.GET_TIME, session, replyId: 5 })
    await expect.poll(() => terminal.faults.struck).toEqual(['late'])
    await terminal.hand.pullPlug()
    expect(terminal.stats.openSessions).toBe(0)
  })

  it.each([
    { expression: 'miscount=5', records: PUNCHES + 5 },
    { expression: 'miscount=-7', records: PUNCHES - 7 },
    { expression: 'miscount=-1000', records: 0 },
  ])('counts wrong, and nothing else in it is wrong: $expression', async ({ expression, records }) => {
    const right = (await ask(CODES.GET_FREE_SIZES)).payload
    terminal.faults.set(expression)
    const wrong = (await ask(CODES.GET_FREE_SIZES)).payload
    expect(decodeCapacity(wrong).records).toBe(records)
    const isCount = (at: number): boolean =>
      at >= CAPACITY_OFFSETS.records && at < CAPACITY_OFFSETS.records + 4
    const differing = [...wrong.keys()].filter((at) => wrong[at] !== right[at])
    expect(differing.every(isCount)).toBe(true)
  })

  it('announces a wrong size of the buffer, of the transfer, or of the table, and its data stay', async () => {
    terminal.faults.set('missize=-40')
    expect(bulkReady.decode((await prepare()).payload)).toMatchObject({
      sizeBytes: TABLE_BYTES - 40,
      sizeBytesAgain: TABLE_BYTES - 40,
    })
    const log = Buffer.from(terminal.memory.log.snapshot())
    terminal.faults.set('missize(in=transfer, by=4000000000)')
    const [head, ...packets] = await slice()
    expect(transferHead.decode(head?.payload ?? new Uint8Array(0)).sizeBytes).toBe(
      4_000_000_000 + TABLE_BYTES,
    )
    expect(dataOf(packets).subarray(4)).toEqual(log)
    terminal.faults.set('missize(in=table, by=-13)')
    const later = await slice(4, 40)
    expect(dataOf(later)).toEqual(log.subarray(0, 40))
    const first = dataOf(await slice())
    expect(first.readUInt32LE()).toBe(PUNCHES * 40 - 13)
    expect(first.subarray(4)).toEqual(log)
    expect(terminal.faults.struck).toEqual(['missize', 'missize', 'missize'])
  })

  it('refuses the buffer, with the code that it is told', async () => {
    terminal.faults.set('refuseBuffer(code=4989)')
    expect((await prepare()).command).toBe(4_989)
    expect((await prepare()).command).toBe(REPLIES.ACK_OK)
  })

  it('refuses people while memory is full, and keeps those there are', async () => {
    terminal.faults.set('fullMemory')
    const [raw = ''] = terminal.memory.people.list().map((person) => person.raw)
    expect((await ask(CODES.USER_WRQ, Buffer.from(raw, 'hex'))).command).toBe(REPLIES.ACK_ERROR)
    terminal.faults.clear()
    expect((await ask(CODES.USER_WRQ, Buffer.from(raw, 'hex'))).command).toBe(REPLIES.ACK_OK)
  })
})

describe('the terminal', () => {
  it('has a clock that jumps when it was set, and stops at the ends of its calendar', async () => {
    const noon = { time: 836_481_600 }
    terminal.faults.set('clockJump=-3600')
    await ask(CODES.SET_TIME, writeClock.request.encode(noon))
    const shown = Date.parse(`${terminal.memory.clock.read()}Z`)
    terminal.faults.clear()
    await ask(CODES.SET_TIME, writeClock.request.encode(noon))
    expect(Date.parse(`${terminal.memory.clock.read()}Z`) - shown).toBeGreaterThanOrEqual(3_600_000)
    for (const [seconds, end] of [
      [-315_360_000, '2000-01-01'],
      [315_360_000, '2099-12-31'],
    ] as const) {
      terminal.memory.clock.set(end === '2000-01-01' ? '2003-01-01T00:00:00' : '2097-01-01T00:00:00')
      terminal.faults.set({ clockJump: { seconds, after: 'readVersion' } })
      await ask(CODES.GET_VERSION)
      expect(terminal.memory.clock.read()).toContain(end)
    }
  })

  it('lets somebody punch between the packets of a transfer', async () => {
    await ask(CODES.REG_EVENT, registerEvents.request.encode({ mask: ALL_EVENTS }))
    await prepare()
    terminal.faults.set('eventsInTransfer=2')
    const log = Buffer.from(terminal.memory.log.snapshot())
    const packets = await slice()
    const order = packets.map(({ command }) => command)
    expect(order.indexOf(CODES.REG_EVENT)).toBeGreaterThan(0)
    expect(order.lastIndexOf(REPLIES.DATA)).toBeGreaterThan(order.indexOf(CODES.REG_EVENT))
    expect(dataOf(packets).subarray(4)).toEqual(log)
    expect(terminal.memory.log.count).toBeGreaterThan(PUNCHES)
  })

  it('tells of a punch twice, or late and behind the next one', async () => {
    await ask(CODES.REG_EVENT, registerEvents.request.encode({ mask: EVENTS.ATTLOG }))
    const [first, second] = terminal.memory.people.list().map(({ pin }) => pin)
    const from = client.received.length
    terminal.faults.set('liveTwice')
    terminal.hand.present(first ?? '')
    await client.nth(from + 1)
    terminal.faults.set('liveLate(ms=30, times=1)')
    terminal.hand.present(first ?? '')
    terminal.hand.present(second ?? '')
    await client.nth(from + 3)
    const pins = client.received
      .slice(from)
      .map(({ payload }) => Buffer.from(payload.subarray(0, 9)).toString('latin1').replaceAll('\0', ''))
    expect(pins).toEqual([first, first, second, first])
  })
})
