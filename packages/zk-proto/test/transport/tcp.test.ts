import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { joinBytes } from '../../src/bytes.ts'
import { openTcp } from '../../src/transport/tcp.ts'

const TURNS_TO_ARRIVE = 50

describe('the TCP transport', () => {
  it('keeps what arrives before anybody listens, and then gives all of it in order', async () => {
    const sent = new Uint8Array(300_000).map((_, i) => i % 251)
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end(sent)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const transport = await openTcp({ host: '127.0.0.1', port, timeoutMs: 5_000, signal: undefined })
    for (let turn = 0; turn < TURNS_TO_ARRIVE; turn += 1) await nextTurn()
    const pieces: Uint8Array[] = []
    await new Promise<void>((resolve) => {
      // Each piece lies in memory that is used again: whoever keeps it copies it.
      transport.listen({ received: (bytes) => pieces.push(bytes.slice()), closed: () => resolve() })
    })
    await transport.close()
    server.close()
    expect(joinBytes(pieces)).toEqual(sent)
  })

  it('ends where the other end sends and takes nothing, before memory runs out', async () => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket.pause())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const transport = await openTcp({ host: '127.0.0.1', port, timeoutMs: 5_000, signal: undefined })
    const ended = new Promise<unknown>((resolve) => {
      transport.listen({ received: () => undefined, closed: resolve })
    })
    // More than what two systems keep for a connection, and then more than may wait here.
    const packet = new Uint8Array(64 * 1024)
    for (let sent = 0; sent < 1_000; sent += 1) transport.send(packet)
    expect(await ended).toMatchObject({ code: 'ZK_CONNECTION_LOST', effect: 'unknown' })
    await transport.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  it('that has ended before anybody listens says so, once', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const accepted = once(server, 'connection')
    const transport = await openTcp({ host: '127.0.0.1', port, timeoutMs: 5_000, signal: undefined })
    const [socket] = (await accepted) as [Socket]
    socket.resetAndDestroy()
    for (let turn = 0; turn < TURNS_TO_ARRIVE; turn += 1) await nextTurn()
    // The reset shows itself at the latest when something is sent.
    transport.send(new Uint8Array(8))
    await transport.close()
    const ends: (string | undefined)[] = []
    transport.listen({ received: () => ends.push('bytes'), closed: (cause) => ends.push(cause?.code) })
    await nextTurn()
    await transport.close()
    server.close()
    expect(ends).toEqual(['ZK_CONNECTION_LOST'])
  })
})
