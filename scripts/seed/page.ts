// docs/seed-coverage.md: every statement of the seed document with the tests that are named after it and how they went.
import { table } from '../docs/markdown.ts'
import type { Results, Tally } from './results.ts'
import { READ_IN, REPLACED, type Statement } from './statements.ts'
import type { NamedTest } from './titles.ts'

const INTRODUCTION = `Every statement of the seed document, by the ids of
[SEED-CHECKLIST.md](../packages/api/test/seed/SEED-CHECKLIST.md), with the contract tests that are named after it and how they went
in each way to run. \`[T]\` can be tested over HTTP, \`[D]\` is read, \`[!]\` is a place where the seed contradicts itself and the
checklist says which reading holds. Written by \`npm run seed-coverage\`, which runs these tests; \`npm test\` runs them too.`

/** What the page is made of. */
export interface CoverageParts {
  readonly statements: readonly Statement[]
  readonly tests: ReadonlyMap<string, readonly NamedTest[]>
  readonly results: Results
}

/** The page, before it is formatted. */
export function coveragePage({ statements, tests, results }: CoverageParts): string {
  const rows = statements.map((statement) => [
    statement.id,
    statement.kind,
    firstSentence(statement.text),
    evidenceOf(statement, tests.get(statement.id) ?? []),
    resultOf(results.get(statement.id)),
  ])
  const held = statements.filter(({ id }) => isGreen(results.get(id)) || READ_IN[id] !== undefined).length
  return [
    '# The seed document, statement by statement',
    INTRODUCTION,
    `**${held} of ${statements.length} statements hold.**`,
    table(['id', 'kind', 'statement', 'shown by', 'result'], rows),
  ].join('\n\n')
}

function evidenceOf({ id }: Statement, tests: readonly NamedTest[]): string {
  const files = [...new Set(tests.map(({ file }) => file))]
  const links = files.map((file) => `[${file.replace('packages/api/test/', '')}](../${file})`)
  return [REPLACED[id], READ_IN[id], ...links].filter((part) => part !== undefined).join('; ')
}

function resultOf(byMode: ReadonlyMap<string, Tally> | undefined): string {
  if (byMode === undefined) return ''
  return [...byMode]
    .map(([mode, { passed, failed }]) => {
      const words = failed === 0 ? `${passed} passed` : `${passed} passed, ${failed} FAILED`
      return mode === '' ? words : `${mode}: ${words}`
    })
    .join('; ')
}

/** Whether a statement's tests all passed. */
export function isGreen(byMode: ReadonlyMap<string, Tally> | undefined): boolean {
  return (
    byMode !== undefined && [...byMode.values()].every(({ passed, failed }) => passed > 0 && failed === 0)
  )
}

/** Long statements are cut: the checklist has them whole. */
function firstSentence(text: string): string {
  const [first = text] = text.split(/(?<=[.;:]) |(?<=\*\*) →/)
  return first.length > 140 ? `${first.slice(0, 139)}…` : first
}
