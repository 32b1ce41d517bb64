// The terminal's port: TCP connections and UDP peers on one number, each a conversation with its own delivery. It
// opens and closes as a terminal is switched on and off, and turns away more clients than the model serves.
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { Conversation, type Surroundings } from './conversation.ts'
import { Delivery, type Outlet, type Pace } from './delivery.ts'
import type { Happening } from './live-happening.ts'
import { byteFault, delayMs, flipped, pieceBytes } from './faults/wire-faults.ts'
import { UnreliableOutlet } from './faults/unreliable-outlet.ts'
import type { Dispatch } from './responders/dispatch.ts'
import type { SessionEnd } from './stats.ts'
import { TcpOutlet } from './tcp-outlet.ts'
import { UdpOutlet } from './udp-outlet.ts'
import type { WatchedClient, WireWatch } from './wire-watch.ts'

/** Where and how a terminal listens. */
export interface ListenOptions {
  readonly host: string
  readonly transports: readonly ('tcp' | 'udp')[]
  readonly pace: Pace
  /** Told whenever a client has gone. */
  readonly clientGone: () => void
  readonly watch?: WireWatch | undefined
}

/** The port cannot be opened; `code` is the system's reason, such as `EADDRINUSE`. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string

  constructor(host: string, port: number, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'UNKNOWN'
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : code
    super(`cannot listen on ${host}:${port}: ${reason}`, { cause })
    this.code = code
  }
}

/** One client as the listener knows it. */
interface Client {
  readonly conversation: Conversation
  readonly delivery: Delivery
  /** Ends it at once; `by` goes into the stats. A second call changes nothing. */
  end(by: SessionEnd): void
  /** It has been heard of: its idle time begins anew. */
  touch(): void
}

const SHORTEST_DATAGRAM_BYTES = 8
/** Clients beside those that are served: connections just opened, and whoever is past their goodbye. */
const MOST_OTHER_CLIENTS = 64
/** With port 0 TCP finds a free port, which UDP may not have: so often another one is tried. */
const PORT_TRIES = 20

/**
 * The ports that this process found free so far. None is taken twice while another can be had: whoever still remembers a stopped
 * terminal by its address must not meet a new one there.
 */
const PORTS_FOUND = new Set<number>()

/** The listening side of one terminal. */
export class Listener {
  readonly #options: ListenOptions
  readonly #surroundings: Surroundings
  readonly #dispatch: Dispatch
  readonly #clients = new Set<Client>()
  readonly #peers = new Map<string, Client>()
  #tcp: Server | undefined
  #udp: UdpSocket | undefined

  /** True while no client is let in any more. */
  closedToNewClients = false

  constructor(options: ListenOptions, surroundings: Surroundings, dispatch: Dispatch) {
    this.#options = options
    this.#surroundings = surroundings
    this.#dispatch = dispatch
  }

