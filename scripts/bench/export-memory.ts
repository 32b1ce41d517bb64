// How much memory exports of many punches take at most, and how long they last: node scripts/bench/export-memory.ts [count]
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { madeUpPunches } from '../../packages/api/test/support/made-up-punches.ts'

const DEFAULT_COUNT = 1_000_000
/** Garbage is collected at once, so that what is measured is what is needed. */
const SMALL_HEAP = ['--max-old-space-size=96', '--max-semi-space-size=4']
const CHILD = new URL('../../packages/api/test/support/exporting-process.ts', import.meta.url).pathname

const count = Number(process.argv[2] ?? DEFAULT_COUNT)
const folder = await mkdtemp(join(tmpdir(), 'export-memory-'))
try {
  const url = `sqlite:${join(folder, 'service.db')}`
  await madeUpPunches(url, count)
  for (const format of ['csv', 'ndjson', 'xlsx']) {
    const startedAt = performance.now()
    const { stdout } = await promisify(execFile)(process.execPath, [...SMALL_HEAP, CHILD, url, format])
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    process.stdout.write(`${count} punches, ${format}: ${seconds} s, ${stdout}\n`)
  }
} finally {
  await rm(folder, { recursive: true })
}
