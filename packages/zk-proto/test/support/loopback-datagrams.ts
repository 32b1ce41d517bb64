// A scripted terminal behind a real UDP socket on the loopback interface, one conversation a sender.
import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { ScriptedTerminal } from './scripted-terminal.ts'
import type { Script } from './scripted-terminal.ts'

export interface DatagramOptions {
  /** 0, the default, for a free port. */
  readonly port?: number
  /** Sees each datagram first; what it returns is sent instead of a terminal's answer. */
  readonly greet?: (datagram: Uint8Array, from: RemoteInfo) => readonly Uint8Array[] | undefined
  /** Which datagrams of the terminal are lost; `n` counts them from 0. */
  readonly lose?: (packet: Uint8Array, n: number) => boolean
}

export class LoopbackDatagrams implements AsyncDisposable {
  readonly port: number
  /** One a sender, in the order in which they came. */
  readonly terminals: ScriptedTerminal[] = []
  readonly #socket: Socket

  private constructor(socket: Socket, script: Script, options: DatagramOptions) {
    this.#socket = socket
    this.port = socket.address().port
    const bySender = new Map<string, ScriptedTerminal>()
    let sent = 0
    socket.on('message', (datagram: Uint8Array, from: RemoteInfo) => {
      const greeting = options.greet?.(datagram, from)
      if (greeting !== undefined) {
        for (const bytes of greeting) socket.send(bytes, from.port, from.address)
        return
      }
      const sender = `${from.address} ${from.port}`
      let terminal = bySender.get(sender)
      if (terminal === undefined) {
        terminal = new ScriptedTerminal(script, 'udp')
        bySender.set(sender, terminal)
        this.terminals.push(terminal)
      }
      const { session } = terminal
      session.receive(datagram, 0)
      terminal.work()
      for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
        if (options.lose?.(out, sent) !== true) socket.send(out, from.port, from.address)
        sent += 1
      }
    })
  }

  static async start(script: Script, options: DatagramOptions = {}): Promise<LoopbackDatagrams> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(options.port ?? 0, '127.0.0.1', resolve)
    })
    return new LoopbackDatagrams(socket, script, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve)
    })
  }
}
