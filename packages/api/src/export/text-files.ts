// Tables as text: CSV for spreadsheets and programs, NDJSON for programs alone.
import { stringify } from 'csv-stringify/sync'
import { asSpreadsheetText } from './spreadsheet-text.ts'
import type { Row, TableFile } from './table-file.ts'

/** RFC 4180, a heading first; UTF-8 without a mark, which programs would take for part of the first name. */
export async function* csvFile({ columns, batches }: TableFile): AsyncGenerator<string> {
  yield csvLines([columns])
  for await (const batch of batches) {
    yield csvLines(batch.map((row) => columns.map((column) => row[column] ?? null)))
  }
}

function csvLines(records: readonly (readonly unknown[])[]): string {
  return stringify([...records], {
    record_delimiter: '\r\n',
    cast: { string: asSpreadsheetText, boolean: String },
  })
}

/** A JSON object a line, as it stands: no program takes JSON for a formula. */
export async function* ndjsonFile({ batches }: TableFile): AsyncGenerator<string> {
  for await (const batch of batches) yield batch.map(jsonLine).join('')
}

function jsonLine(row: Row): string {
  return `${JSON.stringify(row)}\n`
}
