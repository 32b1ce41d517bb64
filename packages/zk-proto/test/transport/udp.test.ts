import { createSocket } from 'node:dgram'
import { describe, expect, it } from 'vitest'
import { joinBytes, toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { connect } from '../../src/connect.ts'
import type { Terminal } from '../../src/terminal.ts'
import { openUdp } from '../../src/transport/udp.ts'
import { log40, people72 } from '../support/logs.ts'
import { LoopbackDatagrams } from '../support/loopback-datagrams.ts'
import type { Script } from '../support/scripted-terminal.ts'

const holding = (count: number): Script => ({
  attendance: log40(count),
  people: people72(300),
  capacity: { records: count, recordCapacity: 100_000, people: 300, personCapacity: 500 },
  options: { '~SerialNumber': 'ABC123' },
})

const LOCAL = { host: '127.0.0.1', transport: 'udp' } as const

async function logOf(terminal: Terminal): Promise<string> {
  const raw: Uint8Array[] = []
  for await (const { punches } of terminal.readAttendance()) for (const punch of punches) raw.push(punch.raw)
  return toHex(joinBytes(raw))
}

describe('a terminal over UDP', () => {
  it('is read whole, in slices of 16384 bytes, and let go', async () => {
    await using loopback = await LoopbackDatagrams.start({ ...holding(3000), commKey: 12 })
    const terminal = await connect({ ...LOCAL, port: loopback.port, commKey: 12 })
    expect([terminal.transport, terminal.closed]).toEqual(['udp', false])
    expect(await logOf(terminal)).toBe(toHex(log40(3000)))
    expect((await terminal.readPeople()).people).toHaveLength(300)
    expect(await terminal.readOption('~SerialNumber')).toBe('ABC123')
    expect(loopback.terminals[0]?.count(CODES.DATA_RDY)).toBe(8 + 2)
    expect(terminal.stats.badChecksums).toBe(0)
    await terminal.close()
    expect([terminal.closed, loopback.terminals[0]?.exited]).toEqual([true, true])
    await terminal.close()
  })

  it('is read whole when data are lost in each slice', async () => {
    await using loopback = await LoopbackDatagrams.start(holding(1000), {
      lose: (packet, n) => packet[0] === (REPLIES.DATA & 0xff) && n % 7 === 5,
    })
    await using terminal = await connect({ ...LOCAL, port: loopback.port })
    expect(await logOf(terminal)).toBe(toHex(log40(1000)))
    expect(loopback.terminals[0]?.buffer).toBeUndefined()
  })

  it('that is switched off in use is gone at once, where the system says that nobody listens', async () => {
    const loopback = await LoopbackDatagrams.start(holding(1))
    const terminal = await connect({ ...LOCAL, port: loopback.port })
    await loopback[Symbol.asyncDispose]()
    await expect(terminal.ping()).rejects.toMatchObject({ code: 'ZK_CONNECTION_LOST', effect: 'unknown' })
    expect(terminal.closed).toBe(true)
    await terminal.close()
  })
})

describe('the socket', () => {
  it('does not hear other senders, and nothing after it was closed', async () => {
    const stranger = createSocket('udp4')
    const [lie, answer] = [Uint8Array.of(1), Uint8Array.of(2)]
    await using loopback = await LoopbackDatagrams.start(holding(1), {
      greet: (_datagram, from) => {
        stranger.send(lie, from.port, from.address)
        return [answer]
      },
    })
    const transport = await openUdp({ ...LOCAL, port: loopback.port, timeoutMs: 5000, signal: undefined })
    const heard: number[] = []
    let ended = 0
    transport.listen({
      received: (bytes) => heard.push(...bytes),
      closed: () => {
        ended += 1
      },
    })
    for (let i = 1; i <= 3; i += 1) {
      transport.send(new Uint8Array(8))
      await expect.poll(() => heard.length).toBe(i)
    }
    await transport.close()
    stranger.close()
    expect([heard, ended]).toEqual([[2, 2, 2], 1])
    transport.send(new Uint8Array(8))
    await transport.close()
    expect(ended).toBe(1)
  })

  it('is not opened for a name that does not exist, nor after an abort, nor for longer than it may take', async () => {
    const address = { host: 'no-such-terminal.invalid', port: 4370, timeoutMs: 20_000, signal: undefined }
    await expect(openUdp(address)).rejects.toMatchObject({ code: 'ZK_CONNECT_FAILED', effect: 'none' })
    const reason = new Error('changed my mind')
    await expect(openUdp({ ...address, signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: 'ZK_ABORTED',
      cause: reason,
    })
    const controller = new AbortController()
    const opening = openUdp({ ...address, signal: controller.signal })
    controller.abort(reason)
    await expect(opening).rejects.toMatchObject({ code: 'ZK_ABORTED', effect: 'none' })
  })

  it('is not opened to an address to which nothing may be sent', async () => {
    const address = { host: '255.255.255.255', port: 4370, timeoutMs: 5000, signal: undefined }
    await expect(openUdp(address)).rejects.toMatchObject({
      code: 'ZK_CONNECT_FAILED',
      effect: 'none',
      details: { host: '255.255.255.255', system: 'EACCES' },
    })
  })

  it('is not waited for longer than allowed while a name is looked up', async () => {
    const opening = openUdp({
      host: 'no-such-terminal.invalid',
      port: 4370,
      timeoutMs: 1,
      signal: undefined,
    })
    // The timer is due before the event loop can learn what the system found.
    const until = performance.now() + 20
    while (performance.now() < until);
    await expect(opening).rejects.toMatchObject({
      code: 'ZK_TIMEOUT',
      effect: 'none',
      details: { reason: 'silent' },
    })
  })

  it('ends with an error, once, when the system will not send, be it before or after anything was heard', async () => {
    await using loopback = await LoopbackDatagrams.start(holding(1), { greet: () => [Uint8Array.of(1)] })
    for (const [heard, code] of [
      [false, 'ZK_CONNECT_FAILED'],
      [true, 'ZK_CONNECTION_LOST'],
    ] as const) {
      const transport = await openUdp({ ...LOCAL, port: loopback.port, timeoutMs: 5000, signal: undefined })
      const ends: (string | undefined)[] = []
      let received = 0
      transport.listen({
        received: () => {
          received += 1
        },
        closed: (cause) => ends.push(cause?.code),
      })
      if (heard) transport.send(new Uint8Array(8))
      await expect.poll(() => received).toBe(heard ? 1 : 0)
      transport.send(new Uint8Array(70_000))
      await expect.poll(() => ends).toEqual([code])
      await transport.close()
      expect(ends).toHaveLength(1)
    }
  })

  it('speaks IPv6 where the address does', async () => {
    const transport = await openUdp({ host: '::1', port: 4370, timeoutMs: 5000, signal: undefined })
    expect(transport.kind).toBe('udp')
    await transport.close()
  })
})
