// Other people's clients, unmodified from npm, against our terminal: connect, info, people, attendance, time, leave.
// They take one `data` event for one packet, so the terminal pauses between packets, as hardware does. Where such a
// client fails by its own fault, the test says so and why.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@org/zk-proto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { recordedMemory } from '../src/recorded-input.ts'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '../src/simulated-terminal.ts'
import { NodeZklib, ZktecoJs, type OtherLiveLog } from './support/other-clients.ts'

const PACE_MS = 2
const TIMEOUT_MS = 20_000
/** Only used for UDP, where both bind a port of their own; TCP ignores it. */
const OWN_PORT = 0
/**
 * Both leave the closing ACK of a transfer unread and take it for the answer to their next command, which is then off
 * by one. After so many turns of the event loop what was on its way has arrived, however slow the machine.
 */
async function unreadAcksArrive(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await sleep(PACE_MS + 1)
}

const PUNCHES = 5_000

function start(options: TerminalOptions = {}): Promise<SimulatedTerminal> {
  return startTerminal({ paceMs: PACE_MS, transports: ['tcp'], ...options })
}

function recorded(): Promise<SimulatedTerminal> {
  return start({ memory: recordedMemory({ punches: PUNCHES }) })
}

/** The wall time of a Date that was made from wall time fields in the host's zone. */
function wallTimeOf(date: Date): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19)
}

