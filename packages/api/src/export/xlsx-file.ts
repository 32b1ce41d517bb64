// A table as a workbook, written as it goes: each sheet is one entry of the ZIP file and is compressed while its rows come, and what
// names the sheets is written last, when their number is known. Source: ECMA-376 part 1, chapters 12 and 18.
import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { asSpreadsheetText } from './spreadsheet-text.ts'
import type { Cell, Row, TableFile } from './table-file.ts'

/** Rows of a sheet at most, the heading included. */
const MOST_ROWS = 1_048_576

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

/**
 * The file as a stream, which fails when the rows do. Destroying it ends the reading of rows.
 * @param mostRows of a sheet; given in tests
 */
export function xlsxFile({ columns, batches }: TableFile, mostRows: number = MOST_ROWS): Readable {
  const zip = new ZipFile()
  const file = new PassThrough()
  const gone = new AbortController()
  file.once('close', () => gone.abort())
  zip.once('error', (error: unknown) => file.destroy(asError(error)))
  zip.outputStream.pipe(file)
  writeBook(zip, columns, new RowSource(batches), mostRows, gone.signal).catch((error: unknown) =>
    file.destroy(asError(error)),
  )
  return file
}

async function writeBook(
  zip: ZipFile,
  columns: readonly string[],
  rows: RowSource,
  mostRows: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    let sheets = 0
    do {
      sheets += 1
      const sheet = Readable.from(sheetParts(columns, rows, mostRows), { objectMode: false })
      const end = (): void => void sheet.destroy()
      signal.addEventListener('abort', end)
      zip.addReadStream(sheet, `xl/worksheets/sheet${sheets}.xml`)
      await finished(sheet, { signal })
      signal.removeEventListener('abort', end)
    } while (await rows.hasMore())
    for (const [path, text] of Object.entries(bookParts(sheets))) zip.addBuffer(Buffer.from(text), path)
    zip.end()
  } finally {
    await rows.end()
  }
}

/** Rows in portions, from batches that end where they like. */
class RowSource {
  readonly #batches: AsyncIterator<readonly Row[]>
  #batch: readonly Row[] = []

  constructor(batches: AsyncIterable<readonly Row[]>) {
    this.#batches = batches[Symbol.asyncIterator]()
  }

  async hasMore(): Promise<boolean> {
    while (this.#batch.length === 0) {
      const next = await this.#batches.next()
      if (next.done === true) return false
      this.#batch = next.value
    }
    return true
  }

  /** At most so many, at least one; none at the end. */
  async take(count: number): Promise<readonly Row[]> {
    if (!(await this.hasMore())) return []
    const taken = this.#batch.slice(0, count)
    this.#batch = this.#batch.slice(count)
    return taken
  }

  async end(): Promise<void> {
    await this.#batches.return?.()
  }
}

async function* sheetParts(
  columns: readonly string[],
  rows: RowSource,
  mostRows: number,
): AsyncGenerator<Buffer> {
  const letters = columns.map((_, i) => columnLetters(i))
  const rowXml = (cells: readonly Cell[], number: number): string =>
    `<row r="${number}">${cells.map((cell, i) => cellXml(cell, `${letters[i]}${number}`)).join('')}</row>`
  yield Buffer.from(`${XML}<worksheet xmlns="${MAIN}"><sheetData>${rowXml(columns, 1)}`)
  let written = 1
  while (written < mostRows) {
    const taken = await rows.take(mostRows - written)
    if (taken.length === 0) break
    const before = written + 1
    const xml = taken.map((row, i) =>
      rowXml(
        columns.map((column) => row[column] ?? null),
        before + i,
      ),
    )
    written += taken.length
    yield Buffer.from(xml.join(''))
  }
  yield Buffer.from('</sheetData></worksheet>')
}

/** A, B … Z, AA … */
function columnLetters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter
}

function cellXml(cell: Cell, place: string): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return `<c r="${place}"><v>${cell}</v></c>`
  if (typeof cell === 'boolean') return `<c r="${place}" t="b"><v>${cell ? 1 : 0}</v></c>`
  const text = xmlText(asSpreadsheetText(cell))
  return `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What XML cannot hold is written _xHHHH_, as ECMA-376 part 1, 22.9.2.19 says; and so is text that looks like that already. */
function xmlText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[^\t\n\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, (character) => {
      const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
      return `_x${code}_`
    })
}

/** All that is not a sheet: what the file is made of, and the names of the sheets. */
function bookParts(sheets: number): Readonly<Record<string, string>> {
  const numbers = Array.from({ length: sheets }, (_, i) => i + 1)
  const types = numbers.map(
    (n) => `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/>`,
  )
  const names = numbers.map((n) => `<sheet name="Attendance ${n}" sheetId="${n}" r:id="rId${n}"/>`)
  const targets = numbers.map(
    (n) => `<Relationship Id="rId${n}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${n}.xml"/>`,
  )
  return {
    '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/>${types.join('')}</Types>`,
    '_rels/.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${names.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships">${targets.join('')}</Relationships>`,
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
