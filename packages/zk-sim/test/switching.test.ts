// Switching on and off: the port, the plug, a restart asked for by a client, and the hand in front of it all.
import { createServer, type Server } from 'node:net'
import { CODES, REPLIES } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { ListenError } from '../src/listener.ts'
import { TerminalMemory } from '../src/memory.ts'
import { profileNamed } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { RawClient } from './support/raw-client.ts'

const quickRestart = { ...profileNamed('typical'), restart: { acknowledged: true, downMs: 20 } }

/** Whether a server got the port. */
function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
}

describe('starting', () => {
  it('takes a free port for TCP and UDP alike', async () => {
    await using terminal = await startTerminal()
    for (const transport of ['tcp', 'udp'] as const) {
      await using client = await RawClient[transport](terminal.port)
      expect((await client.ask({ command: CODES.CONNECT })).command).toBe(REPLIES.ACK_OK)
    }
  })

  it('says clearly that a port is in use', async () => {
    await using terminal = await startTerminal()
    const { port } = terminal
    const second = startTerminal({ port })
    await expect(second).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is in use`)
    await expect(startTerminal({ port })).rejects.toBeInstanceOf(ListenError)
  })

  it('refuses options that contradict each other or make no sense', async () => {
    await expect(startTerminal({ memory: new TerminalMemory(), profile: 'old' })).rejects.toThrow(
      'with it profile',
    )
    await expect(startTerminal({ paceMs: -1 })).rejects.toThrow('paceMs')
    await expect(startTerminal({ paceMs: Number.POSITIVE_INFINITY })).rejects.toThrow('paceMs')
    await expect(startTerminal({ transports: [] })).rejects.toThrow('transports')
    await expect(startTerminal({ segmentBytes: 0 })).rejects.toThrow('segmentBytes')
    await expect(startTerminal({ firstSessionId: 70_000 })).rejects.toThrow('firstSessionId')
  })

  it('listens only on the transports it is told to', async () => {
    await using terminal = await startTerminal({ transports: ['udp'] })
    await expect(RawClient.tcp(terminal.port)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('a memory', () => {
  it('outlives its terminal: started again with it on the same port, it has been off and on', async () => {
    const first = await startTerminal({ people: 3, punches: 10 })
    const { memory, port } = first
    memory.disable()
    await first.stop()
    await using second = await startTerminal({ memory, port })
    expect([second.port, second.memory.log.count, second.memory.isEnabled]).toEqual([port, 10, true])
  })

  it('can be given a comm key when it is served', async () => {
    await using terminal = await startTerminal({ memory: new TerminalMemory(), commKey: 5 })
    await using client = await RawClient.tcp(terminal.port)
    expect((await client.ask({ command: CODES.CONNECT })).command).toBe(REPLIES.ACK_UNAUTH)
  })
})

describe('a restart', () => {
  it('asked for by a client is acknowledged, drops everybody, and comes back at the same port', async () => {
    await using terminal = await startTerminal({ profile: quickRestart })
    await using other = await RawClient.tcp(terminal.port)
    await other.ask({ command: CODES.CONNECT })
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    expect((await client.ask({ command: CODES.RESTART, session })).command).toBe(REPLIES.ACK_OK)
    await Promise.all([client.untilClosed(), other.untilClosed()])
    await expect.poll(() => terminal.isOn).toBe(true)
    expect(terminal.stats.sessions.map(({ endedBy }) => endedBy)).toEqual(['restart', 'restart'])
    await using again = await RawClient.tcp(terminal.port)
    expect((await again.ask({ command: CODES.CONNECT })).command).toBe(REPLIES.ACK_OK)
  })

  it('is not acknowledged where the model does not', async () => {
    const profile = { ...quickRestart, restart: { acknowledged: false, downMs: 20 } }
    await using terminal = await startTerminal({ profile })
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    client.send({ command: CODES.RESTART, session })
    await client.untilClosed()
    expect(client.received).toHaveLength(1)
  })

  it('waits for its port when somebody else has taken it meanwhile', async () => {
    const profile = { ...quickRestart, restart: { acknowledged: true, downMs: 2_500 } }
    await using terminal = await startTerminal({ profile, transports: ['tcp'] })
    const restarted = terminal.restart()
    await expect.poll(() => terminal.isOn).toBe(false)
    const thief = createServer()
    await expect.poll(() => listens(thief, terminal.port)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 2_700))
    expect(terminal.isOn).toBe(false)
    await new Promise((resolve) => thief.close(resolve))
    await restarted
    expect(terminal.isOn).toBe(true)
  })

  it('by hand says so when the port is taken', async () => {
    await using terminal = await startTerminal({ transports: ['tcp'] })
    await terminal.hand.pullPlug()
    const thief = createServer()
    expect(await listens(thief, terminal.port)).toBe(true)
    await expect(terminal.hand.plugIn()).rejects.toThrow('the port is in use')
    await new Promise((resolve) => thief.close(resolve))
    await terminal.hand.plugIn()
    expect(terminal.isOn).toBe(true)
  })

  it('ends with the terminal when that is stopped in the middle of it', async () => {
    const profile = { ...quickRestart, restart: { acknowledged: true, downMs: 3_600_000 } }
    const terminal = await startTerminal({ profile })
    const restarted = terminal.restart()
    await expect.poll(() => terminal.isOn).toBe(false)
    await terminal.stop()
    await restarted
    expect(terminal.isOn).toBe(false)
  })
})

describe('powering off', () => {
  it('lets the client say goodbye, then is gone until somebody plugs it in', async () => {
    await using terminal = await startTerminal()
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    expect((await client.ask({ command: CODES.POWEROFF, session })).command).toBe(REPLIES.ACK_OK)
    expect((await client.ask({ command: CODES.EXIT, session })).command).toBe(REPLIES.ACK_OK)
    await expect.poll(() => terminal.isOn).toBe(false)
    await expect(RawClient.tcp(terminal.port)).rejects.toThrow('ECONNREFUSED')
    await terminal.hand.plugIn()
    expect(terminal.isOn).toBe(true)
  })
})

describe('the hand', () => {
  it('punches for people the terminal knows, while it is on', async () => {
    await using terminal = await startTerminal({ people: 2, punches: 0 })
    const [first] = terminal.memory.people.list()
    const pin = first?.pin ?? ''
    expect(terminal.hand.present(pin, 'card', 1)).toMatchObject({ pin, verifyMode: 4, state: 1 })
    expect(terminal.hand.present('nobody')).toBeUndefined()
    await terminal.hand.pullPlug()
    expect(terminal.hand.present(pin)).toBeUndefined()
    expect(terminal.memory.log.count).toBe(1)
  })

  it('sets the clock and holds the door', async () => {
    await using terminal = await startTerminal()
    terminal.hand.setClock('2031-01-02T03:04:05')
    expect(terminal.memory.clock.read()).toMatch(/^2031-01-02T03:04:/)
    terminal.hand.holdDoor(true)
    expect(terminal.memory.door.isOpen).toBe(true)
  })

  it('fills the log to the last record', async () => {
    const typical = profileNamed('typical')
    const profile = { ...typical, capacity: { ...typical.capacity, records: 25 } }
    await using terminal = await startTerminal({ profile, people: 2, punches: 20 })
    expect(terminal.hand.fillLog()).toBe(5)
    expect(terminal.memory.log.isFull).toBe(true)
  })
})

describe('the door', () => {
  it('opens for the time asked, in the unit of the model, and queues what is asked again', async () => {
    let now = Date.parse('2026-05-04T08:00:00Z')
    await using terminal = await startTerminal({ now: () => now })
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    const isOpen = async (): Promise<number | undefined> =>
      (await client.ask({ command: CODES.DOORSTATE_RRQ, session })).payload[0]
    const fiveSeconds = Uint8Array.of(50, 0, 0, 0)
    expect(await isOpen()).toBe(0)
    await client.ask({ command: CODES.UNLOCK, session, payload: fiveSeconds })
    await client.ask({ command: CODES.UNLOCK, session, payload: fiveSeconds })
    expect(terminal.memory.door.unlocks).toMatchObject([{ milliseconds: 5_000 }, { milliseconds: 5_000 }])
    now += 9_900
    expect(await isOpen()).toBe(1)
    now += 200
    expect(await isOpen()).toBe(0)
  })
})

describe('a terminal whose calendar ends', () => {
  it('goes on with the year 2000: it answers, records and ends as before', async () => {
    let now = Date.parse('2026-03-01T10:00:00Z')
    const terminal = await startTerminal({
      people: 3,
      punches: 0,
      until: '2026-03-01T00:00:00',
      now: () => now,
    })
    terminal.hand.setClock('2099-12-31T23:59:59')
    now += 60_000
    const [pin = ''] = terminal.memory.people.pins()
    expect(terminal.hand.present(pin)?.wallTime).toBe('2000-01-01T00:00:59')
    await using client = await RawClient.tcp(terminal.port)
    const { session } = await client.ask({ command: CODES.CONNECT })
    expect((await client.ask({ command: CODES.GET_TIME, session, replyId: 1 })).command).toBe(REPLIES.ACK_OK)
    await terminal.stop()
  })
})
