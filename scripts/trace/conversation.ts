// One conversation between a client and a terminal, packet by packet: which answer belongs to which question, what the data of
// both say, and the tables that answers bring in pieces. The REPL's trace and `zk-trace` both listen through this.
import {
  bulkReady,
  bulkRequest,
  CODES,
  commandName,
  decodeCapacity,
  decodeLiveEvents,
  decodePacket,
  decodeSingleTemplate,
  eventName,
  joinBytes,
  PACKET_HEADER_BYTES,
  readChunk,
  REPLIES,
  replyName,
  sameBytes,
  transferHead,
  u8At,
  u16At,
  type Packet,
} from '@org/zk-proto/wire'
import type { Direction, Entry, PacketEntry, Place, Role } from './entry.ts'
import { bytesFact, fact, NOT_SHOWN, saidBy, type Said } from './facts.ts'
import { answerHides, requestHides } from './hidden-data.ts'
import { liveFacts } from './live-facts.ts'
import { TableRead, tableName, type TableMemory } from './table-read.ts'
import { decodeTable, templateFacts } from './table-records.ts'
import { saidOfPerson, uploadEntries } from './written-people.ts'

/** What all conversations of a trace share. */
export interface ListeningOptions {
  /** How names are written: `auto`, or a WHATWG label. */
  readonly nameEncoding: string
  /** Of each table so many records are decoded. */
  readonly mostRecords: number
  readonly memory: TableMemory
}

/** Of so many questions a conversation remembers what they asked. */
const MOST_ASKED = 64
/** So much of a packet is kept to be shown. */
const MOST_SHOWN_BYTES = 1_040
const TEMPLATE_PLACE_BYTES = 3

interface Asked {
  readonly code: number
  readonly data: Uint8Array
}

/** The pieces of an answer of several packets. */
interface Arriving {
  readonly asked: Asked | undefined
  readonly replyId: number
  readonly announced: number
  readonly pieces: Uint8Array[]
  received: number
}

