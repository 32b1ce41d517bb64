// A reader that does not read: the terminal waits with it instead of filling memory, and lets go when it leaves.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { BULK_TABLES, bulkRequest, CODES, framePacket, readChunk } from '@org/zk-proto/wire'
import { describe, expect, it } from 'vitest'
import { TerminalMemory } from '../src/memory.ts'
import { profileNamed } from '../src/profile.ts'
import { startTerminal, type SimulatedTerminal } from '../src/simulated-terminal.ts'

const RECORDS = 500_000
const TABLE_BYTES = 4 + RECORDS * 40
/** More than the kernel's buffers and one packet ever hold, less than the table. */
const HELD_BYTES = 12_000_000

async function bigTerminal(): Promise<SimulatedTerminal> {
  const typical = profileNamed('typical')
  const capacity = { ...typical.capacity, records: RECORDS }
  const memory = new TerminalMemory({ profile: { ...typical, capacity, maxPacketBytes: 65_536 } })
  const record = new Uint8Array(40).fill(0x31)
  for (let count = 0; count < RECORDS; count++) memory.log.append(record)
  return startTerminal({ memory, transports: ['tcp'], firstSessionId: 1 })
}

/** Asks for the whole table in one slice and reads nothing of it. */
async function askAndStopReading({ port }: SimulatedTerminal, session = 1): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  const send = (command: number, session: number, payload: Uint8Array = new Uint8Array(0)): void => {
    socket.write(framePacket('tcp', { command, session, replyId: 0 }, payload))
  }
  const { command, dataType } = BULK_TABLES.attendance
  send(CODES.CONNECT, 0)
  await once(socket, 'data')
  socket.pause()
  send(CODES.DATA_WRRQ, session, bulkRequest.encode({ one: 1, command, dataType, extra: 0 }))
  send(CODES.DATA_RDY, session, readChunk.request.encode({ start: 0, sizeBytes: TABLE_BYTES }))
  return socket
}

/** Settles when the terminal has sent nothing for a while. */
async function standstill({ stats }: SimulatedTerminal): Promise<void> {
  for (let still = 0, before = -1; still < 20; still = stats.bytesSent === before ? still + 1 : 0) {
    before = stats.bytesSent
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('a reader that does not read', () => {
  it('is waited for, and gets everything once it reads', async () => {
    await using terminal = await bigTerminal()
    const socket = await askAndStopReading(terminal)
    await standstill(terminal)
    expect(terminal.stats.slices.count).toBe(1)
    expect(terminal.stats.bytesSent).toBeLessThan(HELD_BYTES)
    let received = 0
    socket.on('data', (bytes) => {
      received += bytes.length
    })
    socket.resume()
    await expect.poll(() => received, { timeout: 30_000 }).toBeGreaterThan(TABLE_BYTES)
    expect(terminal.stats.bytesSent).toBeGreaterThan(TABLE_BYTES)
    socket.destroy()
  })

  it('is let go when it leaves, and when the terminal stops', async () => {
    const terminal = await bigTerminal()
    const leaver = await askAndStopReading(terminal)
    await standstill(terminal)
    leaver.destroy()
    await expect.poll(() => terminal.stats.openSessions).toBe(0)
    const stayer = await askAndStopReading(terminal, 2)
    stayer.on('error', () => undefined)
    await standstill(terminal)
    await terminal.stop()
    expect(terminal.stats.sessions.map(({ endedBy }) => endedBy)).toEqual(['closed', 'stopped'])
    stayer.destroy()
  })
})
