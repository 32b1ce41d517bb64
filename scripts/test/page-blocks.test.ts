// No block of code of the documentation is there on trust: each is run or compared by a test that the table in page-blocks.ts names.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { allPages, BLOCK_TESTS, blocksOf, SHOWN, testOf } from '../toolchain/page-blocks.ts'

const root = new URL('../..', import.meta.url).pathname
const pages = allPages()
const blocks = pages.flatMap(blocksOf)
const place = ({ page, line, language }: { page: string; line: number; language: string }): string =>
  `${page}:${line} ${language === '' ? '(no language)' : language}`

it('has a test for every block of code of every page', () => {
  expect(blocks.length).toBeGreaterThan(100)
  const unwatched = blocks.filter((block) => block.language !== SHOWN && testOf(block) === undefined)
  expect(unwatched.map(place)).toEqual([])
})

it('names in the table only tests that are there and speak of the page, and only blocks that are on it', () => {
  const rows = Object.entries(BLOCK_TESTS).flatMap(([page, tests]) =>
    Object.entries(tests).map(([language, test]) => ({ page, language, test })),
  )
  const absent = rows.filter(({ test }) => !existsSync(join(root, test)))
  expect(absent).toEqual([])
  const silent = rows.filter(
    ({ page, test }) => !readFileSync(join(root, test), 'utf8').includes(basename(page)),
  )
  expect(silent).toEqual([])
  const empty = rows.filter(
    ({ page: at, language: words }) =>
      !blocks.some(
        ({ page, language }) =>
          page === at && (language === words || words === `${language.split(' ')[0]} *`),
      ),
  )
  expect(empty).toEqual([])
})

it('shows no command as mere output, and none outside a block that is run', () => {
  const asOutput = blocks.filter(
    ({ language, text }) => language === SHOWN && /^(?:\$ |curl |npm |npx |pnpm |node |git )/m.test(text),
  )
  expect(asOutput.map(place)).toEqual([])
  const inProse = pages.filter(({ text }) =>
    /(?:^|[^\w-])curl -\w/m.test(text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')),
  )
  expect(inProse.map(({ path }) => path)).toEqual([])
})

it('notices a block that nobody runs, in a list too, and knows one by the first of its words', () => {
  const fence = '```'
  const text = `# A page\n\n${fence}sh\nnpm start\n${fence}\n\n- a list\n\n  ${fence}\n  shown\n  ${fence}\n`
  const found = blocksOf({ path: 'docs/a-new-page.md', text })
  expect(found).toEqual([
    { page: 'docs/a-new-page.md', line: 3, language: 'sh', text: 'npm start\n' },
    { page: 'docs/a-new-page.md', line: 9, language: '', text: 'shown\n' },
  ])
  expect(found.map(testOf)).toEqual([undefined, undefined])
  expect(testOf({ page: 'CONTRIBUTING.md', language: 'ts packages/core/src/errors.ts' })).toContain(
    'contributing',
  )
  expect(testOf({ page: 'CONTRIBUTING.md', language: 'sh' })).toBeUndefined()
})
