// The load run of docs/scaling.md, with a few terminals and one minute of it: it starts a whole site, measures it, and holds stored
// punches against the terminals' logs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'
import { EMBEDDED_ONLY } from '../toolchain/scratch-database.ts'

const ROOT = new URL('../..', import.meta.url).pathname

function load(args: readonly string[]) {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 570_000 } as const
  return spawnSync(process.execPath, ['scripts/load/main.ts', ...args], options)
}

describe('npm run load', () => {
  it('is what the page names, by its name', () => {
    const commands = blocksOf(pageAt('docs/scaling.md')).map(({ text }) => text.trim())
    expect(commands).toEqual(['npm run load'])
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    )
    expect(scripts['load']).toBe('node scripts/toolchain/run.mjs scripts/load/main.ts')
  })

  it('says how it is used', () => {
    expect(load(['--help']).stdout).toMatch(/^npm run load/)
    expect(load(['--terminals', 'many'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^--terminals takes a whole number from 1, not many/),
    })
  })

  it.skipIf(EMBEDDED_ONLY)(
    'syncs every terminal every minute and finds every punch once',
    { timeout: 600_000 },
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'zk-load-'))
      try {
        const json = join(folder, 'load.json')
        const run = load(['--terminals', '4', '--minutes', '1', '--punches', '50', '--json', json])
        expect([run.stderr, run.status]).toEqual([expect.stringContaining('every log is stored'), 0])
        expect(run.stdout).toMatch(/4 terminals watched and synced every minute for 1 min: [4-8] syncs/)
        const { claims } = JSON.parse(readFileSync(json, 'utf8')) as {
          readonly claims: readonly { readonly name: string; readonly measured: number }[]
        }
        expect(Object.fromEntries(claims.map(({ name, measured }) => [name, measured]))).toMatchObject({
          'devices synced': 4,
          'syncs that failed': 0,
          'devices whose punches differ from the terminal': 0,
        })
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  )
})
