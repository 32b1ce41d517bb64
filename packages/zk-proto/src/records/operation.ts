// The operation log: what was done at the terminal's menu and to its hardware. Source: docs/protocol §20.
import { ZkProtocolError } from '../errors.ts'
import { layout, opaque, packedTime, u16, u8 } from '../layout.ts'
import { formatPackedTime, isRealPackedTime } from '../wall-time.ts'

/** One record of the operation log. Source: docs/protocol §20, capture oplog-16. */
export const operation16 = layout('operation/16', 16, {
  administratorUid: u16(0),
  operation: u8(2),
  unknown3: opaque(3, 1), // a leftover
  time: packedTime(4),
  parameter0: u16(8),
  parameter1: u16(10),
  parameter2: u16(12),
  parameter3: u16(14),
})

/** What the numbers of operations mean. Others exist. Source: docs/protocol §20. */
export const OPERATIONS: ReadonlyMap<number, string> = new Map([
  [0, 'power on'],
  [1, 'power off'],
  [2, 'authentication failure alarm'],
  [3, 'tamper alarm'],
  [4, 'enter menu'],
  [5, 'change option'],
  [6, 'enrol fingerprint'],
  [7, 'enrol password'],
  [8, 'enrol card'],
  [9, 'delete user'],
  [10, 'delete fingerprint'],
  [11, 'delete password'],
  [12, 'delete card'],
  [13, 'clear data'],
  [14, 'create MF card'],
  [15, 'enrol MF card'],
  [16, 'register MF card'],
  [17, 'delete MF registration'],
  [18, 'clear MF card content'],
  [19, 'move registration data to card'],
  [20, 'copy card data to terminal'],
  [21, 'set time'],
  [22, 'restore factory settings'],
  [23, 'clear attendance'],
  [24, 'clear administrators'],
  [25, 'change access options'],
  [26, 'change access options of a user'],
  [27, 'change access time zones'],
  [28, 'change unlock combinations'],
  [29, 'unlock'],
  [30, 'enrol user'],
])

/** The name of an operation, or `unknown`. */
export function operationName(operation: number): string {
  return OPERATIONS.get(operation) ?? 'unknown'
}

/** One thing that was done. */
export interface Operation {
  /** Its place in the log, from 0. */
  readonly index: number
  /** Who did it; 0 for nobody. */
  readonly administratorUid: number
  readonly operation: number
  readonly name: string
  readonly packedTime: number
  /** `YYYY-MM-DDTHH:MM:SS` on the terminal's clock, exactly as recorded. */
  readonly wallTime: string
  readonly validTime: boolean
  /** Four numbers; as a rule the person operated on, the result (1 success), and two of the operation's own. */
  readonly parameters: readonly [number, number, number, number]
  readonly raw: Uint8Array
}

/** The records of a whole read. Throws ZK_BAD_RECORD when their bytes are no multiple of 16. */
export function decodeOperations(records: Uint8Array): Operation[] {
  if (records.length % operation16.sizeBytes !== 0) {
    throw new ZkProtocolError(
      'ZK_BAD_RECORD',
      `An operation log of ${records.length} bytes does not hold whole records of ${operation16.sizeBytes}`,
      { effect: 'none', details: { totalBytes: records.length } },
    )
  }
  const operations: Operation[] = []
  for (let at = 0; at < records.length; at += operation16.sizeBytes) {
    const record = operation16.decode(records, at)
    operations.push({
      index: at / operation16.sizeBytes,
      administratorUid: record.administratorUid,
      operation: record.operation,
      name: operationName(record.operation),
      packedTime: record.time,
      wallTime: formatPackedTime(record.time),
      validTime: isRealPackedTime(record.time),
      parameters: [record.parameter0, record.parameter1, record.parameter2, record.parameter3],
      raw: records.slice(at, at + operation16.sizeBytes),
    })
  }
  return operations
}
