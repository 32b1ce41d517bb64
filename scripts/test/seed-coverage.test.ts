// The table of the seed document's statements says what the tests say now.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { READ_IN, REPLACED, readStatements } from '../seed/statements.ts'
import { namedTests } from '../seed/titles.ts'

const root = new URL('../..', import.meta.url).pathname
const statements = readStatements(root)
const tests = namedTests(root)
const page = readFileSync(join(root, 'docs/seed-coverage.md'), 'utf8')

/** The page's rows by the id that each begins with. */
const rows = new Map(
  [...page.matchAll(/^\| (S-[A-Z]+-\d+) .*$/gm)].map(([row, id]): [string | undefined, string] => [id, row]),
)

describe('the seed document', () => {
  it('has a test for every statement that can be tested', () => {
    const untested = statements.filter(({ id, kind }) => kind !== 'D' && !tests.has(id)).map(({ id }) => id)
    expect(untested).toEqual([])
  })

  it('has a place to read for every statement that is read', () => {
    const unread = statements.filter(({ id, kind }) => kind === 'D' && READ_IN[id] === undefined)
    expect(unread).toEqual([])
    for (const where of Object.values(READ_IN)) {
      const targets = [...where.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
      expect(targets.filter((target) => !existsSync(join(root, 'docs', target)))).toEqual([])
    }
  })

  it('knows only ids that the checklist has', () => {
    const known = new Set(statements.map(({ id }) => id))
    const strange = [...tests.keys(), ...Object.keys(READ_IN), ...Object.keys(REPLACED)].filter(
      (id) => !known.has(id),
    )
    expect(strange).toEqual([])
  })

  it('has a row for each statement that names its tests, none of which failed', () => {
    expect([...rows.keys()]).toEqual(statements.map(({ id }) => id))
    expect(page).not.toContain('FAILED')
    const lacking = [...tests].flatMap(([id, named]) =>
      named.filter(({ file }) => rows.get(id)?.includes(`(../${file})`) !== true).map(() => id),
    )
    expect(lacking).toEqual([])
  })

  it('was tested in both ways to run, in every statement that can be', () => {
    const once = statements.filter(({ id, kind }) => {
      const row = rows.get(id) ?? ''
      return kind !== 'D' && !(row.includes('embedded: ') && row.includes('queue mode: '))
    })
    expect(once.map(({ id }) => id)).toEqual([])
  })
})
