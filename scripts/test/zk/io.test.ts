// The command line as a process whose output nobody takes: closed early by whoever reads, or full.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, expect, it } from 'vitest'

const ROOT = new URL('../../..', import.meta.url).pathname
const PATIENCE_MS = 100_000

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-io-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs it with that for standard output; a pipe is closed at once, before anything can be written. */
async function unread(args: readonly string[], stdout: 'pipe' | number) {
  const child = spawn(process.execPath, ['scripts/zk.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', stdout, 'pipe'],
    timeout: PATIENCE_MS,
  })
  child.stdout?.destroy()
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [code] = await once(child, 'close')
  return { code: Number(code), stderr }
}

it.each([[['--help']], [['doctor', '--help']]])(
  'ends well where whoever reads has closed the pipe (%j)',
  async (args) => {
    expect(await unread(args, 'pipe')).toEqual({ code: 0, stderr: '' })
  },
  PATIENCE_MS,
)

it(
  'examines to the end and writes the report where whoever reads has closed the pipe',
  async () => {
    await using simulated = await startTerminal({ people: 2, punches: 3 })
    const file = join(folder, 'report.txt')
    const args = ['doctor', simulated.host, '--port', String(simulated.port), '--report', file]
    expect(await unread(args, 'pipe')).toEqual({ code: 0, stderr: '' })
    expect(await readFile(file, 'utf8')).toContain('The first 3 records of the log were read')
  },
  PATIENCE_MS,
)

it(
  'says in one line that standard output is full, and fails',
  async () => {
    const full = await open('/dev/full', 'w')
    try {
      expect(await unread(['doctor', '--help'], full.fd)).toEqual({
        code: 1,
        stderr: 'pnpm zk: standard output cannot be written (ENOSPC)\n',
      })
    } finally {
      await full.close()
    }
  },
  PATIENCE_MS,
)
