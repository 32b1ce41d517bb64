// The small tables: what was done at the terminal, its short messages and its work codes. Source: docs/protocol §20 and §21.
import { DATA_TYPES } from '../codes.ts'
import { BULK_TABLES, readOperationsDirectly, readTableDirectly } from '../commands/bulk.ts'
import type { BulkTable } from '../commands/bulk.ts'
import { ZkProtocolError } from '../errors.ts'
import type { RecordOf } from '../layout.ts'
import { decodeOperations } from '../records/operation.ts'
import type { Operation } from '../records/operation.ts'
import { sms72, smsLink } from '../records/sms.ts'
import { request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { capacityIfTold } from './read-attendance.ts'
import { readWholeTable } from './read-table.ts'

const MOST_BYTES = 16 * 1024 * 1024

/** The operation log, in its order. Throws ZK_BAD_RECORD when its records are of another form. */
export function* readOperations(sliceBytes: number): Procedure<Operation[]> {
  const { operations } = yield* capacityIfTold()
  const records = yield* readWholeTable({
    table: BULK_TABLES.operationLog,
    direct: () => request(readOperationsDirectly, undefined),
    announced: operations,
    sliceBytes,
    mostBytes: MOST_BYTES,
  })
  return decodeOperations(records)
}

/** The table of work codes, as it is: no source knows the form of its records. */
export function readWorkCodes(sliceBytes: number): Procedure<Uint8Array> {
  return readWholeTable({
    table: BULK_TABLES.workCodes,
    direct: () => request(readTableDirectly, { dataType: DATA_TYPES.WORK_CODES }),
    announced: undefined,
    sliceBytes,
    mostBytes: MOST_BYTES,
  })
}

/** The records of all short messages. Throws ZK_BAD_RECORD when they are not of 72 bytes. */
export function readMessageRecords(sliceBytes: number): Procedure<Uint8Array[]> {
  return readRecords(BULK_TABLES.messages, sms72.sizeBytes, sliceBytes)
}

/** Which message is shown to whom. Throws ZK_BAD_RECORD when the records are not of 4 bytes, as they are written. */
export function* readMessageLinks(sliceBytes: number): Procedure<RecordOf<typeof smsLink>[]> {
  const records = yield* readRecords(BULK_TABLES.messageLinks, smsLink.sizeBytes, sliceBytes)
  return records.map((record) => smsLink.decode(record))
}

function* readRecords(table: BulkTable, recordSize: number, sliceBytes: number): Procedure<Uint8Array[]> {
  const records = yield* readWholeTable({
    table,
    direct: () => request(readTableDirectly, { dataType: table.dataType }),
    announced: undefined,
    sliceBytes,
    mostBytes: MOST_BYTES,
  })
  if (records.length % recordSize !== 0) {
    throw new ZkProtocolError(
      'ZK_BAD_RECORD',
      `The table ${table.name} of ${records.length} bytes does not hold whole records of ${recordSize}`,
      { effect: 'none', details: { table: table.name, totalBytes: records.length } },
    )
  }
  const found: Uint8Array[] = []
  for (let at = 0; at < records.length; at += recordSize) found.push(records.slice(at, at + recordSize))
  return found
}
