// One small read by another client, as a program of its own: the clients report to the console what they do. Started by
// peers.ts; arguments: the package, a port on 127.0.0.1. The last line it prints is what it measured, as JSON.
import { createRequire } from 'node:module'

const load = createRequire(import.meta.resolve('@org/zk-sim'))
const TIMEOUT_MS = 20_000
/** Of UDP, which is not used here. */
const OWN_PORT = 0

/** What zkteco-js and node-zklib have in common. */
interface Peer {
  createSocket(): Promise<unknown>
  getAttendances(): Promise<{ readonly data: readonly unknown[] }>
  disconnect(): Promise<unknown>
}

type PeerClass = new (host: string, port: number, timeoutMs: number, ownPort: number) => Peer

function isPeerClass(exported: unknown): exported is PeerClass {
  return typeof exported === 'function'
}

const [name = '', port = ''] = process.argv.slice(2)
const Client: unknown = load(name)
if (!isPeerClass(Client)) throw new Error(`${name} exports no client any more`)
const peer = new Client('127.0.0.1', Number(port), TIMEOUT_MS, OWN_PORT)
await peer.createSocket()
const started = performance.now()
const { data } = await peer.getAttendances()
const ms = performance.now() - started
await peer.disconnect()
console.log(`\n${JSON.stringify({ ms, read: data.length })}`)
