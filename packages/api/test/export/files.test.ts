// Tables as files: what is in them, and that nothing in them is taken for a formula.
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { asSpreadsheetText } from '../../src/export/spreadsheet-text.ts'
import type { Row, TableFile } from '../../src/export/table-file.ts'
import { csvFile, ndjsonFile } from '../../src/export/text-files.ts'
import { xlsxFile } from '../../src/export/xlsx-file.ts'

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＋1', '－1', '＠A']

async function* inBatches(rows: readonly Row[], size: number): AsyncGenerator<readonly Row[]> {
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size)
}

function table(rows: readonly Row[], size = 2): TableFile {
  return { columns: ['id', 'name', 'denied'], batches: inBatches(rows, size) }
}

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  return (await buffer(Readable.from(parts))).toString()
}

const ROWS: readonly Row[] = [
  { id: 1, name: 'Siti "the one", Rahma', denied: false },
  { id: -2, name: null, denied: true },
  { id: 3, name: '=HYPERLINK("http://x","y")', denied: false },
]

describe('text in spreadsheets', () => {
  it.each(FORMULAS)('stands behind an apostrophe where it begins like a formula: %j', (text) => {
    expect(asSpreadsheetText(text)).toBe(`'${text}`)
  })

  it.each(['', 'a=1', '0042', "'=1", ' =1', 'Šimon'])('stays as it is otherwise: %j', (text) => {
    expect(asSpreadsheetText(text)).toBe(text)
  })
})

describe('a CSV file', () => {
  it('has a heading and a line for each row, by RFC 4180; numbers stay numbers', async () => {
    expect(await textOf(csvFile(table(ROWS)))).toBe(
      [
        'id,name,denied',
        '1,"Siti ""the one"", Rahma",false',
        '-2,,true',
        `3,"'=HYPERLINK(""http://x"",""y"")",false`,
        '',
      ].join('\r\n'),
    )
  })

  it('without rows has its heading', async () => {
    expect(await textOf(csvFile(table([])))).toBe('id,name,denied\r\n')
  })
})

describe('an NDJSON file', () => {
  it('has the rows as they are', async () => {
    const lines = (await textOf(ndjsonFile(table(ROWS)))).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => JSON.parse(line) as Row)).toEqual(ROWS)
  })
})

/** The entries of a ZIP file, by its central directory. */
function entriesOf(zip: Buffer): Map<string, string> {
  const entries = new Map<string, string>()
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  let at = zip.readUInt32LE(end + 16)
  for (let count = zip.readUInt16LE(end + 10); count > 0; count -= 1) {
    const size = zip.readUInt32LE(at + 20)
    const nameLength = zip.readUInt16LE(at + 28)
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength)
    const local = zip.readUInt32LE(at + 42)
    const begin = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    entries.set(name, inflateRawSync(zip.subarray(begin, begin + size)).toString())
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return entries
}

async function sheetsOf(rows: readonly Row[], mostRows?: number): Promise<Map<string, string>> {
  const columns = table([]).columns
  return entriesOf(await buffer(xlsxFile({ columns, batches: inBatches(rows, 3) }, mostRows)))
}

describe('an XLSX file', () => {
  it('is a workbook of one sheet; numbers and truths stay what they are', async () => {
    const entries = await sheetsOf(ROWS)
    expect([...entries.keys()].toSorted()).toEqual([
      '[Content_Types].xml',
      '_rels/.rels',
      'xl/_rels/workbook.xml.rels',
      'xl/workbook.xml',
      'xl/worksheets/sheet1.xml',
    ])
    const text = (place: string, of: string) =>
      `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${of}</t></is></c>`
    expect(entries.get('xl/worksheets/sheet1.xml')?.replace(/^.*<sheetData>/s, '')).toBe(
      [
        `<row r="1">${text('A1', 'id')}${text('B1', 'name')}${text('C1', 'denied')}</row>`,
        `<row r="2"><c r="A2"><v>1</v></c>${text('B2', 'Siti &quot;the one&quot;, Rahma')}<c r="C2" t="b"><v>0</v></c></row>`,
        `<row r="3"><c r="A3"><v>-2</v></c><c r="C3" t="b"><v>1</v></c></row>`,
        `<row r="4"><c r="A4"><v>3</v></c>${text('B4', "'=HYPERLINK(&quot;http://x&quot;,&quot;y&quot;)")}<c r="C4" t="b"><v>0</v></c></row>`,
        '</sheetData></worksheet>',
      ].join(''),
    )
  })

  it('keeps text that XML cannot hold', async () => {
    const name = 'a\u0000\u001b<&>\ud800_x0041_😀'
    const [, sheet] = [...(await sheetsOf([{ id: 1, name, denied: false }]))].find(([it]) =>
      it.includes('sheet1'),
    ) ?? ['', '']
    expect(sheet).toContain('>a_x0000__x001B_&lt;&amp;&gt;\ufffd_x005F_x0041_😀<')
  })

  it.each([
    [0, 1],
    [4, 1],
    [5, 2],
    [8, 2],
    [9, 3],
  ])('of %i rows with five to a sheet has %i', async (count, sheets) => {
    const rows = Array.from({ length: count }, (_, i) => ({ id: i, name: 'n', denied: false }))
    const entries = await sheetsOf(rows, 5)
    const named = [...entries].filter(([name]) => name.includes('worksheets/'))
    expect(named).toHaveLength(sheets)
    for (const [, xml] of named) expect(xml).toContain('>denied<')
    const ids = named.flatMap(([, xml]) =>
      [...xml.matchAll(/<c r="A\d+"><v>(\d+)<\/v>/g)].map(([, id]) => Number(id)),
    )
    expect(ids).toEqual(rows.map(({ id }) => id))
    expect(entries.get('xl/workbook.xml')?.match(/<sheet /g)).toHaveLength(sheets)
    expect(entries.get('[Content_Types].xml')?.match(/sheet\d+\.xml/g)).toHaveLength(sheets)
  })

  it('fails when its rows do', async () => {
    async function* failing(): AsyncGenerator<readonly Row[]> {
      yield ROWS
      throw new Error('the database is away')
    }
    await expect(buffer(xlsxFile({ columns: ['id'], batches: failing() }))).rejects.toThrow(
      'the database is away',
    )
  })

  it('ends the reading of rows when nobody takes it any more', async () => {
    const ended = Promise.withResolvers<string>()
    async function* endless(): AsyncGenerator<readonly Row[]> {
      try {
        for (;;) yield ROWS
      } finally {
        ended.resolve('ended')
      }
    }
    const file = xlsxFile({ columns: ['id', 'name'], batches: endless() })
    await new Promise((resolve) => file.once('data', resolve))
    file.destroy()
    expect(await ended.promise).toBe('ended')
  })
})