// Both report what they do on the console.
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue()
  vi.spyOn(console, 'error').mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('zkteco-js', () => {
  async function connected({ port }: SimulatedTerminal): Promise<ZktecoJs> {
    const client = new ZktecoJs('127.0.0.1', port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    return client
  }

  it('connects, reads what the terminal is, and leaves', async () => {
    await using terminal = await recorded()
    const client = await connected(terminal)
    const { memory } = terminal
    expect(client.connectionType).toBe('tcp')
    expect(await client.getInfo()).toEqual({ userCounts: 135, logCounts: PUNCHES, logCapacity: 100_000 })
    expect(await client.getSerialNumber()).toBe(memory.serialNumber)
    expect(await client.getDeviceName()).toBe('K20')
    expect(await client.getPlatform()).toBe('JZ4725_TFT')
    expect(await client.getFirmware()).toBe('Ver 6.60 Jun 9 2017\0')
    expect(await client.getMacAddress()).toBe(memory.options.get('MAC'))
    expect(await client.getVendor()).toBe(memory.options.get('~OEMVendor'))
    expect(wallTimeOf(await client.getProductTime())).toBe('2017-06-09T10:21:07')
    expect(await client.getOS()).toBe('1')
    expect(await client.getPIN()).toBe('9')
    expect(await client.getFaceOn()).toBe('No')
    expect(await client.getDeviceVersion()).toBe('10')
    expect(await client.getAttendanceSize()).toBe(PUNCHES)
    const before = memory.clock.read()
    const time = wallTimeOf(await client.getTime())
    expect([before <= time, time <= memory.clock.read()]).toEqual([true, true])
    await client.disconnect()
    expect(terminal.stats.sessions).toMatchObject([{ endedBy: 'exit', bufferNotFreed: false }])
    expect(terminal.stats.badChecksums).toBe(0)
  })

  it('reads everybody as they are', async () => {
    await using terminal = await recorded()
    const client = await connected(terminal)
    const { data } = await client.getUsers()
    const { people } = terminal.memory.truth()
    expect(data.map(({ uid, role, name, userId }) => [uid, role, name, userId])).toEqual(
      people.map(({ uid, privilege, name, pin }) => [uid, privilege, name, pin.slice(0, 9)]),
    )
    await unreadAcksArrive()
    await client.disconnect()
  })

  it('reads every punch of a log of several slices', async () => {
    await using terminal = await recorded()
    const client = await connected(terminal)
    const { data } = await client.getAttendances()
    const { punches } = terminal.memory.truth()
    expect(terminal.stats.slices.count).toBeGreaterThan(3)
    expect(
      data.map(({ sn, user_id: pin, record_time: at, type, state }) => [
        sn,
        pin,
        wallTimeOf(new Date(at)),
        type,
        state,
      ]),
    ).toEqual(punches.map((punch) => [punch.uid, punch.pin, punch.wallTime, punch.verifyMode, punch.state]))
    await unreadAcksArrive()
    await client.disconnect()
    expect(terminal.stats.buffersNotFreed).toBe(0)
  })

  it('disables and enables the terminal', async () => {
    await using terminal = await start({ people: 3 })
    const client = await connected(terminal)
    await client.disableDevice()
    expect(terminal.memory.isEnabled).toBe(false)
    await client.enableDevice()
    expect(terminal.memory.isEnabled).toBe(true)
    await client.disconnect()
  })

  it('takes a refusal for a connection: it has no comm key and does not look at the answer code', async () => {
    await using terminal = await start({ commKey: 123_456, people: 3 })
    const client = await connected(terminal)
    expect(client.connectionType).toBe('tcp')
    await expect(client.getInfo()).rejects.toBeDefined()
    expect(terminal.stats.requests).toMatchObject({ connectSession: 1, readCapacity: 1 })
    await client.disconnect()
  })

  it('gives a log of 49-byte records that is none: it cuts at 40 bytes whatever the terminal holds', async () => {
    await using terminal = await start({ profile: 'visible-light', punches: 20, people: 3 })
    const client = await connected(terminal)
    const { data } = await client.getAttendances()
    const { punches } = terminal.memory.truth()
    expect(data).toHaveLength(Math.floor((20 * 49) / 40))
    expect(data[0]?.user_id).toBe(punches[0]?.pin)
    expect(data[1]?.user_id).not.toBe(punches[1]?.pin)
    await client.disconnect()
  })
})

describe('node-zklib', () => {
  async function connected({ port }: SimulatedTerminal): Promise<NodeZklib> {
    const client = new NodeZklib('127.0.0.1', port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    return client
  }

  it('connects, reads the counts, disables, enables and leaves', async () => {
    await using terminal = await recorded()
    const client = await connected(terminal)
    expect(client.connectionType).toBe('tcp')
    expect(await client.getInfo()).toEqual({ userCounts: 135, logCounts: PUNCHES, logCapacity: 100_000 })
    await client.disableDevice()
    expect(terminal.memory.isEnabled).toBe(false)
    await client.enableDevice()
    expect(terminal.memory.isEnabled).toBe(true)
    await client.disconnect()
    expect(terminal.stats.sessions).toMatchObject([{ endedBy: 'exit' }])
  })

  it('reads everybody as they are', async () => {
    await using terminal = await recorded()
    const client = await connected(terminal)
    const { data, err } = await client.getUsers()
    expect(err).toBeNull()
    const { people } = terminal.memory.truth()
    expect(data.map(({ uid, role, name, userId }) => [uid, role, name, userId])).toEqual(
      people.map(({ uid, privilege, name, pin }) => [uid, privilege, name, pin.slice(0, 9)]),
    )
    await unreadAcksArrive()
    await client.disconnect()
  })

  it('reads every punch of a log that fits one slice', async () => {
    await using terminal = await start({ memory: recordedMemory({ punches: 1_500 }) })
    const client = await connected(terminal)
    const { data, err } = await client.getAttendances()
    expect(err).toBeNull()
    expect(
      data.map(({ userSn, deviceUserId, recordTime }) => [userSn, deviceUserId, wallTimeOf(recordTime)]),
    ).toEqual(terminal.memory.truth().punches.map(({ uid, pin, wallTime }) => [uid, pin, wallTime]))
    await unreadAcksArrive()
    await client.disconnect()
    expect(terminal.stats.buffersNotFreed).toBe(0)
  })

  it('asks for all slices at once, and is answered one after the other', async () => {
    await using terminal = await start({ memory: recordedMemory({ punches: 4_000 }) })
    const client = await connected(terminal)
    const { data, err } = await client.getAttendances()
    expect(err).toBeNull()
    expect(data).toHaveLength(4_000)
    expect(terminal.stats.slices.count).toBe(3)
    await unreadAcksArrive()
    await client.disconnect()
  })

  it('cannot prove a comm key: it connects all the same and then misreads the refusal', async () => {
    await using terminal = await start({ commKey: 7, people: 3 })
    const client = await connected(terminal)
    await expect(client.getInfo()).rejects.toBeDefined()
    expect(terminal.stats.requests).not.toHaveProperty('authenticate')
    await client.disconnect()
  })
})

describe('over UDP', () => {
  async function connected({ port }: SimulatedTerminal): Promise<NodeZklib> {
    const client = new NodeZklib('127.0.0.1', port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    return client
  }

  it('node-zklib reads the people and the 16-byte log of a compact unit', async () => {
    await using terminal = await start({ profile: 'compact', transports: ['udp'], people: 70, punches: 900 })
    const client = await connected(terminal)
    expect(client.connectionType).toBe('udp')
    const users = await client.getUsers()
    const { people, punches } = terminal.memory.truth()
    expect(users.data.map(({ uid, role, name, userId }) => [uid, role, name, String(userId)])).toEqual(
      people.map(({ uid, privilege, name, pin }) => [uid, privilege, name, pin]),
    )
    await unreadAcksArrive()
    const { data } = await client.getAttendances()
    expect(
      data.map(({ deviceUserId, recordTime }) => [String(deviceUserId), wallTimeOf(recordTime)]),
    ).toEqual(punches.map(({ pin, wallTime }) => [pin, wallTime]))
    await unreadAcksArrive()
    await client.disconnect()
    expect(terminal.stats.sessions).toMatchObject([{ transport: 'udp', endedBy: 'exit' }])
  })

  it('node-zklib gives every other punch of an 8-byte log: it takes each record for 16 bytes', async () => {
    await using terminal = await start({ profile: 'old', transports: ['udp'], punches: 200 })
    const client = await connected(terminal)
    const { data } = await client.getAttendances()
    expect(data.map(({ deviceUserId }) => deviceUserId)).toEqual(
      terminal.memory
        .truth()
        .punches.filter(({ index }) => index % 2 === 0)
        .map(({ uid }) => uid),
    )
    await unreadAcksArrive()
    await client.disconnect()
  })

  it('zkteco-js never gets as far: it wraps the refused TCP connection and then does not know it again', async () => {
    await using terminal = await start({ transports: ['udp'] })
    const client = new ZktecoJs('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
    await expect(client.createSocket()).rejects.toBeDefined()
    expect(terminal.stats.sessionsOpened).toBe(0)
  })
})

// Over TCP both look for the person in 9 characters and for the time at byte 26, whatever the length: that fits the forms
// of 32 bytes and more. The 12 bytes of compact units and panels end before byte 26, and the error that follows is
// thrown out of their `data` listener, where no caller can catch it; it would end this process, so it is not run here.
describe('live punches', () => {
  const clients = [
    { name: 'zkteco-js', Client: ZktecoJs },
    { name: 'node-zklib', Client: NodeZklib },
  ]

  it.each(
    clients.flatMap((client) => ['typical', 'visible-light'].map((profile) => ({ ...client, profile }))),
  )('reach $name over TCP from a $profile terminal, which it never thanks', async ({ Client, profile }) => {
    await using terminal = await start({ profile, people: 4, punches: 0 })
    const client = new Client('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    const logs: OtherLiveLog[] = []
    await client.getRealTimeLogs((log) => logs.push(log))
    await expect.poll(() => terminal.stats.requests['registerEvents']).toBe(1)
    const { memory, hand, stats } = terminal
    const punches = memory.people.list().map(({ pin }) => hand.present(pin))
    hand.present('nobody')
    await expect.poll(() => logs.length).toBe(4)
    expect(logs.map(({ userId, attTime }) => [userId, wallTimeOf(attTime)])).toEqual(
      punches.map((punch) => [punch?.pin, punch?.wallTime]),
    )
    expect(stats.liveEvents).toEqual({ sent: 4, acknowledged: 0, dropped: 0 })
    await client.disconnect()
  })

  it('reach node-zklib over UDP from an old unit, with the low byte of the number', async () => {
    await using terminal = await start({ profile: 'old', transports: ['udp'], people: 300, punches: 0 })
    const client = new NodeZklib('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    const logs: OtherLiveLog[] = []
    await client.getRealTimeLogs((log) => logs.push(log))
    await expect.poll(() => terminal.stats.requests['registerEvents']).toBe(1)
    const punches = ['3', '300'].map((pin) => terminal.hand.present(pin))
    await expect.poll(() => logs.length).toBe(2)
    expect(logs.map(({ userId, attTime }) => [userId, wallTimeOf(attTime)])).toEqual([
      [3, punches[0]?.wallTime],
      [300 % 256, punches[1]?.wallTime],
    ])
    await client.disconnect()
  })

  it('of 12 bytes over UDP pass node-zklib by: it knows those of 10 alone', async () => {
    await using terminal = await start({ profile: 'compact', transports: ['udp'], people: 3, punches: 0 })
    const client = new NodeZklib('127.0.0.1', terminal.port, TIMEOUT_MS, OWN_PORT)
    await client.createSocket()
    const logs: OtherLiveLog[] = []
    await client.getRealTimeLogs((log) => logs.push(log))
    await expect.poll(() => terminal.stats.requests['registerEvents']).toBe(1)
    expect(terminal.hand.present('3')).toMatchObject({ pin: '3' })
    await expect.poll(() => terminal.stats.liveEvents.sent).toBe(1)
    // Had it asked something meanwhile, it would have taken the event for the answer.
    await unreadAcksArrive()
    expect(logs).toEqual([])
    await client.disconnect()
  })
})

describe('packets that share a TCP segment', () => {
  it('are lost by zkteco-js without an error, and not by our client', async () => {
    await using terminal = await start({ people: 3, punches: 2_000, paceMs: 0, coalesce: true })
    const theirs = new ZktecoJs('127.0.0.1', terminal.port, 1_000, OWN_PORT)
    await theirs.createSocket()
    const { data } = await theirs.getAttendances()
    expect(data.length).toBeLessThan(2_000)
    await theirs.disconnect()

    await using ours = await connect({ host: '127.0.0.1', port: terminal.port, transport: 'tcp' })
    let read = 0
    for await (const { punches } of ours.readAttendance()) read += punches.length
    expect(read).toBe(2_000)
  })
})
