// Every operation that zkteco-js and node-zklib offer, unmodified from npm, one by one against our terminal: a list by the
// name of the method, which must be whole. Where one fails by its own fault, its entry says so and why.
import { setTimeout as sleep } from 'node:timers/promises'
import { CODES, REPLIES } from '@org/zk-proto/wire'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTerminal } from '../src/simulated-terminal.ts'
import type { TerminalStats } from '../src/stats.ts'
import {
  codeOf,
  PEOPLE,
  PUNCHES,
  sharedOperations,
  unlockPayload,
  wallTimeOf,
  type Operation,
  type Operations,
} from './support/other-clients-operations.ts'
import { NodeZklib, ZktecoJs } from './support/other-clients.ts'

const PACE_MS = 2
const TIMEOUT_MS = 20_000
/** Only used for UDP, where both bind a port of their own; TCP ignores it. */
const OWN_PORT = 0

/** The closing ACK of a transfer, which both leave unread, has come after so long, however slow the machine. */
async function unreadAcksArrive(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await sleep(PACE_MS + 1)
}

/** An option that zkteco-js reads by a method of its own. */
function optionOperation(
  method:
    | 'getVendor'
    | 'getMacAddress'
    | 'getSerialNumber'
    | 'getDeviceVersion'
    | 'getDeviceName'
    | 'getPlatform'
    | 'getOS'
    | 'getWorkCode'
    | 'getPIN',
  option: string,
): Operation<ZktecoJs> {
  return {
    does: `reads ${option}`,
    run: async ({ terminal, client }) => {
      expect(await client[method]()).toBe(terminal.memory.options.get(option))
    },
  }
}

const zktecoOperations: Operations<ZktecoJs> = {
  ...sharedOperations<ZktecoJs>(),
  getVendor: optionOperation('getVendor', '~OEMVendor'),
  getMacAddress: optionOperation('getMacAddress', 'MAC'),
  getSerialNumber: optionOperation('getSerialNumber', '~SerialNumber'),
  getDeviceVersion: optionOperation('getDeviceVersion', '~ZKFPVersion'),
  getDeviceName: optionOperation('getDeviceName', '~DeviceName'),
  getPlatform: optionOperation('getPlatform', '~Platform'),
  getOS: optionOperation('getOS', '~OS'),
  getWorkCode: optionOperation('getWorkCode', 'WorkCode'),
  getPIN: optionOperation('getPIN', '~PIN2Width'),
  getSSR: {
    does: 'reads ~SSR, and leaves the closing NUL on it',
    run: async ({ client }) => expect(await client.getSSR()).toBe('1\0'),
  },
  getFaceOn: {
    does: 'reads FaceFunOn',
    run: async ({ client }) => expect(await client.getFaceOn()).toBe('No'),
  },
  getProductTime: {
    does: 'reads ~ProductTime',
    run: async ({ client }) => expect(wallTimeOf(await client.getProductTime())).toBe('2017-06-09T10:21:07'),
  },
  getFirmware: {
    does: 'reads the version, and leaves the closing NUL on it',
    run: async ({ terminal, client }) => {
      expect(await client.getFirmware()).toBe(`${terminal.memory.profile.firmware}\0`)
    },
  },
  getTime: {
    does: 'reads the clock',
    run: async ({ terminal: { memory }, client }) => {
      const before = memory.clock.read()
      const shown = wallTimeOf(await client.getTime())
      expect([before <= shown, shown <= memory.clock.read()]).toEqual([true, true])
    },
  },
  setTime: {
    does: 'sets the clock',
    run: async ({ terminal, client }) => {
      await client.setTime(new Date(2031, 1, 28, 23, 59, 0))
      expect(terminal.memory.clock.read().slice(0, 16)).toBe('2031-02-28T23:59')
    },
  },
  voiceTest: {
    does: 'plays voice 0',
    run: async ({ terminal, client }) => {
      expect(codeOf(await client.voiceTest())).toBe(REPLIES.ACK_OK)
      expect(terminal.memory.screen.voices).toEqual([0])
    },
  },
  setUser: {
    does: 'adds and overwrites a person; a card above 65535 it cannot write, and it takes the group away',
    run: async ({ terminal: { memory }, client }) => {
      expect(codeOf(await client.setUser(40, '4040', 'Forty', '123', 14, 65_535))).toBe(REPLIES.ACK_OK)
      expect(memory.people.get(40)).toMatchObject({
        pin: '4040',
        name: 'Forty',
        privilege: 14,
        cardNumber: 65_535,
        group: 0,
        hasPassword: true,
      })
      await client.setUser(40, '4040', 'Forty again', '', 0, 0)
      expect(memory.people.get(40)).toMatchObject({ name: 'Forty again', privilege: 0, hasPassword: false })
      await expect(client.setUser(41, '41', 'Card', '', 0, 65_536)).rejects.toBeDefined()
      expect(memory.people.count).toBe(PEOPLE + 1)
    },
  },
  deleteUser: {
    does: 'deletes a person with their templates; of nobody it does not see the refusal',
    run: async ({ terminal: { memory }, client }) => {
      memory.templates.store(3, 6, Uint8Array.of(1))
      expect(codeOf(await client.deleteUser(3))).toBe(REPLIES.ACK_OK)
      expect([memory.people.get(3), memory.templates.count]).toEqual([undefined, 0])
      expect(codeOf(await client.deleteUser(3))).toBe(REPLIES.ACK_ERROR)
    },
  },
  getAttendanceSize: {
    does: 'gives the number of punches',
    run: async ({ client }) => expect(await client.getAttendanceSize()).toBe(PUNCHES),
  },
  getAttendances: {
    does: 'gives the log',
    run: async ({ terminal, client }) => {
      const { data } = await client.getAttendances()
      expect(data.map(({ sn, user_id: pin }) => [sn, pin])).toEqual(
        terminal.memory.truth().punches.map(({ uid, pin }) => [uid, pin]),
      )
    },
  },
  connect: {
    does: 'connects again and keeps its session',
    run: async ({ terminal, client }) => {
      expect(await client.connect()).toBe(true)
      expect([terminal.stats.requests['connectSession'], terminal.stats.sessionsOpened]).toEqual([2, 1])
    },
  },
  clearData: {
    does: 'empties the terminal, people too',
    run: async ({ terminal: { memory }, client }) => {
      expect(codeOf(await client.clearData())).toBe(REPLIES.ACK_OK)
      expect([memory.people.count, memory.log.count]).toEqual([0, 0])
    },
  },
}

