// What zkteco-js and node-zklib both offer, method by method, and what must come of each. Where both fail by a fault of
// their own, the entry says so.
import { CODES, PACKET_HEADER_BYTES, REPLIES } from '@org/zk-proto/wire'
import { expect } from 'vitest'
import type { SimulatedTerminal } from '../../src/simulated-terminal.ts'
import type { NodeZklib, OtherLiveLog, ZktecoJs } from './other-clients.ts'

/** What the terminal of these tests holds. */
export const PEOPLE = 12
export const PUNCHES = 20

export interface Meeting<C> {
  readonly terminal: SimulatedTerminal
  readonly client: C
}

export interface Operation<C> {
  /** What comes of it. Ends with the reason where the client fails by its own fault. */
  readonly does: string
  readonly run: (meeting: Meeting<C>) => Promise<void>
}

export type Operations<C> = Readonly<Record<string, Operation<C>>>

/** The wall time of a Date that was made from wall time fields in the host's zone. */
export function wallTimeOf(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** The reply code of an answer. */
export const codeOf = (answer: Buffer): number => answer.readUInt16LE(0)

/** The data of an unlock, in tenths of a second. */
export function unlockPayload(tenths: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32LE(tenths)
  return payload
}

/** What both offer and both do. */
export function sharedOperations<C extends NodeZklib | ZktecoJs>(): Operations<C> {
  return {
    createSocket: {
      does: 'connects over TCP',
      run: async ({ terminal, client }) => {
        expect(client.connectionType).toBe('tcp')
        expect(terminal.stats.requests).toEqual({ connectSession: 1 })
      },
    },
    functionWrapper: {
      does: 'runs what it is given for the connection it has',
      run: async ({ client }) => {
        expect(
          await client.functionWrapper(
            () => Promise.resolve('tcp'),
            () => Promise.resolve('udp'),
          ),
        ).toBe('tcp')
      },
    },
    getInfo: {
      does: 'gives the counts',
      run: async ({ terminal: { memory }, client }) => {
        expect(await client.getInfo()).toEqual({
          userCounts: PEOPLE,
          logCounts: PUNCHES,
          logCapacity: memory.profile.capacity.records,
        })
      },
    },
    getUsers: {
      does: 'gives everybody, with nine characters of their number and names in ASCII alone',
      run: async ({ terminal, client }) => {
        const { data } = await client.getUsers()
        expect(data.map(({ uid, role, userId }) => [uid, role, userId])).toEqual(
          terminal.memory.people.list().map(({ uid, privilege, pin }) => [uid, privilege, pin.slice(0, 9)]),
        )
      },
    },
    freeData: {
      does: 'frees the buffer',
      run: async ({ terminal, client }) => {
        expect(codeOf(await client.freeData())).toBe(REPLIES.ACK_OK)
        expect(terminal.stats.requests['freeBulk']).toBe(1)
      },
    },
    disableDevice: {
      does: 'keeps people from punching',
      run: async ({ terminal, client }) => {
        expect(codeOf(await client.disableDevice())).toBe(REPLIES.ACK_OK)
        expect(terminal.memory.isEnabled).toBe(false)
      },
    },
    enableDevice: {
      does: 'lets them punch again',
      run: async ({ terminal, client }) => {
        await client.disableDevice()
        expect(codeOf(await client.enableDevice())).toBe(REPLIES.ACK_OK)
        expect(terminal.memory.isEnabled).toBe(true)
      },
    },
    clearAttendanceLog: {
      does: 'empties the log',
      run: async ({ terminal, client }) => {
        expect(codeOf(await client.clearAttendanceLog())).toBe(REPLIES.ACK_OK)
        expect([terminal.memory.log.count, terminal.memory.people.count]).toEqual([0, PEOPLE])
      },
    },
    executeCmd: {
      does: 'sends any command: the door opens, the screen shows, what is unknown stays unknown',
      run: async ({ terminal: { memory }, client }) => {
        expect(codeOf(await client.executeCmd(CODES.UNLOCK, unlockPayload(30)))).toBe(REPLIES.ACK_OK)
        expect(memory.door.unlocks).toMatchObject([{ milliseconds: 3_000 }])
        const state = await client.executeCmd(CODES.DOORSTATE_RRQ, '')
        expect([...state.subarray(PACKET_HEADER_BYTES)]).toEqual([1])
        expect(codeOf(await client.executeCmd(CODES.WRITE_LCD, Buffer.from('\u0001\0\0 Hello')))).toBe(
          REPLIES.ACK_OK,
        )
        expect(Buffer.from(memory.screen.lines.get(1) ?? []).toString()).toBe(' Hello')
        expect(codeOf(await client.executeCmd(CODES.OPTIONS_WRQ, 'LockOn=7'))).toBe(REPLIES.ACK_OK)
        expect(memory.options.get('LockOn')).toBe('7')
        expect(codeOf(await client.executeCmd(1_702, ''))).toBe(REPLIES.ACK_UNKNOWN)
      },
    },
    getRealTimeLogs: {
      does: 'hears of punches, which it never acknowledges',
      run: async ({ terminal, client }) => {
        const logs: OtherLiveLog[] = []
        await client.getRealTimeLogs((log) => logs.push(log))
        await expect.poll(() => terminal.stats.requests['registerEvents']).toBe(1)
        const pin = terminal.memory.people.list()[2]?.pin ?? ''
        const punch = terminal.hand.present(pin)
        await expect.poll(() => logs.length).toBe(1)
        expect([logs[0]?.userId, logs[0] && wallTimeOf(logs[0].attTime)]).toEqual([pin, punch?.wallTime])
        expect(terminal.stats.liveEvents).toMatchObject({ sent: 1, acknowledged: 0 })
      },
    },
    disconnect: {
      does: 'says goodbye',
      run: async ({ terminal, client }) => {
        await client.disconnect()
        await expect.poll(() => terminal.stats.sessions).toMatchObject([{ endedBy: 'exit' }])
      },
    },
    setIntervalSchedule: {
      does: 'starts a timer of its own and asks the terminal nothing',
      run: async ({ terminal, client }) => {
        let ticks = 0
        client.setIntervalSchedule(() => (ticks += 1), 1)
        await expect.poll(() => ticks).toBeGreaterThan(1)
        clearInterval(client.interval ?? undefined)
        expect(terminal.stats.requests).toEqual({ connectSession: 1 })
      },
    },
    setTimerSchedule: {
      does: 'starts a timer of its own and asks the terminal nothing',
      run: async ({ terminal, client }) => {
        let ticks = 0
        client.setTimerSchedule(() => (ticks += 1), 1)
        await expect.poll(() => ticks).toBe(1)
        expect(terminal.stats.requests).toEqual({ connectSession: 1 })
      },
    },
    getSocketStatus: {
      does: 'fails: the method it calls is not there',
      run: async ({ client }) => {
        await expect(client.getSocketStatus()).rejects.toBeDefined()
      },
    },
  }
}
