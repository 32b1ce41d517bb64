// Clients that send as slowly as they can, to hold connections (slowloris). With the real limits, so this takes its time.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { listeningForAll } from './support/listening.ts'

const api = listeningForAll()

/** Sends a byte a second, and gives what came back when the other side has closed. */
async function trickle(beginning: string, repeated: string): Promise<string> {
  const { hostname, port } = new URL(api.client.address)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => socket.destroy())
  socket.write(beginning)
  const drip = setInterval(() => socket.write(repeated), 1_000)
  try {
    return await text(socket)
  } finally {
    clearInterval(drip)
    socket.destroy()
  }
}

describe('a client that sends slowly', () => {
  it.concurrent('is dropped before its headers are whole', async () => {
    const answer = await trickle('GET /health/live HTTP/1.1\r\nhost: x\r\n', 'x-a: b\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"')
  })

  it.concurrent('is dropped before its body is whole, while others are answered', async () => {
    const head =
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{'
    const slow = trickle(head, ' ')
    expect((await api.client.get('/health/live')).status).toBe(200)
    expect(await slow).toMatch(/^HTTP\/1\.1 408 /)
  })

  it.concurrent('is told when its headers are without end', async () => {
    const answer = await trickle(`GET /health/live HTTP/1.1\r\nhost: x\r\nx-a: ${'b'.repeat(20_000)}`, 'b')
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })
})
