// How much of the library its own tests go through: a run of its own, which fails below the share of branches that the library
// promises. Part of `npm test`.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  test: {
    name: 'zk-proto',
    root: fromHere('../../packages/zk-proto'),
    include: ['test/**/*.test.ts'],
    environment: 'node',
    // Measuring makes everything a few times slower.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary'],
      reportsDirectory: fromHere('../../node_modules/.cache/coverage'),
      thresholds: { branches: 95 },
    },
  },
})
