// The tests that `npm run check` runs before a push: those of one subject each, without servers, browsers or processes of their own, a
// second or less. Everything else is for `npm test`. scripts/test/quick-tests.test.ts holds the choice to that.
import { globSync } from 'node:fs'

const ROOT = new URL('../..', import.meta.url).pathname

const CHOSEN = [
  'scripts/test/{layers,pages,page-blocks,generated-docs,contributing-page,repository,quick-tests}.test.ts',
  'packages/zk-proto/test/{*,records/*,commands/*,procedures/*,session/*}.test.ts',
  'packages/zk-sim/test/{access-rules,attendance-log,clock,door,live-happening,memory,memory-file}.test.ts',
  'packages/zk-sim/test/{operation-log,people,profile,short-messages,stats,templates,working-days}.test.ts',
  'packages/core/test/{errors,log,pause,read-config,zone-history}.test.ts',
  'packages/core/test/jobs/{catalogue,define-job,job-errors,job-timings}.test.ts',
  'packages/core/test/notices/{receiver-rest,sentences}.test.ts',
  'packages/core/test/terminals/{breaker,clock-drift,lease-memory,network-bounds,terminal-errors}.test.ts',
]

/** Of the chosen folders: what takes longer, by patience on purpose or by much to do. */
const TOO_LONG = [
  'packages/zk-proto/test/{connect,copy-people,readme,terminal,terminal-facets,tree-shaking}.test.ts',
  'packages/zk-proto/test/session/{bad-network,cut-and-stall,fuzz}.test.ts',
]

/** Their paths in the repository. */
export function quickTests(): string[] {
  return globSync(CHOSEN, { cwd: ROOT, exclude: TOO_LONG }).toSorted()
}

/** What each pattern finds, so that one that finds nothing any more is noticed. */
export function quickPatterns(): { readonly pattern: string; readonly files: readonly string[] }[] {
  return [...CHOSEN, ...TOO_LONG].map((pattern) => ({ pattern, files: globSync(pattern, { cwd: ROOT }) }))
}
