// What keeps the code blocks of the documentation true, in one table: for each page the languages of its blocks, and the test that
// runs or compares every block of that language. A page with code gets a row here; scripts/test/page-blocks.test.ts fails for a
// block that nobody answers for, and for a row without a block.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = new URL('../..', import.meta.url).pathname

/** What is shown and not typed: output, bytes, a picture of boxes. Allowed on every page, without a row. */
export const SHOWN = 'text'

/**
 * Page → the words behind the fence of its blocks → the test that runs or compares them. `ts *` stands for `ts` followed by any word,
 * such as the file that a block shows.
 */
export const BLOCK_TESTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'CONTRIBUTING.md': { 'ts *': 'scripts/test/contributing-page.test.ts' },
  'docs/by-hand.md': {
    sh: 'scripts/test/by-hand-page.test.ts',
    js: 'scripts/test/by-hand-page.test.ts',
    'text trace': 'scripts/test/by-hand-page.test.ts',
  },
  'docs/command-line.md': { sh: 'scripts/test/zk/command-line-page.test.ts' },
  'docs/getting-started.md': {
    sh: 'scripts/test/getting-started.test.ts',
    'sh service': 'scripts/test/getting-started.test.ts',
    'sh terminal': 'scripts/test/getting-started.test.ts',
    json: 'scripts/test/getting-started.test.ts',
    'text stream': 'scripts/test/getting-started.test.ts',
    'text door': 'scripts/test/getting-started.test.ts',
  },
  'docs/http-api.md': {
    sh: 'scripts/test/http-api-guide.test.ts',
    'sh setup': 'scripts/test/http-api-guide.test.ts',
    'sh client': 'scripts/test/http-api-guide.test.ts',
    json: 'scripts/test/http-api-guide.test.ts',
    ts: 'scripts/test/http-api-guide.test.ts',
  },
  'docs/migrating.md': {
    ts: 'packages/zk-proto/test/readme.test.ts',
    js: 'scripts/test/migrating-page.test.ts',
    py: 'scripts/test/migrating-page.test.ts',
  },
  'docs/notices.md': {
    http: 'scripts/test/notices-page.test.ts',
    js: 'scripts/test/notices-page.test.ts',
  },
  'docs/metrics.md': { yaml: 'scripts/test/monitoring.test.ts' },
  'docs/operations.md': {
    'sh kept-transfers': 'scripts/test/kept-transfers.test.ts',
    'sh compose': 'scripts/test/operations-commands.test.ts',
    'sh compose upgrade': 'scripts/test/operations-commands.test.ts',
    'sh systemd': 'scripts/test/operations-commands.test.ts',
    'sh systemd embedded': 'scripts/test/operations-commands.test.ts',
    'sh systemd queue': 'scripts/test/operations-commands.test.ts',
    'sh systemd upgrade': 'scripts/test/operations-commands.test.ts',
    'sh backup sqlite': 'scripts/test/backup.test.ts',
    'sh restore sqlite': 'scripts/test/backup.test.ts',
    'sh backup compose': 'scripts/test/backup.test.ts',
    'sh restore compose': 'scripts/test/backup.test.ts',
    'sh migrations': 'scripts/test/db.test.ts',
  },
  'docs/scaling.md': { sh: 'scripts/test/load.test.ts' },
  'docs/simulator.md': {
    sh: 'packages/zk-sim/test/guide.test.ts',
    'sh hand': 'packages/zk-sim/test/guide.test.ts',
    'text ready': 'packages/zk-sim/test/guide.test.ts',
    ts: 'packages/zk-sim/test/guide.test.ts',
  },
  'docs/zk-proto.md': { ts: 'packages/zk-proto/test/readme.test.ts' },
  'packages/zk-proto/README.md': {
    ts: 'packages/zk-proto/test/readme.test.ts',
    sh: 'scripts/test/publish/installed.test.ts',
  },
  'packages/zk-sim/README.md': {
    sh: 'packages/zk-sim/test/readme.test.ts',
    ts: 'packages/zk-sim/test/readme.test.ts',
    js: 'packages/zk-sim/test/readme.test.ts',
    py: 'packages/zk-sim/test/readme.test.ts',
  },
}

/** A page of the documentation, by its path in the repository. */
export interface Page {
  readonly path: string
  readonly text: string
}

/** One fenced block. */
export interface Block {
  readonly page: string
  /** Of its opening fence, from 1. */
  readonly line: number
  /** All that stands behind the opening fence; empty where nothing does. */
  readonly language: string
  readonly text: string
}

/** The test that answers for a block; undefined where none does. */
export function testOf({ page, language }: Pick<Block, 'page' | 'language'>): string | undefined {
  const [first = '', second] = language.split(' ')
  const tests = BLOCK_TESTS[page]
  return tests?.[language] ?? (second === undefined ? undefined : tests?.[`${first} *`])
}

/** Every page that people read, in the repository and in its packages. */
export function allPages(): Page[] {
  return globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', '.changeset/*.md', '.github/*.md'], {
    cwd: ROOT,
  })
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
}

/** The page of a path. */
export function pageAt(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

/** The fenced blocks of a page in their order, those in lists too. */
export function blocksOf({ path, text }: Page): Block[] {
  const blocks: Block[] = []
  let open: { line: number; language: string; indent: string; lines: string[] } | undefined
  for (const [at, line] of text.split('\n').entries()) {
    const [, indent = '', language = ''] = /^( *)```(.*)$/.exec(line) ?? []
    if (!/^ *```/.test(line)) open?.lines.push(line.slice(open.indent.length))
    else if (open === undefined) open = { line: at + 1, language: language.trim(), indent, lines: [] }
    else {
      const { lines, line: from, language: words } = open
      blocks.push({ page: path, line: from, language: words, text: lines.map((it) => `${it}\n`).join('') })
      open = undefined
    }
  }
  return blocks
}