/** Listens to one conversation. */
export class Conversation {
  readonly place: Place
  readonly #options: ListeningOptions
  readonly #asked = new Map<number, Asked>()
  /** The last question, while nothing has answered it. */
  #last: Asked | undefined
  #arriving: Arriving | undefined
  #table: TableRead | undefined
  #wanted: string | undefined
  #upload: TableRead | undefined
  #uploaded = 0
  #counts: { records: number | undefined; people: number | undefined } = {
    records: undefined,
    people: undefined,
  }

  constructor(place: Place, options: ListeningOptions) {
    this.place = place
    this.#options = options
  }

  /** What a packet (without its wrapper) says, and what comes to its end with it. */
  *heard(direction: Direction, bytes: Uint8Array, atMs: number | undefined): Generator<Entry> {
    if (bytes.length < PACKET_HEADER_BYTES) {
      yield this.remark(`${bytes.length} bytes that are no packet`, atMs)
      return
    }
    const packet = decodePacket(bytes)
    yield* direction === '>' ? this.#request(packet, bytes, atMs) : this.#answer(packet, bytes, atMs)
  }

  /** It is over: what a table brought so far is told. */
  *ended(atMs: number | undefined): Generator<Entry> {
    yield* this.#tableEnds(atMs)
    this.#dropArriving()
    this.#dropUpload()
    this.#asked.clear()
    this.#last = undefined
  }

  /** Something beside the packets. */
  remark(text: string, atMs: number | undefined): Entry {
    return { type: 'remark', place: this.place, atMs, text }
  }

  *#request(packet: Packet, bytes: Uint8Array, atMs: number | undefined): Generator<Entry> {
    const { command, payload, replyId } = packet
    const hidden = requestHides(command, payload)
    const line = { packet, bytes, atMs, direction: '>', hidden } as const
    if (command === REPLIES.ACK_OK) {
      yield this.#line({ ...line, role: 'acknowledgement', name: 'ACK_OK', said: NOTHING })
      return
    }
    const before = this.#asked.get(replyId)
    const isAgain = before?.code === command && sameBytes(before.data, payload)
    const said = this.#saidByRequest(command, payload)
    const remark = isAgain ? 'sent again' : said.remark
    yield this.#line({ ...line, role: 'request', name: commandName(command), said: { ...said, remark } })
    this.#remember(replyId, { code: command, data: payload.slice() })
    if (!isAgain) yield* this.#effects(command, payload, atMs)
  }

  #saidByRequest(code: number, data: Uint8Array): Said {
    if (code === CODES.AUTH) return { facts: [fact('scrambledKey', NOT_SHOWN, 'plain')], remark: undefined }
    if (code === CODES.DATA) return { facts: [fact('dataBytes', data.length, 'plain')], remark: undefined }
    if (code === CODES.USER_WRQ) return saidOfPerson(data, this.#options.nameEncoding)
    if (code === CODES.DATA_WRRQ && data.length >= bulkRequest.sizeBytes) {
      const { command, dataType } = bulkRequest.decode(data)
      return { facts: [fact('table', tableName(command, dataType), 'plain')], remark: undefined }
    }
    return saidBy(code, 'request', data)
  }

  /** What a request means for the tables that are under way. */
  *#effects(code: number, data: Uint8Array, atMs: number | undefined): Generator<Entry> {
    if (code === CODES.DATA_WRRQ) {
      yield* this.#tableEnds(atMs)
      const request = data.length >= bulkRequest.sizeBytes ? bulkRequest.decode(data) : undefined
      this.#wanted = request === undefined ? undefined : tableName(request.command, request.dataType)
    }
    if (code === CODES.PREPARE_DATA) {
      this.#dropUpload()
      this.#upload = new TableRead('upload', undefined, this.#options.memory)
    }
    if (code === CODES.DATA) {
      this.#upload?.put(this.#uploaded, data)
      this.#uploaded += data.length
    }
    if (code === CODES.SAVE_USERTEMPS && this.#upload !== undefined)
      yield* uploadEntries(this.#upload, this.#options.nameEncoding, { place: this.place, atMs })
    if (code === CODES.FREE_DATA || code === CODES.EXIT || code === CODES.CONNECT) {
      yield* this.#tableEnds(atMs)
      this.#dropUpload()
    }
  }

  *#answer(packet: Packet, bytes: Uint8Array, atMs: number | undefined): Generator<Entry> {
    const { command, session, payload, replyId } = packet
    if (command === CODES.REG_EVENT) {
      const facts = decodeLiveEvents(session, payload).flatMap(liveFacts)
      const line = { packet, bytes, atMs, direction: '<', hidden: false } as const
      yield this.#line({
        ...line,
        role: 'event',
        name: eventName(session),
        said: { facts, remark: undefined },
      })
      return
    }
    // Some clients count in another way than their terminal: what comes next is the answer all the same.
    const known =
      this.#asked.get(replyId) ?? (this.#arriving?.replyId === replyId ? this.#arriving.asked : undefined)
    const asked = known ?? this.#last
    const isOther = known === undefined && asked !== undefined
    this.#last = undefined
    const hidden = payload.length > 0 && answerHides(asked, command, payload, this.#table?.name)
    const answers = asked === undefined ? undefined : commandName(asked.code)
    const { facts, remark = isOther ? 'another reply id than the question' : undefined } = this.#saidByAnswer(
      asked,
      packet,
    )
    const said = { facts, remark }
    const name = replyName(command)
    yield this.#line({ packet, bytes, atMs, direction: '<', hidden, role: 'reply', name, answers, said })
    yield* this.#gather(asked, packet, atMs)
  }

  #saidByAnswer(asked: Asked | undefined, { command, payload, session, replyId }: Packet): Said {
    if (command === REPLIES.PREPARE_DATA && payload.length >= transferHead.sizeBytes) {
      const { sizeBytes, packetBytes } = transferHead.decode(payload)
      const facts = [fact('sizeBytes', sizeBytes, 'plain'), fact('packetBytes', packetBytes, 'plain')]
      return { facts, remark: undefined }
    }
    if (command === REPLIES.DATA) {
      const size = fact('dataBytes', payload.length, 'plain')
      const isPiece = this.#arriving?.replyId === replyId
      return { facts: isPiece ? [fact('piece', session, 'plain'), size] : [size], remark: undefined }
    }
    if (asked === undefined)
      return { facts: payload.length > 0 ? [bytesFact(payload)] : [], remark: undefined }
    if (command !== REPLIES.ACK_OK && command !== REPLIES.ACK_DATA)
      return { facts: payload.length > 0 ? [bytesFact(payload)] : [], remark: refusalRemark(asked, command) }
    if (asked.code === CODES.DATA_WRRQ && payload.length >= bulkReady.sizeBytes) {
      const { sizeBytes } = bulkReady.decode(payload)
      return { facts: [fact('tableBytes', sizeBytes, 'plain')], remark: undefined }
    }
    if (asked.code === CODES.STATE_RRQ) return { facts: [fact('state', session, 'plain')], remark: undefined }
    if (asked.code === CODES.USERTEMP_RRQ || asked.code === CODES.GET_USERTEMP)
      return { facts: [fact('dataBytes', payload.length, 'plain')], remark: undefined }
    return saidBy(asked.code, 'reply', payload)
  }

  /** What an answer brings: a piece of a transfer, a slice of a table, a whole table, a template. */
  *#gather(
    asked: Asked | undefined,
    { command, payload, replyId }: Packet,
    atMs: number | undefined,
  ): Generator<Entry> {
    if (command === REPLIES.PREPARE_DATA) {
      this.#dropArriving()
      const announced = payload.length >= transferHead.sizeBytes ? transferHead.decode(payload).sizeBytes : 0
      this.#arriving = { asked, replyId, announced, pieces: [], received: 0 }
      return
    }
    const arriving = this.#arriving?.replyId === replyId ? this.#arriving : undefined
    if (command === REPLIES.DATA) {
      if (arriving === undefined) yield* this.#brought(asked, payload, atMs)
      else this.#keepPiece(arriving, payload)
      return
    }
    if (arriving !== undefined) {
      this.#arriving = undefined
      if (arriving.received !== arriving.announced)
        yield this.remark(`a transfer of ${arriving.announced} bytes ended after ${arriving.received}`, atMs)
      const data = joinBytes(arriving.pieces)
      this.#options.memory.giveBack(data.length)
      yield* this.#brought(asked, data, atMs)
      return
    }
    if (command !== REPLIES.ACK_OK && command !== REPLIES.ACK_DATA) return
    if (asked?.code === CODES.GET_FREE_SIZES) {
      const { records, people } = decodeCapacity(payload)
      this.#counts = { records, people }
    }
    if (
      asked?.code === CODES.DATA_WRRQ &&
      payload.length >= bulkReady.sizeBytes &&
      this.#wanted !== undefined
    )
      this.#table = new TableRead(this.#wanted, bulkReady.decode(payload).sizeBytes, this.#options.memory)
    if (asked?.code === CODES.USERTEMP_RRQ || asked?.code === CODES.GET_USERTEMP)
      yield* this.#brought(asked, payload, atMs)
  }

  /** A piece too much for the memory of the trace is counted and not kept. */
  #keepPiece(arriving: Arriving, payload: Uint8Array): void {
    arriving.received += payload.length
    if (this.#options.memory.take(payload.length)) arriving.pieces.push(payload.slice())
  }

  #dropArriving(): void {
    for (const { length } of this.#arriving?.pieces ?? []) this.#options.memory.giveBack(length)
    this.#arriving = undefined
  }

  *#brought(asked: Asked | undefined, data: Uint8Array, atMs: number | undefined): Generator<Entry> {
    if (asked === undefined) return
    if (asked.code === CODES.DATA_RDY) {
      if (asked.data.length >= readChunk.request.encode({ start: 0, sizeBytes: 0 }).length)
        this.#table?.put(readChunk.request.decode(asked.data).start, data)
      return
    }
    if (isTemplateRequest(asked)) {
      yield* this.#template(asked, data, atMs)
      return
    }
    const name = asked.code === CODES.DATA_WRRQ ? this.#wanted : directTable(asked)
    if (name === undefined) return
    const whole = new TableRead(name, data.length, this.#options.memory)
    whole.put(0, data)
    yield* this.#tell(whole, asked.code !== CODES.DATA_WRRQ, atMs)
  }

  *#template({ data: place }: Asked, data: Uint8Array, atMs: number | undefined): Generator<Entry> {
    if (data.length < 2) return
    const template = decodeSingleTemplate(u16At(place, 0), u8At(place, 2), data)
    const happening = { place: this.place, atMs, table: 'template' } as const
    yield { type: 'record', ...happening, index: 0, facts: templateFacts(template) }
  }

  *#tableEnds(atMs: number | undefined): Generator<Entry> {
    const table = this.#table
    this.#table = undefined
    if (table !== undefined) yield* this.#tell(table, false, atMs)
  }

  *#tell(table: TableRead, isDirect: boolean, atMs: number | undefined): Generator<Entry> {
    const happening = { place: this.place, atMs, table: table.name } as const
    const stretches = table.stretches()
    const seenBytes = stretches.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const sizeBytes = table.sizeBytes ?? seenBytes
    if (table.isDropped || seenBytes === 0) {
      const remark = table.isDropped ? 'too large to be put together' : 'no byte of it was seen'
      yield { type: 'table', ...happening, layout: undefined, sizeBytes, seenBytes, records: 0, remark }
      return
    }
    const counts = this.#counts
    const { nameEncoding } = this.#options
    const { layout, count, remark, records } = decodeTable({
      name: table.name,
      stretches,
      counts,
      isDirect,
      nameEncoding,
    })
    table.close()
    yield { type: 'table', ...happening, layout, sizeBytes, seenBytes, records: count, remark }
    let left = this.#options.mostRecords
    for (const { index, facts } of records) {
      if (left <= 0) return
      left -= 1
      yield { type: 'record', ...happening, index, facts }
    }
  }

  #dropUpload(): void {
    this.#upload?.close()
    this.#upload = undefined
    this.#uploaded = 0
  }

  #remember(replyId: number, asked: Asked): void {
    this.#last = asked
    this.#asked.delete(replyId)
    this.#asked.set(replyId, asked)
    const [oldest] = this.#asked.keys()
    if (this.#asked.size > MOST_ASKED && oldest !== undefined) this.#asked.delete(oldest)
  }

  #line(line: {
    readonly packet: Packet
    readonly bytes: Uint8Array
    readonly atMs: number | undefined
    readonly direction: Direction
    readonly role: Role
    readonly name: string
    readonly answers?: string | undefined
    readonly said: Said
    readonly hidden: boolean
  }): PacketEntry {
    const { packet, bytes, atMs, direction, role, name, answers, said, hidden } = line
    return {
      type: 'packet',
      place: this.place,
      atMs,
      direction,
      role,
      code: role === 'event' ? packet.session : packet.command,
      name,
      answers,
      session: packet.session,
      replyId: packet.replyId,
      checksum: packet.checksum,
      length: packet.payload.length,
      facts: said.facts,
      remark: said.remark,
      bytes: bytes.slice(0, hidden ? PACKET_HEADER_BYTES : MOST_SHOWN_BYTES),
    }
  }
}

const NOTHING: Said = { facts: [], remark: undefined }

function isTemplateRequest({ code, data }: Asked): boolean {
  return data.length === TEMPLATE_PLACE_BYTES && (code === CODES.USERTEMP_RRQ || code === CODES.GET_USERTEMP)
}

/** The table that an old direct command asks for; undefined for other commands. */
function directTable({ code, data }: Asked): string | undefined {
  if (code === CODES.ATTLOG_RRQ || code === CODES.OPLOG_RRQ) return tableName(code, 0)
  if (code !== CODES.USERTEMP_RRQ && code !== CODES.DB_RRQ) return undefined
  return data.length === 0 ? undefined : tableName(code, u8At(data, 0))
}

/** 2005 in answer to the connect command asks for a key; every other number but success is a no. */
function refusalRemark({ code }: Asked, reply: number): string {
  if (reply !== REPLIES.ACK_UNAUTH) return 'refused'
  if (code === CODES.CONNECT) return 'wants a comm key'
  return code === CODES.AUTH ? 'wrong comm key' : 'does not know the session'
}
