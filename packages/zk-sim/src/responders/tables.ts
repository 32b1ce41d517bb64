// The tables of a terminal as clients name them, and how a table or a template travels. Source: docs/protocol §14.
import { BULK_TABLES, DATA_TYPES, encodeTemplates, REPLIES, type BulkRequest } from '@org/zk-proto/wire'
import type { TerminalMemory } from '../memory.ts'
import { TableSnapshot } from '../table-snapshot.ts'
import { replyWith, transferOf, type Answer, type Exchange } from './respond.ts'

/** A datagram of a transfer holds no more data than this. Source: docs/protocol §4. */
const MAX_DATAGRAM_DATA_BYTES = 1_024

/** What stands in each table now, by the data type of docs/protocol §14.1. */
const RECORDS: ReadonlyMap<number, (memory: TerminalMemory) => Uint8Array> = new Map([
  [DATA_TYPES.ATTENDANCE, ({ log }: TerminalMemory) => log.snapshot()],
  [DATA_TYPES.TEMPLATES, ({ templates }) => encodeTemplates(templates.list())],
  [DATA_TYPES.OPERATION_LOG, ({ operations }) => operations.snapshot()],
  [DATA_TYPES.PEOPLE, ({ people }) => people.snapshot()],
  [DATA_TYPES.SMS, ({ messages }) => messages.table()],
  [DATA_TYPES.SMS_LINKS, ({ messages }) => messages.linkTable()],
  [DATA_TYPES.WORK_CODES, ({ workCodes }) => workCodes.slice()],
])

/** A snapshot of the table of a data type; undefined when there is none of that number. */
export function tableOfType(dataType: number, memory: TerminalMemory): TableSnapshot | undefined {
  const records = RECORDS.get(dataType)
  return records && new TableSnapshot(records(memory))
}

/** A snapshot of the table that a buffered read names; undefined when the terminal has none such. */
export function tableOf(
  { command, dataType }: BulkRequest,
  memory: TerminalMemory,
): TableSnapshot | undefined {
  switch (command) {
    case BULK_TABLES.attendance.command:
      return tableOfType(DATA_TYPES.ATTENDANCE, memory)
    case BULK_TABLES.operationLog.command:
      return tableOfType(DATA_TYPES.OPERATION_LOG, memory)
    case BULK_TABLES.people.command:
      return dataType === DATA_TYPES.PEOPLE ? tableOfType(dataType, memory) : undefined
    case BULK_TABLES.templates.command:
      return dataType === DATA_TYPES.PEOPLE ? undefined : tableOfType(dataType, memory)
    default:
      return undefined
  }
}

/** Bytes as a transfer, in packets of the model's size. */
export function transferred(data: Uint8Array, { memory, link }: Exchange): Answer {
  const { maxPacketBytes, closingAck } = memory.profile
  const packetBytes =
    link.transport === 'udp' ? Math.min(maxPacketBytes, MAX_DATAGRAM_DATA_BYTES) : maxPacketBytes
  return transferOf({ data, packetBytes, closing: closingAck })
}

/** A table by the old direct way: a small one in one packet, others as a transfer. */
export function tableDirectly(table: TableSnapshot, exchange: Exchange): Answer {
  const bytes = table.whole()
  return bytes.length <= exchange.memory.profile.inlineLimitBytes
    ? replyWith({ code: REPLIES.DATA, payload: bytes })
    : transferred(bytes, exchange)
}
