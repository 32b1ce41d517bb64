// Punches as a file in one of three formats: what the export's route sends and what the command line writes.
import { Readable } from 'node:stream'
import type { Punch } from '@org/core'
import type { Static } from 'typebox'
import { PunchReply, toPunchReply, type PunchExportQuery } from '../schemas/punch.ts'
import type { TableFile } from './table-file.ts'
import { csvFile, ndjsonFile } from './text-files.ts'
import { xlsxFile } from './xlsx-file.ts'

/** What can be written. */
export type PunchFormat = Static<typeof PunchExportQuery>['format']

const COLUMNS = Object.keys(PunchReply.properties)

const FILES: Readonly<Record<PunchFormat, (table: TableFile) => Readable>> = {
  csv: (table) => Readable.from(csvFile(table), { objectMode: false }),
  ndjson: (table) => Readable.from(ndjsonFile(table), { objectMode: false }),
  xlsx: (table) => xlsxFile(table),
}

/** The file as a stream, made as it is taken. Reads the first batch before it resolves, so that what fails at once rejects. */
export async function punchFile(
  format: PunchFormat,
  punches: AsyncIterable<readonly Punch[]>,
): Promise<Readable> {
  return FILES[format]({ columns: COLUMNS, batches: await begun(punches) })
}

async function begun(
  punches: AsyncIterable<readonly Punch[]>,
): Promise<AsyncGenerator<readonly Static<typeof PunchReply>[]>> {
  const reading = punches[Symbol.asyncIterator]()
  let next = await reading.next()
  async function* rows(): AsyncGenerator<readonly Static<typeof PunchReply>[]> {
    try {
      for (; next.done !== true; next = await reading.next()) yield next.value.map(toPunchReply)
    } finally {
      await reading.return?.()
    }
  }
  return rows()
}
