// `npm run check`: types, lint, format, then the quick tests: layers, pages, generated pages, and what can be tried without a server.
// What a contributor runs before a push; it takes less than a minute on two cores. Further arguments go to Vitest.
import { spawnSync } from 'node:child_process'
import { CHECKS, runCheck } from './checks.ts'
import { quickTests } from './quick-tests.ts'

const MS_A_SECOND = 1_000
const startedAt = performance.now()
const failed: string[] = []

for (const check of CHECKS) {
  console.log(`— ${check.name}`)
  if (!(await runCheck(check, new AbortController().signal))) failed.push(check.name)
}
console.log('— quick tests')
const tests = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    '--config=vitest.workspace.ts',
    'run',
    '--reporter=dot',
    // They keep nothing that another could meet, so a worker goes through many files with what it has loaded already.
    '--no-isolate',
    ...quickTests(),
    ...process.argv.slice(2),
  ],
  {
    stdio: 'inherit',
    env: { ...process.env, TEST_EMBEDDED_ONLY: '1', TEST_DATABASE_URL: '', TEST_REDIS_URL: '' },
  },
)
if (tests.status !== 0) failed.push('quick tests')

const seconds = Math.round((performance.now() - startedAt) / MS_A_SECOND)
console.log(
  failed.length === 0 ? `Clean, in ${seconds} s.` : `Not clean: ${failed.join(', ')}; ${seconds} s.`,
)
process.exitCode = failed.length === 0 ? 0 : 1
