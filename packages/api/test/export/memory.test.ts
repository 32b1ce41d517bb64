// An export of any size costs the memory of a batch: six times the punches, and no more of it.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { madeUpPunches } from '../support/made-up-punches.ts'

const FEW = 25_000
const MANY = 150_000
/** What two runs of the same may differ by; the punches that are more would take some hundreds. */
const SLACK_MIB = 48
/** With room to spare the collector leaves garbage lying; without, what is left is what is needed. */
const SMALL_HEAP = ['--max-old-space-size=96', '--max-semi-space-size=4']
const CHILD = new URL('../support/exporting-process.ts', import.meta.url).pathname

interface Outcome {
  readonly bytes: number
  readonly peakMiB: number
}

describe('the peak memory of an export', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-export-'))
    for (const count of [FEW, MANY]) await madeUpPunches(`sqlite:${join(folder, `${count}.db`)}`, count)
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true }))

  const exported = async (count: number, format: string): Promise<Outcome> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...SMALL_HEAP, CHILD, `sqlite:${join(folder, `${count}.db`)}`, format],
      { timeout: 300_000 },
    )
    return JSON.parse(stdout) as Outcome
  }

  it.each(['csv', 'ndjson', 'xlsx'])(
    'does not grow with their number: %s',
    { timeout: 600_000 },
    async (format) => {
      const few = await exported(FEW, format)
      const many = await exported(MANY, format)
      expect(many.bytes).toBeGreaterThan(few.bytes * 5)
      expect(many.peakMiB).toBeLessThan(few.peakMiB + SLACK_MIB)
    },
  )
})
