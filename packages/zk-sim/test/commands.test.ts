// Single commands on the wire: options, clock, people, state, and the log being cleared.
import { CODES, packTime, readClock, REPLIES, writeOption } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { encodePerson } from '../src/person-record.ts'
import { profileNamed } from '../src/profile.ts'
import { bareConversation } from './support/bare-conversation.ts'
import type { Received } from './support/raw-client.ts'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = ({ payload }: Received): string => Buffer.from(payload).toString('latin1')

describe('options', () => {
  it('are answered by name, with or without the closing NUL, and refused when there is none', async () => {
    await using at = await bareConversation({ serialNumber: 'A=B' })
    expect(textOf(await at.ask(CODES.OPTIONS_RRQ, ascii('~SerialNumber\0')))).toBe('~SerialNumber=A=B\0')
    expect(textOf(await at.ask(CODES.OPTIONS_RRQ, ascii('~Platform')))).toBe('~Platform=JZ4725_TFT\0')
    expect(await at.codeOf(CODES.OPTIONS_RRQ, ascii('NoSuchOption\0'))).toBe(REPLIES.ACK_ERROR)
  })

  it('can be written, except the facts of the hardware', async () => {
    await using at = await bareConversation()
    const write = (name: string, value: string): Promise<number> =>
      at.codeOf(CODES.OPTIONS_WRQ, writeOption.request.encode({ name, value }))
    expect(await write('LockOn', '8')).toBe(REPLIES.ACK_OK)
    expect(await at.codeOf(CODES.REFRESHOPTION)).toBe(REPLIES.ACK_OK)
    expect(at.memory.options.get('LockOn')).toBe('8')
    expect(await at.codeOf(CODES.OPTIONS_WRQ, ascii('SDKBuild=1'))).toBe(REPLIES.ACK_OK)
    for (let number = at.memory.options.size; number < 1_000; number++)
      at.memory.options.set(`Own${number}`, '')
    expect(await at.codeOf(CODES.OPTIONS_WRQ, ascii('OneMore=1'))).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.OPTIONS_WRQ, ascii('SDKBuild=2'))).toBe(REPLIES.ACK_OK)
    expect(await write('~SerialNumber', 'mine')).toBe(REPLIES.ACK_ERROR)
    expect(await write('', 'x')).toBe(REPLIES.ACK_ERROR)
  })

  it('tell the ports that were opened', async () => {
    await using at = await bareConversation()
    expect(at.memory.options.get('TCPPort')).toBe(String(at.terminal.port))
    expect(at.memory.options.get('UDPPort')).toBe(String(at.terminal.port))
  })
})

describe('identity', () => {
  it('is a version string and a pin width of one byte', async () => {
    await using at = await bareConversation()
    expect(textOf(await at.ask(CODES.GET_VERSION))).toBe('Ver 6.60 Jun 9 2017\0')
    // Vendor software sends two bytes that mean nothing here.
    expect([...(await at.ask(CODES.GET_PINWIDTH, Uint8Array.of(0x20, 0x50))).payload]).toEqual([9])
  })

  it.each([4, 80, 92, 112] as const)('counts in %i bytes of free sizes', async (freeSizesBytes) => {
    await using at = await bareConversation({ profile: { ...profileNamed('typical'), freeSizesBytes } })
    const { payload } = await at.ask(CODES.GET_FREE_SIZES)
    expect(payload).toHaveLength(freeSizesBytes)
    const told = (offset: number): number | undefined =>
      offset + 4 <= payload.length ? Buffer.from(payload).readUInt32LE(offset) : undefined
    const known = freeSizesBytes > 4
    expect([16, 32, 72, 76].map(told)).toEqual(known ? [3, 5, 997, 99_995] : Array(4).fill(undefined))
  })
})

