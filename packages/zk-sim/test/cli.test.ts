// The command line as a process: one ready line, a truth file, a clean end, and one clear line for a bad option.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '@org/zk-proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TerminalTruth } from '../src/memory.ts'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

function run(args: readonly string[]): {
  child: ChildProcess
  firstLine: Promise<string>
  ended: Promise<Ended>
} {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }))
  })
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString()
      const end = stdout.indexOf('\n')
      if (end >= 0) resolve(stdout.slice(0, end))
    })
    child.stderr.on('data', (bytes: Buffer) => {
      stderr += bytes.toString()
    })
    child.once('close', () => reject(new Error(`ended without a line: ${stderr}`)))
  })
  // Runs that end without a line are looked at through `ended`.
  firstLine.catch(() => undefined)
  return { child, firstLine, ended }
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-sim-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the command line', () => {
  it('starts a terminal, says so in one line, serves it, writes the truth, and ends on Ctrl-C', async () => {
    const truthFile = join(folder, 'truth.json')
    const args = [
      '--port',
      '0',
      '--profile',
      'strict',
      '--people',
      '4',
      '--punches',
      '30',
      '--comm-key',
      '77',
    ]
    const more = ['--serial', 'T-1', '--zone', 'Asia/Jakarta', '--json', '--truth', truthFile]
    const { child, firstLine, ended } = run(['--', ...args, ...more])
    const ready = JSON.parse(await firstLine) as { host: string; port: number }
    expect(ready).toMatchObject({
      ready: true,
      host: '127.0.0.1',
      profile: 'strict',
      serial_number: 'T-1',
      people: 4,
      punches: 30,
      zone: 'Asia/Jakarta',
    })
    const client = await connect({ ...ready, transport: 'tcp', commKey: 77 })
    expect((await client.readPeople()).people).toHaveLength(4)
    await client.close()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
    const truth = JSON.parse(await readFile(truthFile, 'utf8')) as TerminalTruth
    expect([truth.serialNumber, truth.people.length, truth.punches.length]).toEqual(['T-1', 4, 30])
  })

  it('says in words for people what runs where', async () => {
    const { child, firstLine, ended } = run(['--port', '0', '--recorded'])
    expect(await firstLine).toMatch(
      /^zk-sim: typical terminal SIM0000000001 at 127\.0\.0\.1:\d+ \(tcp, udp\), 135 people, 5000 punches; Ctrl-C ends it$/,
    )
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  it('lists its options', async () => {
    const { code, stdout } = await run(['--help']).ended
    expect(code).toBe(0)
    for (const option of ['--port', '--profile', '--recorded', '--comm-key', 'visible-light']) {
      expect(stdout).toContain(option)
    }
  })

  it.each([
    [['--colour', 'red'], "Unknown option '--colour'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--port', '70000'], '--port: expected 0 to 65535, got 70000'],
    [['--people', 'many'], '--people: expected a number, got "many"'],
    [['--punches', '1.5'], '--punches: expected a whole number, got 1.5'],
    [['--profile', 'abacus'], 'no profile "abacus"; there are old, compact'],
    [['--zone', 'Mars/Olympus'], 'Mars/Olympus'],
    [['--comm-key', '4294967296'], 'expected a comm key from 0 to 4294967295'],
    [['--pace', '-1'], '--pace'],
    [['--recorded', '--people', '3'], '--people cannot stand beside --recorded'],
  ])('ends with code 2 and one line for %j', async (args, message) => {
    const { code, stdout, stderr } = await run(args).ended
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^zk-sim: [^\n]+\n$/)
    expect(stderr).toContain(message)
  })

  it('ends with code 1 when it cannot write what it holds', async () => {
    const { code, stderr } = await run(['--port', '0', '--truth', join(folder, 'no', 'such', 'folder.json')])
      .ended
    expect(code).toBe(1)
    expect(stderr).toContain('ENOENT')
  })
})
