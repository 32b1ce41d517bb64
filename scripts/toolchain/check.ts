// `npm run check`: types, lint, format and every test that needs no server; what a contributor runs before a push.
import { spawnSync } from 'node:child_process'
import { CHECKS, runCheck } from './checks.ts'

let failed = 0
for (const check of CHECKS) {
  if (!(await runCheck(check, new AbortController().signal))) failed += 1
}
const tests = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', '--config', 'vitest.workspace.ts', 'run', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, TEST_EMBEDDED_ONLY: '1', TEST_DATABASE_URL: '', TEST_REDIS_URL: '' },
  },
)
process.exitCode = failed === 0 && tests.status === 0 ? 0 : 1
