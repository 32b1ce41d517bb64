// Pieces of Markdown that the generated pages are made of.
import { readFileSync } from 'node:fs'

/** A table; cells may hold Markdown, and bars in them are escaped. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A number in decimal and in hexadecimal digits. */
export function bothWays(number: number): string {
  return `${number} (0x${number.toString(16)})`
}

/** So many of something. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The anchor that Markdown renderers give a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

/** Turns chapters and captures that a source names into links, seen from docs/protocol. */
export class SourceLinks {
  readonly #anchors = new Map<string, string>()

  /** `reference` is the file whose numbered headings are meant by §. */
  constructor(reference: string) {
    for (const [, heading = '', chapter = ''] of readFileSync(reference, 'utf8').matchAll(
      /^#+ ((\d+(?:\.\d+)?)\.? .+)$/gm,
    )) {
      this.#anchors.set(chapter, anchor(heading))
    }
  }

  /** Throws when there is no such chapter: a source that leads nowhere is none. */
  linked(source: string): string {
    return source
      .replaceAll('docs/protocol ', '')
      .replaceAll(/§(\d+(?:\.\d+)?)/g, (_, chapter: string) => `[§${chapter}](${this.#chapter(chapter)})`)
      .replaceAll(
        /\bcapture ([a-z0-9-]+)/g,
        (_, name: string) => `capture [${name}](../../packages/zk-proto/test/captures/${name}.json)`,
      )
  }

  #chapter(chapter: string): string {
    const found = this.#anchors.get(chapter)
    if (found === undefined) throw new Error(`docs/protocol/reference.md has no chapter ${chapter}`)
    return `reference.md#${found}`
  }
}