  /** The conversations that are going on. */
  get conversations(): Conversation[] {
    return [...this.#clients].map(({ conversation }) => conversation)
  }

  /** Something happened at the terminal: every client that asked for such events is told. */
  announce(happenings: readonly Happening[]): void {
    for (const { conversation, delivery } of this.#clients) {
      if (conversation.announce(happenings)) delivery.wake()
    }
  }

  /**
   * Opens the port; 0 takes a free one. Gives its number.
   * @throws ListenError when the port cannot be had.
   */
  async open(port: number): Promise<number> {
    this.closedToNewClients = false
    for (let tries = 1; ; tries++) {
      try {
        const bound = await this.#bind(port)
        if (port !== 0 || !PORTS_FOUND.has(bound) || tries === PORT_TRIES) {
          if (port === 0) PORTS_FOUND.add(bound)
          return bound
        }
        await this.close('stopped')
      } catch (error) {
        await this.close('stopped')
        const tryAnother = port === 0 && error instanceof ListenError && error.code === 'EADDRINUSE'
        if (!tryAnother || tries === PORT_TRIES) throw error
      }
    }
  }

  /** Closes the port and ends every conversation; settles when all of it is gone. */
  async close(by: SessionEnd): Promise<void> {
    const [tcp, udp] = [this.#tcp, this.#udp]
    this.#tcp = undefined
    this.#udp = undefined
    const closed = [
      ...(tcp === undefined ? [] : [new Promise<void>((resolve) => tcp.close(() => resolve()))]),
      ...(udp === undefined ? [] : [new Promise<void>((resolve) => udp.close(() => resolve()))]),
    ]
    for (const client of this.#clients) client.end(by)
    await Promise.all(closed)
  }

  async #bind(port: number): Promise<number> {
    const { host, transports } = this.#options
    let bound = port
    if (transports.includes('tcp')) {
      this.#tcp = createServer((socket) => this.#accept(socket))
      this.#tcp.maxConnections = this.#surroundings.memory.profile.maxSessions + MOST_OTHER_CLIENTS
      bound = await listening(this.#tcp, host, bound)
    }
    if (transports.includes('udp')) {
      this.#udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
      bound = await bindUdp(this.#udp, host, bound)
      this.#udp.on('message', (datagram, peer) => this.#datagram(datagram, peer))
      // An unreachable peer may be reported on the socket: it is that peer's loss, as with any datagram.
      this.#udp.on('error', () => undefined)
    }
    return bound
  }

  #accept(socket: Socket): void {
    const { stats, faults } = this.#surroundings
    if (this.#isFull()) {
      stats.connectionsRefused += 1
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    const piece = (): number | undefined => pieceBytes(faults) ?? this.#options.pace.segmentBytes
    const outlet = new TcpOutlet(socket, piece, (bytes) => {
      stats.bytesSent += bytes
    })
    const address = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`
    const client = this.#client('tcp', address, outlet, {
      release: () => socket.destroy(),
      // The socket counts its idle time by itself.
      touch: () => undefined,
    })
    socket.setTimeout(this.#surroundings.memory.profile.idleMs, () => client.end('idle'))
    socket.on('data', (bytes) => this.#take(client, bytes))
    // A connection that was reset is a closed one: 'close' follows and does what there is to do.
    socket.on('error', () => undefined)
    socket.on('close', () => client.end('closed'))
  }

  #datagram(datagram: Uint8Array, peer: RemoteInfo): void {
    const { stats, faults } = this.#surroundings
    if (faults.strike('lose') !== undefined) return
    if (datagram.length < SHORTEST_DATAGRAM_BYTES) {
      stats.badFrames += 1
      return
    }
    const key = `${peer.address}:${peer.port}`
    const client = this.#peers.get(key) ?? this.#addPeer(key, peer)
    if (client === undefined) {
      stats.connectionsRefused += 1
      return
    }
    client.touch()
    this.#take(client, datagram)
  }

  #take(client: Client, bytes: Uint8Array): void {
    this.#options.watch?.received(client.conversation.link, bytes)
    client.conversation.receive(bytes, performance.now())
    if (client.conversation.isBroken) client.end('closed')
    else client.delivery.wake()
  }

  #addPeer(key: string, peer: RemoteInfo): Client | undefined {
    const socket = this.#udp
    if (socket === undefined) return undefined
    this.#forgetStrangers()
    if (this.#isFull()) return undefined
    const { memory, stats, faults } = this.#surroundings
    const count = (bytes: number): void => {
      stats.bytesSent += bytes
    }
    const outlet = new UnreliableOutlet(
      new UdpOutlet(socket, peer, count, () => client.end('closed')),
      faults,
    )
    const idle = setTimeout(() => client.end('idle'), memory.profile.idleMs)
    const client = this.#client('udp', key, outlet, {
      release: () => {
        clearTimeout(idle)
        outlet.end()
        this.#peers.delete(key)
      },
      touch: () => idle.refresh(),
    })
    this.#peers.set(key, client)
    return client
  }

  /** Who sends datagrams and has no session keeps nobody out: they go when another peer comes and there is no room. */
  #forgetStrangers(): void {
    const strangers = [...this.#peers.values()].filter(
      ({ conversation }) => conversation.link.phase === 'none',
    )
    const tooMany = this.#isFull() ? strangers : strangers.slice(0, -MOST_OTHER_CLIENTS)
    for (const stranger of tooMany) stranger.end('closed')
  }

  #client(
    transport: 'tcp' | 'udp',
    address: string,
    outlet: Outlet,
    { release, touch }: { release: () => void; touch: () => void },
  ): Client {
    const conversation = new Conversation(transport, address, this.#surroundings, this.#dispatch, () =>
      delivery.wake(),
    )
    const { faults } = this.#surroundings
    const delivery = new Delivery(
      {
        take: () => {
          const packet = this.#watched(conversation.link, conversation.take())
          return packet && flipped(faults, packet)
        },
        decide: (before, bytes) => byteFault(faults, before, bytes),
        delayMs: () => delayMs(faults),
        joins: () => transport === 'tcp' && faults.mayStrike('coalesce'),
        joined: () => void faults.strike('coalesce'),
      },
      outlet,
      this.#options.pace,
    )
    const client: Client = {
      conversation,
      delivery,
      touch,
      end: (by) => {
        if (!this.#clients.delete(client)) return
        delivery.end()
        conversation.detach(by, performance.now())
        release()
        this.#options.watch?.gone(conversation.link)
        this.#options.clientGone()
      },
    }
    this.#clients.add(client)
    return client
  }

  #watched(client: WatchedClient, packet: Uint8Array | undefined): Uint8Array | undefined {
    if (packet !== undefined) this.#options.watch?.sent(client, packet)
    return packet
  }

  #isFull(): boolean {
    const served = this.conversations.filter(({ isOver }) => !isOver).length
    return this.closedToNewClients || served >= this.#surroundings.memory.profile.maxSessions
  }
}

function listening(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new ListenError(host, port, cause)))
    server.listen({ host, port }, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function bindUdp(socket: UdpSocket, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(new ListenError(host, port, cause))
    socket.once('error', failed)
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.off('error', failed)
      resolve(socket.address().port)
    })
  })
}
