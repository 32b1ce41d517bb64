// Lists as tables: columns as wide as what stands in them, a bound on their rows, and nothing of a terminal that the window
// would obey.
import { printable } from '../trace/lines.ts'

/** One column. */
export interface Column<T> {
  readonly title: string
  readonly of: (row: T) => string | number | boolean | undefined
  readonly right?: boolean
}

const WIDEST = 40
/** Letters that take two places in a window. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u

/** How many places a text takes. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text.normalize('NFC'))
    width += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

/** The lines of a table. Beyond `most` rows one line says how many there are more. */
export function tableLines<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  { most, bold }: { readonly most: number; readonly bold: (text: string) => string },
): string[] {
  const shown = rows.slice(0, most)
  const cells = shown.map((row) => columns.map(({ of }) => cell(of(row))))
  const widths = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[i] ?? ''))),
  )
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => padded(text, widths[i] ?? 0, columns[i]?.right === true))
      .join('  ')
      .trimEnd()
  const left = rows.length - shown.length
  return [
    bold(line(columns.map(({ title }) => title))),
    ...cells.map(line),
    ...(left > 0 ? [`… and ${left} more`] : []),
  ]
}

/** Names and values under each other. */
export function pairLines(
  pairs: readonly (readonly [name: string, value: string | number | null | undefined])[],
): string[] {
  const told = pairs.filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...told.map(([name]) => name.length))
  return told.map(([name, value]) => `${name.padEnd(width)}  ${cell(value ?? 'not told')}`)
}

function cell(value: string | number | boolean | undefined): string {
  const text = value === undefined ? '' : printable(String(value))
  if (widthOf(text) <= WIDEST) return text
  let cut = ''
  for (const character of text) {
    if (widthOf(cut) + 2 > WIDEST) break
    cut += character
  }
  return `${cut}…`
}

function padded(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)))
  return right ? `${blanks}${text}` : `${text}${blanks}`
}
