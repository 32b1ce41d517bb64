// A scripted terminal behind a real socket on the loopback interface, for what only sockets can show.
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { ScriptedTerminal } from './scripted-terminal.ts'
import type { Script } from './scripted-terminal.ts'

export class LoopbackTerminal implements AsyncDisposable {
  readonly port: number
  /** One a connection, in the order in which they came. */
  readonly terminals: ScriptedTerminal[]
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(server: Server, terminals: ScriptedTerminal[], sockets: Set<Socket>) {
    this.#server = server
    this.#sockets = sockets
    this.terminals = terminals
    this.port = (server.address() as AddressInfo).port
  }

  /** Listens on the port, 0 for a free one. `greet` sees each connection first; true when it has dealt with it. */
  static async start(
    script: Script,
    greet?: (socket: Socket) => boolean,
    port = 0,
  ): Promise<LoopbackTerminal> {
    const terminals: ScriptedTerminal[] = []
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket)
      // A client that goes away in the middle of a packet is part of these tests.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
      if (greet?.(socket) === true) return
      const terminal = new ScriptedTerminal(script)
      terminals.push(terminal)
      socket.on('data', (bytes) => {
        terminal.session.receive(bytes, 0)
        terminal.work()
        const { session } = terminal
        for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
          socket.write(out)
        }
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve)
    })
    return new LoopbackTerminal(server, terminals, sockets)
  }

  /** Ends all connections as a power cut does. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }
}
