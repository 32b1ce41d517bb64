// Runs the tests that are named after statements, and tells how each went in each mode.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How often the tests of a statement passed and failed, by the mode that they ran in; '' where a test has no mode. */
export interface Tally {
  passed: number
  failed: number
}

/** By statement and mode. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, Tally>>

interface Assertion {
  readonly title: string
  readonly ancestorTitles: readonly string[]
  readonly status: string
}

/**
 * Runs Vitest on these files. Servers are expected in the environment (TEST_DATABASE_URL, TEST_REDIS_URL). Throws when
 * Vitest leaves no report.
 */
export function runNamedTests(root: string, files: readonly string[]): Results {
  const folder = mkdtempSync(join(tmpdir(), 'zk-seed-'))
  try {
    const report = join(folder, 'report.json')
    spawnSync(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        '--config=vitest.workspace.ts',
        '--project=api',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...files,
      ],
      { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
    )
    return resultsOf(assertionsIn(JSON.parse(readFileSync(report, 'utf8'))))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function resultsOf(assertions: readonly Assertion[]): Results {
  const results = new Map<string, Map<string, Tally>>()
  for (const { title, ancestorTitles, status } of assertions) {
    const [, mode = ''] = /\bin (embedded|queue mode)\b/.exec(ancestorTitles.join(' ')) ?? []
    for (const [id] of [...ancestorTitles, title].join(' ').matchAll(/S-[A-Z]+-\d+/g)) {
      const byMode = results.get(id) ?? new Map<string, Tally>()
      results.set(id, byMode)
      const tally = byMode.get(mode) ?? { passed: 0, failed: 0 }
      byMode.set(mode, tally)
      if (status === 'passed') tally.passed += 1
      else tally.failed += 1
    }
  }
  return results
}

function assertionsIn(report: unknown): Assertion[] {
  const files: unknown =
    typeof report === 'object' && report !== null ? Reflect.get(report, 'testResults') : []
  if (!Array.isArray(files)) throw new Error('Vitest left a report that is none')
  return files.flatMap((file: unknown) => {
    const assertions: unknown =
      typeof file === 'object' && file !== null ? Reflect.get(file, 'assertionResults') : undefined
    return Array.isArray(assertions) ? assertions.filter(isAssertion) : []
  })
}

function isAssertion(value: unknown): value is Assertion {
  if (typeof value !== 'object' || value === null) return false
  const [title, ancestors, status] = ['title', 'ancestorTitles', 'status'].map((name): unknown =>
    Reflect.get(value, name),
  )
  return typeof title === 'string' && Array.isArray(ancestors) && typeof status === 'string'
}
