// What every page of the documentation can be held to: its links lead somewhere, its commands and variables exist, and the README
// names them all.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { CONFIG } from '@org/core'
import { expect, it } from 'vitest'
import { anchor } from '../docs/markdown.ts'
import { allPages } from '../toolchain/page-blocks.ts'

const root = new URL('../..', import.meta.url).pathname
const pages = allPages()
const readme = pages.find(({ path }) => path === 'README.md')?.text ?? ''
const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, '')

function anchorsOf(file: string): readonly string[] {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, heading = '']) => anchor(heading))
}

it('leads somewhere by every link', () => {
  const links = pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ path, target })),
  )
  const inside = links.filter(({ target }) => !/^[a-z]+:/.test(target))
  expect(inside.length).toBeGreaterThan(300)
  const lost = inside.filter(({ path, target }) => {
    const [file = '', fragment] = target.split('#')
    const linked = file === '' ? join(root, path) : join(root, dirname(path), file)
    return !existsSync(linked) || (fragment !== undefined && !anchorsOf(linked).includes(fragment))
  })
  expect(lost).toEqual([])
})

it('names addresses of the net by https, whole, and none in whose place a word was meant', () => {
  const outside = pages.flatMap(({ path, text }) =>
    [...withoutCode(text).matchAll(/\]\(([a-z]+:[^)\s]*)\)/g)].map(([, target = '']) => ({ path, target })),
  )
  expect(outside.length).toBeGreaterThan(0)
  const odd = outside.filter(({ target }) => {
    const url = URL.parse(target)
    return (
      url === null ||
      url.protocol !== 'https:' ||
      !url.hostname.includes('.') ||
      /[<>{}]|example\./.test(target)
    )
  })
  expect(odd).toEqual([])
})

it('leads from the README to whatever somebody who comes to the repository looks for', () => {
  const wanted = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'docs/protocol/README.md']
  expect(wanted.filter((path) => !readme.includes(`](${path})`))).toEqual([])
  // Before the first of the longer chapters.
  const firstScreen = readme.slice(0, readme.indexOf('\n## '))
  expect(firstScreen.split('\n').length).toBeLessThan(40)
  expect(firstScreen).toMatch(/`npm start`[\s\S]*`npm test`[\s\S]*docs\/getting-started\.md/)
})

it('has no page in docs that the README does not lead to', () => {
  const lonely = pages
    .map(({ path }) => path)
    .filter((path) => /^docs\/[^/]+\.md$/.test(path) && !readme.includes(`](${path})`))
  expect(lonely).toEqual([])
})

it('names every script of npm in the README, and nowhere one that there is not', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const declared = Object.keys(scripts)
  const rows = readme.split('| `npm run …`')[1]?.split('\n\n')[0] ?? ''
  const cells = rows.split('\n').map((row) => row.split('|')[1] ?? '')
  const inTable = cells.flatMap((cell) => [...cell.matchAll(/`([a-z:-]+)/g)].map(([, name]) => name))
  expect(new Set(['start', 'test', ...inTable])).toEqual(new Set(declared))
  const typed = pages
    .filter(({ path }) => !path.startsWith('packages/'))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm run ([a-z:-]+)/g)].map(([, name = '']) => ({ path, name })),
    )
  expect(typed.length).toBeGreaterThan(5)
  expect(typed.filter(({ name }) => !declared.includes(name))).toEqual([])
})

it.each([
  'README.md',
  'SECURITY.md',
  'docs/getting-started.md',
  'docs/security.md',
  'docs/notices.md',
  'docs/operations.md',
  'docs/http-api.md',
])('names in %s no variable and no error that there is not', (path) => {
  const text = pages.find((page) => page.path === path)?.text ?? ''
  const errors = readFileSync(join(root, 'docs/errors.md'), 'utf8')
  const named = [...withoutCode(text).matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)].map(
    ([, it = '']) => it,
  )
  expect(named.length).toBeGreaterThan(1)
  const known = (name: string) => Object.hasOwn(CONFIG.properties, name) || errors.includes(`\`${name}\``)
  expect(named.filter((name) => !known(name))).toEqual([])
})
