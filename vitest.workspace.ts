// Every package's tests as one Vitest project each. Named on the command line (vitest --config vitest.workspace.ts),
// because Vitest no longer finds a file of this name by itself.
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const project = (name: string, testTimeoutMs = 20_000) => ({
  test: {
    name,
    root: new URL(`./packages/${name}`, import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    environment: 'node',
    testTimeout: testTimeoutMs,
    hookTimeout: 60_000,
  },
})

export default defineConfig({
  test: {
    passWithNoTests: false,
    // Most of these tests wait for servers, terminals and processes rather than for a core: more at once than there are cores.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      project('zk-proto'),
      project('zk-sim', 60_000),
      project('data', 60_000),
      project('core', 60_000),
      project('api', 120_000),
      project('worker', 120_000),
      {
        test: {
          name: 'scripts',
          root: new URL('./scripts', import.meta.url).pathname,
          include: ['test/**/*.test.ts'],
          environment: 'node',
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
