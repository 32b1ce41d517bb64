// A readable trace: every packet with its time, direction, command and length, short requests and answers in words. What is
// secret is never in it: comm keys, passwords, cards, templates and whole tables show as their length alone.
import {
  CODES,
  commandName,
  decodePacket,
  eventName,
  findCommand,
  REPLIES,
  replyName,
  StreamReassembler,
  WRAPPER_BYTES,
  ZkError,
  type Packet,
} from '@org/zk-proto/wire'
import type { WatchedClient, WireWatch } from '../wire-watch.ts'
import type { Lines } from './lines.ts'
import { inWords } from './trace-words.ts'

/** Longer requests break a connection. */
const LONGEST_REQUEST_BYTES = 65_536 + 8
/** Of so many requests a conversation is remembered what they asked. */
const MOST_ASKED = 64

/** What a trace knows of a conversation. */
interface Listened {
  readonly stream: StreamReassembler
  /** The stream is out of step: the terminal ends it, the trace has nothing more to say. */
  broken: boolean
  /** Commands by reply id, for the answers. */
  readonly asked: Map<number, number>
}

/** Writes what it sees to lines. */
export class Trace implements WireWatch {
  readonly #lines: Lines
  readonly #before: string
  readonly #now: () => Date
  readonly #conversations = new Map<WatchedClient, Listened>()

  /** Every line begins with `before`. */
  constructor(lines: Lines, before = '', now: () => Date = () => new Date()) {
    this.#lines = lines
    this.#before = before
    this.#now = now
  }

  received(client: WatchedClient, bytes: Uint8Array): void {
    const listened = this.#listened(client)
    if (listened.broken) return
    if (client.transport === 'udp') {
      this.#request(client, listened, bytes)
      return
    }
    try {
      listened.stream.push(bytes)
      for (let packet = listened.stream.next(); packet !== undefined; packet = listened.stream.next())
        this.#request(client, listened, packet)
    } catch (error) {
      if (!(error instanceof ZkError)) throw error
      listened.broken = true
      this.#line(client, '>', `not this protocol: ${error.message}`)
    }
  }

  sent(client: WatchedClient, bytes: Uint8Array): void {
    const packet = decodePacket(client.transport === 'tcp' ? bytes.subarray(WRAPPER_BYTES) : bytes)
    const { command, session, replyId, payload } = packet
    if (command === CODES.REG_EVENT) {
      this.#line(client, '<', `live event ${eventName(session)}${lengthOf(payload)}`)
      return
    }
    const asked = this.#listened(client).asked.get(replyId)
    const words = asked === undefined ? '' : inWords(asked, 'reply', packet)
    this.#line(client, '<', `${replyName(command)}${head(packet)}${lengthOf(payload)}${words}`)
  }

  gone(client: WatchedClient): void {
    this.#conversations.delete(client)
    this.#line(client, '>', 'gone')
  }

  #request(client: WatchedClient, listened: Listened, bytes: Uint8Array): void {
    if (bytes.length < WRAPPER_BYTES) {
      this.#line(client, '>', `no packet, ${bytes.length} bytes`)
      return
    }
    const packet = decodePacket(bytes)
    const { command, replyId, payload, checksum } = packet
    listened.asked.delete(replyId)
    if (command !== REPLIES.ACK_OK) listened.asked.set(replyId, command)
    if (listened.asked.size > MOST_ASKED) {
      for (const oldest of listened.asked.keys()) {
        listened.asked.delete(oldest)
        break
      }
    }
    const name = command === REPLIES.ACK_OK ? 'ACK_OK (live event)' : commandName(command)
    const wrong = checksum === 'right' ? '' : ', wrong checksum'
    const declared = findCommand(command) === undefined ? '' : inWords(command, 'request', packet)
    this.#line(client, '>', `${name}${head(packet)}${lengthOf(payload)}${wrong}${declared}`)
  }

  #listened(client: WatchedClient): Listened {
    const known = this.#conversations.get(client)
    if (known !== undefined) return known
    const listened = {
      stream: new StreamReassembler(LONGEST_REQUEST_BYTES),
      broken: false,
      asked: new Map<number, number>(),
    }
    this.#conversations.set(client, listened)
    return listened
  }

  /** `>` comes from the client, `<` goes to it. */
  #line({ transport, client }: WatchedClient, direction: '>' | '<', text: string): void {
    const time = this.#now().toISOString().slice(11, 23)
    this.#lines.write(`${this.#before}${time} ${transport} ${client} ${direction} ${text}`)
  }
}

function head({ session, replyId }: Packet): string {
  return ` session ${session} reply ${replyId}`
}

function lengthOf({ length }: Uint8Array): string {
  return length === 0 ? '' : `, ${length} bytes`
}
