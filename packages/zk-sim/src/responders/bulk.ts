// Whole tables: a snapshot read in slices (1503, 1504, 1502), and the direct reads of older clients. The script of
// faults acts here on the log under a reader's hands. Source: docs/protocol §14 and §26.6.
import {
  BULK_TABLES,
  bulkReady,
  CODES,
  DATA_TYPES,
  freeBulk,
  prepareBulk,
  readAttendanceDirectly,
  readChunk,
  readPeopleDirectly,
  REPLIES,
  TABLE_HEAD_BYTES,
  tableHead,
  type BulkRequest,
} from '@org/zk-proto/wire'
import type { TerminalMemory } from '../memory.ts'
import { seededRandom } from '../seeded-random.ts'
import {
  done,
  refused,
  replyWith,
  respond,
  silence,
  transferOf,
  type Answer,
  type Exchange,
  type Responder,
} from './respond.ts'

/** A datagram of a transfer holds no more data than this. Source: docs/protocol §4. */
const MAX_DATAGRAM_DATA_BYTES = 1_024
/** Stands in the 13 bytes that announce a buffer; as captured, its meaning unknown. */
const UNKNOWN_9 = 0x0023_efcd

export const bulkResponders: readonly Responder[] = [
  respond(prepareBulk, (request, exchange) => {
    const { memory, link, faults, power } = exchange
    const { refusesBufferedReads, inlineLimitBytes } = memory.profile
    if (refusesBufferedReads !== undefined) return refused(refusesBufferedReads)
    let restarts = false
    if (request.command === CODES.ATTLOG_RRQ) {
      const fault = faults.onSlice(0)
      changeLog(memory, fault)
      restarts = fault.restart
    }
    const bytes = tableOf(request, memory)
    if (bytes === undefined) return refused()
    if (restarts) return restartInstead(power)
    if (bytes.length <= inlineLimitBytes) return replyWith({ code: REPLIES.DATA, payload: bytes })
    link.buffer = { command: request.command, bytes, slices: 0 }
    const sizeBytes = bytes.length
    return done(bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: UNKNOWN_9 }))
  }),

  respond(readChunk, ({ start, sizeBytes }, exchange) => {
    const { memory, link, stats, faults, power } = exchange
    const { buffer } = link
    stats.countSlice(sizeBytes)
    if (buffer === undefined || start >= buffer.bytes.length) return refused()
    buffer.slices += 1
    if (buffer.command === CODES.ATTLOG_RRQ) {
      const fault = faults.onSlice(buffer.slices)
      changeLog(memory, fault)
      if (fault.restart) return restartInstead(power)
    }
    return tableTransfer(buffer.bytes.subarray(start, start + sizeBytes), exchange)
  }),

  respond(freeBulk, (_, { link }) => {
    link.buffer = undefined
  }),

  respond(readAttendanceDirectly, (_, exchange) => {
    const { memory } = exchange
    const { directReads } = memory.profile
    if (directReads === 'unknown') return refused(REPLIES.ACK_UNKNOWN)
    const records = memory.log.snapshot()
    return directAnswer(directReads === 'log' ? withHead(records) : leftoverMemory(records.length), exchange)
  }),

  respond(readPeopleDirectly, (data, exchange) => {
    const { memory } = exchange
    const [first, second, finger] = data
    if (data.length === 1 && first === DATA_TYPES.PEOPLE) {
      return directAnswer(withHead(memory.people.snapshot()), exchange)
    }
    if (first === undefined || second === undefined || finger === undefined) return refused()
    const template = memory.templates.get(first | (second << 8), finger)
    // Behind the template stands one more byte, 1 in every recording. Source: docs/protocol §16.
    return template === undefined ? refused() : tableTransfer(Uint8Array.of(...template, 1), exchange)
  }),
]

/** The table that a request names, with its size word; undefined when the terminal has none such. */
function tableOf({ command, dataType }: BulkRequest, memory: TerminalMemory): Uint8Array | undefined {
  if (command === BULK_TABLES.attendance.command) return withHead(memory.log.snapshot())
  if (command === BULK_TABLES.people.command && dataType === DATA_TYPES.PEOPLE) {
    return withHead(memory.people.snapshot())
  }
  return undefined
}

function withHead(records: Uint8Array): Uint8Array {
  const table = new Uint8Array(TABLE_HEAD_BYTES + records.length)
  table.set(tableHead.encode({ sizeBytes: records.length }))
  table.set(records, TABLE_HEAD_BYTES)
  return table
}

function tableTransfer(data: Uint8Array, { memory, link }: Exchange): Answer {
  const { maxPacketBytes, closingAck } = memory.profile
  const packetBytes =
    link.transport === 'udp' ? Math.min(maxPacketBytes, MAX_DATAGRAM_DATA_BYTES) : maxPacketBytes
  return transferOf({ data, packetBytes, closing: closingAck })
}

/** A direct read: small tables in one packet, others as a transfer. */
function directAnswer(table: Uint8Array, exchange: Exchange): Answer {
  return table.length <= exchange.memory.profile.inlineLimitBytes
    ? replyWith({ code: REPLIES.DATA, payload: table })
    : tableTransfer(table, exchange)
}

/** What some units send for a direct read: the right size, and whatever lay in memory. Capture att-k40-direct-read-garbage. */
function leftoverMemory(bytes: number): Uint8Array {
  const random = seededRandom(bytes, 'leftover memory')
  return withHead(
    Uint8Array.from({ length: bytes }, (_, index) => (index % 4 > 1 ? random.below(3) : random.below(256))),
  )
}

function changeLog(memory: TerminalMemory, fault: { clear: boolean; punches: number }): void {
  if (fault.clear) memory.clearLog()
  const people = memory.people.list()
  for (let count = 0; count < fault.punches; count++) {
    memory.punch({ pin: people[count % Math.max(people.length, 1)]?.pin ?? '1' })
  }
}

/** The terminal goes down instead of answering. */
function restartInstead(power: Exchange['power']): Answer {
  return silence(() => power.restart())
}
