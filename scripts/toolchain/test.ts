// `npm test`: types, lint, format, then every test of every package against SQLite, a real MariaDB and a real Redis, the
// library's tests with their coverage measured; then what the tests logged is searched for secrets. Ends with the line `N passed,
// N failed`. Options: --embedded-only (no servers; what needs them is skipped); everything else goes to Vitest
// (`npm test -- --project core -t 'a title'`), without coverage.
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHECKS, runCheck } from './checks.ts'
import { ProgramMissing, TOOLS, obtainBinaries } from './debian.ts'
import { searchLogs } from './log-leaks.ts'
import { startTestServers, type TestServer } from './servers.ts'
import { TEST_LOG_DIR } from './test-log.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const given = process.argv.slice(2)
const embeddedOnly = given.includes('--embedded-only')
const forVitest = given.filter((argument) => argument !== '--embedded-only')

/** One run of Vitest, and which test files must have been in it. */
interface Run {
  readonly args: readonly string[]
  readonly files: readonly string[]
}

/** More finds are only counted. */
const LEAKS_SHOWN = 50
const WORKSPACE = ['--config=vitest.workspace.ts']
const LIBRARY_TESTS = 'packages/zk-proto/test/**/*.test.ts'
/** Everything: the library on its own, because only there is the share of its branches measured that tests go through. */
const RUNS_OF_ALL: readonly Run[] = [
  { args: ['--config=scripts/toolchain/coverage.config.ts'], files: globSync(LIBRARY_TESTS) },
  {
    args: [...WORKSPACE, '--project=!zk-proto'],
    files: globSync(['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'], {
      exclude: [LIBRARY_TESTS],
    }),
  },
]

const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
let leaked = false
const scratch = mkdtempSync(join(tmpdir(), 'zk-test-'))
/** What the tests' services log; kept only where a secret was found in it. */
const logs = mkdtempSync(join(tmpdir(), 'zk-test-logs-'))
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => interrupted.abort(signal))

let servers: TestServer[] = []
try {
  for (const check of CHECKS) {
    if (interrupted.signal.aborted) break
    console.log(`— ${check.name}`)
    const passed = await runCheck(check, interrupted.signal)
    tally[passed ? 'passed' : 'failed'] += 1
  }
  if (!interrupted.signal.aborted) {
    if (!embeddedOnly) {
      for (const tool of TOOLS) obtainBinaries(tool, (line) => console.log(line))
      servers = await startTestServers((line) => console.log(line))
      for (const server of servers) console.log(`— ${server.name}: ${server.origin}`)
    }
    for (const run of forVitest.length === 0
      ? RUNS_OF_ALL
      : [{ args: [...WORKSPACE, ...forVitest], files: [] }]) {
      if (!interrupted.signal.aborted) add(await runVitest(run))
    }
    if (!interrupted.signal.aborted) add(await lookForSecrets(forVitest.length === 0))
  }
} catch (error) {
  tally.failed += 1
  console.error(error instanceof ProgramMissing ? error.message : error)
} finally {
  await Promise.all(servers.map((server) => server.stop()))
  rmSync(scratch, { recursive: true, force: true })
  if (!leaked) rmSync(logs, { recursive: true, force: true })
}

if (interrupted.signal.aborted) {
  tally.failed += 1
  console.error(`Stopped by ${String(interrupted.signal.reason)}; what was started has been ended.`)
}
const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''
console.log(`${tally.passed} passed, ${tally.failed} failed${skipped}`)
process.exitCode = tally.failed === 0 ? 0 : 1

function add(more: Tally): void {
  tally.passed += more.passed
  tally.failed += more.failed
  tally.skipped += more.skipped
}

async function runVitest({ args, files }: Run): Promise<Tally> {
  const report = join(scratch, 'vitest.json')
  const url = (name: string) => servers.find((server) => server.name === name)?.url ?? ''
  const child = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      // A group of its own, so that the processes that tests have started can be ended with it.
      detached: true,
      env: {
        ...process.env,
        [TEST_LOG_DIR]: logs,
        TEST_EMBEDDED_ONLY: embeddedOnly ? '1' : '',
        TEST_DATABASE_URL: url('MariaDB'),
        TEST_REDIS_URL: url('Redis'),
      },
    },
  )
  const passOn = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  }
  interrupted.signal.addEventListener('abort', passOn)
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(1))
    child.once('exit', (code) => resolve(code ?? 1))
  })
  interrupted.signal.removeEventListener('abort', passOn)
  return countResults(report, exitCode, files.length)
}

/** One more test: no secret stands in what the tests logged. Each find is named by its place; a whole run that logged nothing fails too. */
async function lookForSecrets(ofWholeRun: boolean): Promise<Tally> {
  const { lines, leaks, cut } = await searchLogs(logs)
  console.log(`— secrets in ${lines} lines of logs: ${leaks.length === 0 ? 'none' : leaks.length}`)
  for (const { file, line, secret } of leaks.slice(0, LEAKS_SHOWN))
    console.error(`${file}:${line} shows a ${secret}`)
  for (const file of cut) console.error(`${file} is full; what was logged after that was not searched.`)
  const nothing = ofWholeRun && lines === 0
  if (nothing) console.error('The tests have logged nothing, so nothing could be found.')
  leaked = leaks.length > 0
  const failed = leaked || nothing || cut.length > 0
  return { passed: failed ? 0 : 1, failed: failed ? 1 : 0, skipped: 0 }
}

/** Counts from Vitest's own report. A file that ran no test, a missing report or an unexplained exit code count as failed. */
function countResults(reportFile: string, exitCode: number, expected: number): Tally {
  const report = parseReport(reportFile)
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 }
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  let failed = report.numFailedTests + broken
  if (report.testResults.length < expected) {
    console.error(`Only ${report.testResults.length} of ${expected} test files ran.`)
    failed += 1
  }
  if (exitCode !== 0 && failed === 0) {
    console.error(
      `Vitest ended with ${exitCode} though no test failed (an error outside a test, or too little of the library covered).`,
    )
    failed += 1
  }
  return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests }
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { status: string; assertionResults: unknown[] }[]
}

function parseReport(file: string): VitestReport | undefined {
  let report: unknown
  try {
    report = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    console.error(`Vitest left no readable report: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
  return isReport(report) ? report : undefined
}

function isReport(value: unknown): value is VitestReport {
  if (typeof value !== 'object' || value === null) return false
  const numbers = ['numPassedTests', 'numFailedTests', 'numPendingTests', 'numTodoTests']
  return (
    numbers.every((name) => typeof Reflect.get(value, name) === 'number') &&
    Array.isArray(Reflect.get(value, 'testResults'))
  )
}