const zklibOperations: Operations<NodeZklib> = {
  ...sharedOperations<NodeZklib>(),
  getAttendances: {
    does: 'gives the log',
    run: async ({ terminal, client }) => {
      const { data } = await client.getAttendances()
      expect(data.map(({ userSn, deviceUserId }) => [userSn, deviceUserId])).toEqual(
        terminal.memory.truth().punches.map(({ uid, pin }) => [uid, pin]),
      )
    },
  },
}

// Both report what they do on the console.
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue()
  vi.spyOn(console, 'error').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

function titled<C>(operations: Operations<C>): { name: string; does: string; run: Operation<C>['run'] }[] {
  return Object.entries(operations).map(([name, operation]) => ({ name, ...operation }))
}

function methodsOf(client: { prototype: object }): string[] {
  return Object.getOwnPropertyNames(client.prototype).filter((name) => name !== 'constructor')
}

async function meet<C extends NodeZklib | ZktecoJs>(
  Client: new (host: string, port: number, timeoutMs: number, ownPort: number) => C,
  run: Operation<C>['run'],
): Promise<TerminalStats> {
  await using terminal = await startTerminal({
    paceMs: PACE_MS,
    transports: ['tcp'],
    people: PEOPLE,
    punches: PUNCHES,
  })
  const client = new Client('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
  await client.createSocket()
  await run({ terminal, client })
  if (terminal.stats.requests['prepareBulk'] !== undefined) await unreadAcksArrive()
  if (terminal.stats.openSessions > 0) await client.disconnect()
  return terminal.stats
}

describe('zkteco-js', () => {
  it.each(titled(zktecoOperations))('$name $does', async ({ run }) => {
    const stats = await meet(ZktecoJs, run)
    expect([stats.badChecksums, stats.badFrames]).toEqual([0, 0])
  })

  it('offers nothing that is not here', () => {
    expect(Object.keys(zktecoOperations).sort()).toEqual(methodsOf(ZktecoJs).sort())
  })
})

describe('node-zklib', () => {
  it.each(titled(zklibOperations))('$name $does', async ({ run }) => {
    const stats = await meet(NodeZklib, run)
    expect([stats.badChecksums, stats.badFrames]).toEqual([0, 0])
  })

  it('offers nothing that is not here', () => {
    expect(Object.keys(zklibOperations).sort()).toEqual(methodsOf(NodeZklib).sort())
  })
})

describe('node-zklib over UDP', () => {
  it('does with an old unit what it does over TCP', async () => {
    await using terminal = await startTerminal({
      profile: 'old',
      people: PEOPLE,
      punches: PUNCHES,
      paceMs: PACE_MS,
    })
    const { memory, stats } = terminal
    const client = new NodeZklib('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    expect(client.connectionType).toBe('udp')
    expect(await client.getInfo()).toMatchObject({ userCounts: PEOPLE, logCounts: PUNCHES })
    expect((await client.getUsers()).data.map(({ uid }) => uid)).toEqual(
      memory.people.list().map(({ uid }) => uid),
    )
    await unreadAcksArrive()
    await client.disableDevice()
    expect(memory.isEnabled).toBe(false)
    await client.enableDevice()
    expect(memory.isEnabled).toBe(true)
    await client.executeCmd(CODES.UNLOCK, unlockPayload(10))
    expect(memory.door.unlocks).toHaveLength(1)
    await client.clearAttendanceLog()
    expect(memory.log.count).toBe(0)
    await client.freeData()
    await expect(client.getSocketStatus()).rejects.toBeDefined()
    await client.disconnect()
    expect(stats.sessions).toMatchObject([{ transport: 'udp', endedBy: 'exit', leftDisabled: false }])
  })
})