describe('the clock', () => {
  it('is read and set, and refuses a day that does not exist', async () => {
    await using at = await bareConversation({
      now: () => Date.parse('2026-05-04T08:00:00Z'),
      zone: 'Asia/Jakarta',
    })
    const read = async (): Promise<number> =>
      readClock.reply.decode((await at.ask(CODES.GET_TIME)).payload).time
    const packed = (month: number, day: number): number =>
      packTime({ year: 2026, month, day, hour: 15, minute: 0, second: 0 })
    expect(await read()).toBe(packed(5, 4))
    const set = (time: number): Promise<number> => {
      const payload = new Uint8Array(32)
      payload.set(readClock.reply.encode({ time }))
      return at.codeOf(CODES.SET_TIME, payload)
    }
    expect(await set(packed(2, 31))).toBe(REPLIES.ACK_ERROR)
    expect(await read()).toBe(packed(5, 4))
    expect(await set(packed(7, 1))).toBe(REPLIES.ACK_OK)
    expect(await read()).toBe(packed(7, 1))
    expect(at.memory.clock.read()).toBe('2026-07-01T15:00:00')
  })
})

describe('people', () => {
  it('are written and deleted one by one; a record of another form is refused', async () => {
    await using at = await bareConversation()
    const write = (layout: 'person/28' | 'person/72', uid: number, pin: string): Promise<number> =>
      at.codeOf(CODES.USER_WRQ, encodePerson(layout, { uid, pin, name: 'New' }))
    expect(await write('person/72', 9, 'N9')).toBe(REPLIES.ACK_OK)
    expect(at.memory.people.findByPin('N9')).toMatchObject({ uid: 9, name: 'New' })
    expect(await write('person/28', 10, '10')).toBe(REPLIES.ACK_ERROR)
    expect(await write('person/72', 10, 'N9')).toBe(REPLIES.ACK_ERROR)
    expect(await at.codeOf(CODES.REFRESHDATA)).toBe(REPLIES.ACK_OK)
    at.memory.templates.store(9, 0, Uint8Array.of(1))
    const remove = (): Promise<number> => at.codeOf(CODES.DELETE_USER, Uint8Array.of(9, 0))
    expect([await remove(), await remove()]).toEqual([REPLIES.ACK_OK, REPLIES.ACK_ERROR])
    expect(at.memory.templates.count).toBe(0)
  })
})

describe('work', () => {
  it('stops and goes on, with the seconds as four bytes, two, or none', async () => {
    await using at = await bareConversation()
    for (const payload of [new Uint8Array(4), new Uint8Array(2), new Uint8Array(0)]) {
      expect(await at.codeOf(CODES.DISABLEDEVICE, payload)).toBe(REPLIES.ACK_OK)
      expect(at.memory.isEnabled).toBe(false)
      // The state stands in the session field. 4: busy, 0: waiting.
      expect((await at.ask(CODES.STATE_RRQ)).session).toBe(4)
      expect(await at.codeOf(CODES.ENABLEDEVICE)).toBe(REPLIES.ACK_OK)
      expect(at.memory.isEnabled).toBe(true)
    }
    expect((await at.ask(CODES.STATE_RRQ)).session).toBe(0)
    expect(await at.codeOf(CODES.TESTVOICE, Uint8Array.of(0, 0))).toBe(REPLIES.ACK_OK)
  })

  it('goes on by itself after the seconds that were given', async () => {
    let now = Date.parse('2026-05-04T08:00:00Z')
    await using at = await bareConversation({ now: () => now })
    await at.ask(CODES.DISABLEDEVICE, Uint8Array.of(10, 0, 0, 0))
    now += 9_999
    expect(at.memory.isEnabled).toBe(false)
    now += 1
    expect(at.memory.isEnabled).toBe(true)
  })
})

describe('the log', () => {
  it('is cleared as a whole', async () => {
    await using at = await bareConversation()
    expect(await at.codeOf(CODES.CLEAR_ATTLOG)).toBe(REPLIES.ACK_OK)
    expect(at.memory.log.count).toBe(0)
    expect(at.memory.people.count).toBe(3)
  })
})
