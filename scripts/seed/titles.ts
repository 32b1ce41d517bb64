// Which tests are named after which statement: the ids with which titles begin, read from the source of the tests.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One test that checks a statement. */
export interface NamedTest {
  /** From the project's root. */
  readonly file: string
  readonly title: string
}

const TESTS = 'packages/api/test/**/*.test.ts'
/** A title that begins with ids, of a test, of a group of tests, or in a table of cases. */
const TITLED = /(['"`])((?:S-[A-Z]+-\d+[ ,]*)+)(.*?)\1/gs

/** The tests of each statement by its id. */
export function namedTests(root: string): ReadonlyMap<string, readonly NamedTest[]> {
  const tests = new Map<string, NamedTest[]>()
  for (const file of globSync(TESTS, { cwd: root }).toSorted()) {
    for (const [, , ids = '', words = ''] of readFileSync(join(root, file), 'utf8').matchAll(TITLED)) {
      for (const [id] of ids.matchAll(/S-[A-Z]+-\d+/g)) {
        const known = tests.get(id) ?? []
        tests.set(id, [...known, { file, title: words.replaceAll(/\s+/g, ' ').trim() }])
      }
    }
  }
  return tests
}
