// `npm start` as a newcomer meets it: run as a process of its own, read from its output.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const ROOT = new URL('../..', import.meta.url).pathname
/** The port of a service that was told none. */
const USUAL_PORT = 3_000
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'

let folder: string
const running = new Set<ChildProcess>()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-start-'))
})
afterEach(() => {
  // What a failed test left running does not outlive it.
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  running.clear()
  rmSync(folder, { recursive: true, force: true })
})

function environment(extra: Readonly<Record<string, string>> = {}) {
  return { PATH: process.env['PATH'] ?? '', DATA_DIR: join(folder, 'data'), PORT: '0', ...extra }
}

function runOnce(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/start.ts', ...args], {
    cwd: ROOT,
    env: environment(),
    encoding: 'utf8',
    timeout: 110_000,
  })
  return { status, stdout, stderr }
}

const any: unknown = expect.any(Number)

function lastLine(text: string): Record<string, unknown> {
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')
}

describe('npm start -- --once', () => {
  it('syncs the whole log, proves it and ends with a line of JSON; again, it reads only what is new', () => {
    const first = runOnce('--once')
    expect(first.stderr).not.toContain('Error')
    const line = lastLine(first.stdout)
    expect(line).toEqual({ ok: true, announced: any, read: any, new: any, known: 0, ms: any })
    const { announced, read, new: fresh } = line
    expect(announced).toBeGreaterThan(4_500)
    expect([read, fresh]).toEqual([announced, announced])
    expect(first.status).toBe(0)
    expect(first.stdout).toMatch(/password +\S{12,}/)

    const second = runOnce('--once')
    const grown = Number(lastLine(second.stdout)['announced']) - Number(announced)
    expect(lastLine(second.stdout)).toMatchObject({ ok: true, read: grown, new: grown, known: 0 })
    expect(second.status).toBe(0)
    expect(second.stdout).not.toContain('password')
  })

  it('says what is wrong with an option and exits with 2', () => {
    const { status, stderr } = runOnce('--twice')
    expect(status).toBe(2)
    expect(stderr).toContain("'--twice'")
    expect(runOnce('--once', '--no-demo').status).toBe(2)
  })
})

describe('a start that fails', () => {
  it('names the damaged file, and ends with a line of JSON all the same', () => {
    mkdirSync(join(folder, 'data'))
    const file = join(folder, 'data', 'demo-terminal.json')
    writeFileSync(file, '{"seed":1,"si')
    const { status, stdout, stderr } = runOnce('--once')
    expect(status).toBe(1)
    expect(stderr).toContain(`${file} is not what a start of the demo wrote`)
    expect(lastLine(stdout)).toMatchObject({ ok: false })
  })

  it('says in one sentence where it looked for its data', () => {
    writeFileSync(join(folder, 'data'), 'a file where the folder should be')
    const { status, stderr } = runOnce('--once')
    expect(status).toBe(1)
    expect(stderr).toMatch(/^The database cannot be reached.*DATA_DIR\n$/)
  })
})

describe('npm start', () => {
  it.skipIf(embeddedOnly)(
    'prints three lines that work when pasted, and stops cleanly on Ctrl-C',
    async () => {
      const first = await startAndWait('Running; Ctrl-C stops it.')
      const password = /password +(\S+)/.exec(first.output())?.[1] ?? ''
      expectAnswers(paste(first.output(), /^ {2}(TOKEN=|curl ).*$/gm))
      await interrupt(first)

      // Later starts no longer know the password: the first line asks for it.
      const second = await startAndWait('Running; Ctrl-C stops it.')
      expect(second.output()).not.toContain(password)
      expectAnswers(paste(second.output(), /^ {2}(printf |curl ).*$/gm, password))
      await interrupt(second)
    },
  )

  it('stops cleanly when the signal reaches its whole process group, as Ctrl-C does', async () => {
    const started = await startAndWait('"msg":"listening"', {}, [
      'scripts/toolchain/run.mjs',
      'scripts/start.ts',
      '--no-demo',
    ])
    await interrupt(started, -(started.child.pid ?? 0))
    expect(started.output()).toContain('SIGINT: stopping')
  })

  it('says so when the port that was asked for is taken', async () => {
    await using squatter = await squat(0)
    const { status, stderr } = spawnSync(process.execPath, ['scripts/start.ts', '--no-demo'], {
      cwd: ROOT,
      env: environment({ PORT: String(squatter.port) }),
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(status).toBe(1)
    expect(stderr).toContain(`Port ${squatter.port} is in use`)
  })

  it('takes another free port when the usual one is taken', async () => {
    await using _squatter = await squat(USUAL_PORT)
    const started = await startAndWait('"msg":"listening"', { PORT: '' }, ['scripts/start.ts', '--no-demo'])
    expect(started.output()).toMatch(/"address":"http:\/\/127\.0\.0\.1:(?!3000")\d+"/)
    await interrupt(started)
  })
})

function paste(output: string, lines: RegExp, typed = ''): string[] {
  const found = output.match(lines) ?? []
  expect(found).toHaveLength(3)
  const shell = spawnSync('sh', ['-c', found.join('\necho\n')], {
    input: `${typed}\n`,
    encoding: 'utf8',
    timeout: 60_000,
  })
  expect(shell.stderr).toBe('')
  return shell.stdout.split('\n').filter((line) => line.startsWith('{'))
}

function expectAnswers([punches, sync]: string[]): void {
  expect(JSON.parse(punches ?? '')).toMatchObject({ status: true, pagination: { total: any } })
  expect(JSON.parse(sync ?? '')).toMatchObject({ status: true, message: 'Sync job queued successfully' })
}

async function interrupt({ child, output }: Started, pid = child.pid ?? 0): Promise<void> {
  process.kill(pid, 'SIGINT')
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(output()).toContain('Stopped.')
}

/** Takes the port, unless somebody else has it already. */
async function squat(wanted: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer()
  server.listen(wanted, '127.0.0.1')
  const taken = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ])
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : wanted
  return { port, [Symbol.asyncDispose]: async () => void (taken && server.close()) }
}

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
}

async function startAndWait(
  text: string,
  extra: Readonly<Record<string, string>> = {},
  command: readonly string[] = ['scripts/start.ts'],
): Promise<Started> {
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    detached: true,
    env: environment(extra),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let output = ''
  const seen = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      output += piece
      if (output.includes(text)) seen.resolve()
    })
  }
  child.once('exit', (code) => seen.reject(new Error(`ended with ${code}:\n${output}`)))
  await seen.promise
  return { child, output: () => output }
}
