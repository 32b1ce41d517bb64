// Every command of docs/by-hand.md is run as it stands there; what the prompt is said to take is typed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { frames, pcap, type Spoken } from './support/capture-files.ts'
import { readLog, recorded } from './support/traced.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const page = readFileSync(join(ROOT, 'docs/by-hand.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, text = '']) => text,
  )
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}
const commands = blocks('sh').flatMap((text) => text.trimEnd().split('\n'))
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zk-by-hand-'))
  const spoken: Spoken[] = await recorded(readLog, { firstSessionId: 7 })
  writeFileSync(join(folder, 'morning.pcap'), pcap(frames(spoken)))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A command of the page with what npm would run in its place, and files where the test has them. */
function run(command: string, input = '') {
  const [, script = '', rest = ''] = /^npm run (repl|zk-trace) (?:--silent )?-- (.*)$/.exec(command) ?? []
  // What npm would run, but for the installing that it may do first.
  expect(scripts[script]).toBe(`node scripts/toolchain/run.mjs scripts/${script}.ts`)
  const here = rest.replaceAll('morning.pcap', join(folder, 'morning.pcap'))
  return spawnSync('sh', ['-c', `exec "$NODE" scripts/${script}.ts -- ${here}`], {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    timeout: 110_000,
    env: { ...process.env, NODE: process.execPath, HOME: '/nonexistent' },
  })
}

it.each(commands.filter((command) => !command.includes('--host')))(
  '%s does what it is said to do',
  (command) => {
    const { status, stderr, stdout } = run(command, '.info\n')
    expect([stderr, status]).toEqual(['', 0])
    expect(stdout).not.toBe('')
  },
)

it('shows the lines of a trace as they are', () => {
  const shown = (blocks('text trace')[0] ?? '').trimEnd()
  expect(shown.split('\n')).toHaveLength(3)
  expect(run('npm run zk-trace -- morning.pcap').stdout).toContain(shown)
})

it('names lines for the prompt that work there', () => {
  const [typed = ''] = blocks('js')
  const { stdout, status } = run('npm run repl -- --sim', `${typed}\n"end"\n`)
  expect(status).toBe(0)
  expect(stdout).not.toContain('Uncaught')
  expect(stdout).toMatch(/model: 'K20'[\s\S]*pin: '1001'[\s\S]*'tcp'[\s\S]*\d+[\s\S]*'end'/)
})
