// The examples of the documentation, made runnable: each fenced block becomes a module of its own that talks to simulated
// terminals in place of the addresses it names. What a block prints stands in it, behind arrows, and is compared.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One block of code. */
export interface Example {
  /** The nearest heading above it. */
  readonly heading: string
  /** Counts the blocks below that heading, from 1. */
  readonly place: number
  readonly code: string
  /** What it says it prints, line by line; `…` stands for anything. */
  readonly prints: readonly string[]
}

/** Every block of a language in a page. */
export function examplesOf(markdown: string, language = 'ts'): Example[] {
  const examples: Example[] = []
  const places = new Map<string, number>()
  let heading = ''
  let code: string[] | undefined
  let fence = ''
  for (const line of markdown.split('\n')) {
    if (code === undefined) {
      heading = /^#+ (.+)$/.exec(line)?.[1] ?? heading
      if (line.startsWith('```')) [code, fence] = [[], line.slice(3)]
      continue
    }
    if (line !== '```') {
      code.push(line)
      continue
    }
    if (fence === language) {
      const place = (places.get(heading) ?? 0) + 1
      places.set(heading, place)
      const text = code.join('\n')
      const prints = [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, printed = '']) => printed)
      examples.push({ heading, place, code: text, prints })
    }
    code = undefined
  }
  return examples
}

/** Where the terminals of the examples stand instead. */
export interface Stage {
  /** Ports on this host by the addresses that stand in the examples. */
  readonly ports: Readonly<Record<string, number>>
  /** Where files that examples name go. */
  readonly folder: string
}

const HERE = '127.0.0.1'

/**
 * An example as a module. One that uses `terminal` without connecting goes on from a terminal that is connected, as the page
 * says before its first such example.
 */
export function moduleOf({ code }: Pick<Example, 'code'>, { ports, folder }: Stage): string {
  let text = code
    .replaceAll(/^ *port: (?:4370|DEFAULT_PORT),\n/gm, '')
    .replaceAll(/'([a-z-]+\.json)'/g, (_, file: string) => `'${join(folder, file)}'`)
  for (const [address, port] of Object.entries(ports)) {
    text = text.replaceAll(`host: '${address}'`, `host: '${HERE}', port: ${port}`)
  }
  const goesOn =
    /\bterminal\./.test(code) && !/\b(?:const|using) terminal\b|\bterminal: Terminal\b/.test(code)
  if (!goesOn) return text
  return [
    `import { connect as connectFirst } from '@org/zk-proto'`,
    `await using terminal = await connectFirst({ host: '${HERE}', port: ${Object.values(ports)[0]} })`,
    text,
  ].join('\n')
}

/** Whether a printed line is the one that was foretold. */
export function isAsForetold(printed: string, foretold: string): boolean {
  const pattern = foretold.split('…').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return new RegExp(`^${pattern.join('.*')}$`, 's').test(printed)
}

/** A folder below the project for modules that are made while a test runs, where they find the project's packages. */
export class Workshop implements Disposable {
  readonly folder: string

  /** `root` is the project's; `name` must be the test's own. */
  constructor(root: string, name: string) {
    this.folder = join(root, '.cache', `${name}-${process.pid}`)
    mkdirSync(this.folder, { recursive: true })
  }

  /** Writes a file and gives its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }

  [Symbol.dispose](): void {
    this.remove()
  }
}
