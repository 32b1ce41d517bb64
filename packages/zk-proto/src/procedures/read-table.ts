// Reading a table whole into memory, for tables that are small beside the attendance log. Source: docs/protocol §14.
import { joinBytes } from '../bytes.ts'
import { TABLE_HEAD_BYTES } from '../commands/bulk.ts'
import { ZkProtocolError } from '../errors.ts'
import type { Procedure } from '../session/procedure.ts'
import { recordBytes, withTable } from './bulk-read.ts'
import type { BulkPlan, OpenTable } from './bulk-read.ts'
import type { OnProgress } from './read-progress.ts'

/** A table that is read whole. */
export interface WholeTablePlan extends BulkPlan {
  readonly sliceBytes: number
  /** More than this no terminal can have: it is refused before memory is taken for it. */
  readonly mostBytes: number
  readonly onProgress?: OnProgress | undefined
}

/** The records of a table, without its leading word. Throws ZK_TOO_LARGE beside what `withTable` throws. */
export function readWholeTable(plan: WholeTablePlan): Procedure<Uint8Array> {
  return withTable(plan, (table) => takeAll(table, plan))
}

function* takeAll(table: OpenTable, plan: WholeTablePlan): Procedure<Uint8Array> {
  if (table.sizeBytes === 0) return new Uint8Array(0)
  const beginning = yield* table.read(0, plan.sliceBytes)
  const total = recordBytes(table, beginning) + TABLE_HEAD_BYTES
  if (total > plan.mostBytes) {
    throw new ZkProtocolError('ZK_TOO_LARGE', `A table of ${plan.table.name} cannot take ${total} bytes`, {
      effect: 'none',
      details: { table: plan.table.name, sizeBytes: total, limit: plan.mostBytes },
    })
  }
  const tell = (bytesDone: number): void => {
    plan.onProgress?.({
      phase: 'reading',
      bytesDone,
      bytesTotal: total,
      recordsDone: 0,
      recordsTotal: plan.announced,
    })
  }
  const pieces = [beginning.subarray(0, total)]
  let at = Math.min(beginning.length, total)
  tell(at)
  while (at < total) {
    const slice = yield* table.read(at, Math.min(plan.sliceBytes, total - at))
    pieces.push(slice)
    at += slice.length
    tell(at)
  }
  return joinBytes(pieces).subarray(TABLE_HEAD_BYTES)
}
