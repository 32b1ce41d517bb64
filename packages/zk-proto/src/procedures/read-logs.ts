// The small tables: what was done at the terminal, its short messages and its work codes. Source: docs/protocol §20 and §21.
import { DATA_TYPES } from '../codes.ts'
import { BULK_TABLES, readOperationsDirectly, readTableDirectly } from '../commands/bulk.ts'
import { ZkProtocolError } from '../errors.ts'
import { decodeOperations } from '../records/operation.ts'
import type { Operation } from '../records/operation.ts'
import { sms72 } from '../records/sms.ts'
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
export function* readMessageRecords(sliceBytes: number): Procedure<Uint8Array[]> {
  const records = yield* readWholeTable({
    table: BULK_TABLES.messages,
    direct: () => request(readTableDirectly, { dataType: DATA_TYPES.SMS }),
    announced: undefined,
    sliceBytes,
    mostBytes: MOST_BYTES,
  })
  if (records.length % sms72.sizeBytes !== 0) {
    throw new ZkProtocolError(
      'ZK_BAD_RECORD',
      `A table of messages of ${records.length} bytes does not hold whole records of ${sms72.sizeBytes}`,
      { effect: 'none', details: { totalBytes: records.length } },
    )
  }
  const found: Uint8Array[] = []
  for (let at = 0; at < records.length; at += sms72.sizeBytes) {
    found.push(records.slice(at, at + sms72.sizeBytes))
  }
  return found
}
