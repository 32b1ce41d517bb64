import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { connect } from '../../src/connect.ts'
import { StreamReassembler } from '../../src/framing.ts'
import { decodePacket } from '../../src/packet.ts'
import type { WireTap } from '../../src/transport/tapped.ts'
import { log40, people72 } from '../support/logs.ts'
import { LoopbackDatagrams } from '../support/loopback-datagrams.ts'
import { LoopbackTerminal } from '../support/loopback-terminal.ts'

/** Keeps what passes, as a trace does. */
class Kept implements WireTap {
  readonly said: string[] = []
  readonly ends: unknown[] = []
  readonly #streams = { '>': new StreamReassembler(), '<': new StreamReassembler() }
  readonly #framed: boolean

  constructor(framed: boolean) {
    this.#framed = framed
  }

  sent(bytes: Uint8Array): void {
    this.#take('>', bytes)
  }

  received(bytes: Uint8Array): void {
    this.#take('<', bytes)
  }

  closed(cause: unknown): void {
    this.ends.push(cause)
  }

  #take(direction: '>' | '<', bytes: Uint8Array): void {
    if (!this.#framed) {
      this.said.push(`${direction} ${decodePacket(bytes).command}`)
      return
    }
    const stream = this.#streams[direction]
    stream.push(bytes)
    for (let packet = stream.next(); packet !== undefined; packet = stream.next())
      this.said.push(`${direction} ${decodePacket(packet).command}`)
  }
}

const SCRIPT = { attendance: log40(3), people: people72(2), options: { '~SerialNumber': 'ABC123' } }

describe('a tap', () => {
  it('sees every packet both ways over TCP, from the first to the last, and the end', async () => {
    await using loopback = await LoopbackTerminal.start(SCRIPT)
    const tap = new Kept(true)
    const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp', tap })
    expect(await terminal.readOption('~SerialNumber')).toBe('ABC123')
    await terminal.close()
    expect(tap.said).toEqual(['> 1000', '< 2000', '> 11', '< 2000', '> 1001', '< 2000'])
    expect(tap.ends).toEqual([undefined])
  })

  it('sees the same over UDP', async () => {
    await using datagrams = await LoopbackDatagrams.start(SCRIPT)
    const tap = new Kept(false)
    const terminal = await connect({ host: '127.0.0.1', port: datagrams.port, transport: 'udp', tap })
    await terminal.close()
    expect(tap.said.slice(0, 3)).toEqual(['> 1000', '< 2000', '> 1001'])
  })
})

describe('sending a command as it is', () => {
  it('gives the answer as it came', async () => {
    await using loopback = await LoopbackTerminal.start(SCRIPT)
    await using terminal = await connect({ host: '127.0.0.1', port: loopback.port })
    const name = new TextEncoder().encode('~SerialNumber\0')
    const answer = await terminal.send(CODES.OPTIONS_RRQ, name)
    expect(answer).toMatchObject({ code: REPLIES.ACK_OK, name: 'ACK_OK', transferred: false })
    expect(toHex(answer.data)).toBe(toHex(new TextEncoder().encode('~SerialNumber=ABC123\0')))
  })

  it('gives a refusal as an answer too, and sends nothing under a number that no command has', async () => {
    await using loopback = await LoopbackTerminal.start(SCRIPT)
    await using terminal = await connect({ host: '127.0.0.1', port: loopback.port })
    expect([2001, 65535]).toContain((await terminal.send(4711)).code)
    await expect(terminal.send(65_536)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
    await expect(terminal.send(-1)).rejects.toMatchObject({ code: 'ZK_VALUE_OUT_OF_RANGE' })
  })

  it('lets people in again at the end when it disabled the terminal', async () => {
    await using loopback = await LoopbackTerminal.start(SCRIPT)
    const tap = new Kept(true)
    const terminal = await connect({ host: '127.0.0.1', port: loopback.port, transport: 'tcp', tap })
    await terminal.send(CODES.DISABLEDEVICE)
    await terminal.close()
    expect(tap.said.filter((line) => line.startsWith('>'))).toEqual(['> 1000', '> 1003', '> 1002', '> 1001'])
  })
})
