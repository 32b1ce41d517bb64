// The buffered read: prepare a snapshot of a table in the terminal, read it in chunks, free it. Also the packets that a
// transfer is made of, and the tables it can read. Source: docs/protocol §14.
import { CODES, DATA_TYPES, REPLIES } from '../codes.ts'
import { anyBytes, empty, layout, u16, u32, u8 } from '../layout.ts'
import type { RecordOf } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** A table as CMD_DATA_WRRQ names it: a command number and a data type. Source: docs/protocol §14.2. */
export interface BulkTable {
  readonly name: string
  readonly command: number
  readonly dataType: number
}

/** The tables whose numbers are known. */
export const BULK_TABLES = {
  attendance: { name: 'attendance', command: CODES.ATTLOG_RRQ, dataType: 0 },
  people: { name: 'people', command: CODES.USERTEMP_RRQ, dataType: DATA_TYPES.PEOPLE },
  templates: { name: 'templates', command: CODES.DB_RRQ, dataType: DATA_TYPES.TEMPLATES },
  operationLog: { name: 'operationLog', command: CODES.OPLOG_RRQ, dataType: 0 },
  messages: { name: 'messages', command: CODES.DB_RRQ, dataType: DATA_TYPES.SMS },
  messageLinks: { name: 'messageLinks', command: CODES.DB_RRQ, dataType: DATA_TYPES.SMS_LINKS },
  workCodes: { name: 'workCodes', command: CODES.DB_RRQ, dataType: DATA_TYPES.WORK_CODES },
} as const satisfies Record<string, BulkTable>

/** The request of CMD_DATA_WRRQ. Source: docs/protocol §14.2. */
export const bulkRequest = layout('bulkRequest', 11, {
  one: u8(0),
  command: u16(1),
  dataType: u32(3),
  extra: u32(7),
})
export type BulkRequest = RecordOf<typeof bulkRequest>

/** The data of the 2000 that says a buffer is ready. The size counts the set with its leading size word. */
export const bulkReady = layout('bulkReady', 13, {
  zero: u8(0),
  sizeBytes: u32(1),
  sizeBytesAgain: u32(5),
  unknown9: u32(9), // differs from answer to answer; no source knows it
})
export type BulkReady = RecordOf<typeof bulkReady>

/** The data of the packet that opens a transfer. The packet size is a hint: packets may be shorter. */
export const transferHead = layout('transferHead', 8, { sizeBytes: u32(0), packetBytes: u32(4) })
export type TransferHead = RecordOf<typeof transferHead>

/** The word that a table begins with: how many bytes of records follow. */
export const tableHead = layout('tableHead', 4, { sizeBytes: u32(0) })

/** Bytes of the word that a table begins with. */
export const TABLE_HEAD_BYTES = tableHead.sizeBytes

/**
 * Prepares a snapshot. Answered by 2000 with `bulkReady`, by the whole table in one DATA packet, or by a transfer; the
 * reply is bytes because its form depends on that.
 */
export const prepareBulk = defineCommand({
  name: 'prepareBulk',
  code: CODES.DATA_WRRQ,
  request: bulkRequest,
  reply: anyBytes,
  accepts: [REPLIES.ACK_OK, REPLIES.ACK_DATA, REPLIES.DATA],
  repeat: 'safe',
  patience: 'prepare',
})

/** Reads part of the snapshot. Answered by a transfer, or by one DATA packet. */
export const readChunk = defineCommand({
  name: 'readChunk',
  code: CODES.DATA_RDY,
  request: layout('readChunk', 8, { start: u32(0), sizeBytes: u32(4) }),
  reply: anyBytes,
  accepts: [REPLIES.ACK_OK, REPLIES.ACK_DATA, REPLIES.DATA],
  repeat: 'safe',
})

/** A table of a data type by the old direct way. The answer is a transfer. Source: docs/protocol §14.1. */
export const readTableDirectly = defineCommand({
  name: 'readTableDirectly',
  code: CODES.DB_RRQ,
  request: layout('readTableDirectly', 1, { dataType: u8(0) }),
  reply: anyBytes,
  repeat: 'safe',
  patience: 'prepare',
})

/** The operation log by the old direct way. The answer is a transfer. Source: docs/protocol §14.1. */
export const readOperationsDirectly = defineCommand({
  name: 'readOperationsDirectly',
  code: CODES.OPLOG_RRQ,
  request: empty,
  reply: anyBytes,
  repeat: 'safe',
  patience: 'prepare',
})

/** Frees the snapshot; a terminal that keeps one refuses the next reader, or serves it old data. */
export const freeBulk = defineCommand({
  name: 'freeBulk',
  code: CODES.FREE_DATA,
  request: empty,
  reply: empty,
  repeat: 'safe',
})
