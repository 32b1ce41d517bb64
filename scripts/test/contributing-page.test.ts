// CONTRIBUTING.md tells of the house as it stands: every file it names is there, and every example is the code of the file that its
// fence names.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'

const root = new URL('../..', import.meta.url).pathname
const page = pageAt('CONTRIBUTING.md')
const examples = blocksOf(page).map(({ language, text }) => ({ file: language.split(' ')[1] ?? '', text }))

/** Code without its indentation: an example stands further left than in its file. */
const flat = (code: string): string =>
  code
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()

it('names only files and folders that there are', () => {
  const named = [...page.text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => !path.startsWith('@'))
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

it.each(examples)('shows $file as it is', ({ file, text }) => {
  expect(flat(readFileSync(join(root, file), 'utf8'))).toContain(flat(text))
})

it('has an example of each thing that is added often', () => {
  const chapters = [...page.text.matchAll(/^## (A[n]? .+)$/gm)].map(([, heading]) => heading)
  expect(chapters).toEqual([
    'A command of the protocol',
    'A form of records',
    'An endpoint',
    'An error',
    'A variable of the configuration',
    'A job',
    'A migration',
  ])
  expect(examples.length).toBeGreaterThanOrEqual(chapters.length)
})
