// What the Dockerfile makes works: its stages are made in a folder (support/image.ts), then API and worker are started from there
// as a container would start them, found healthy by the image's own checks, given a terminal to read, and stopped.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../toolchain/scratch-database.ts'
import { freePort } from '../toolchain/servers.ts'
import { testLogFile } from '../toolchain/test-log.ts'
import { freshTestSecret } from '../toolchain/test-secrets.ts'
import { makeImage, type Image } from './support/image.ts'

const ADMIN = { email: 'admin@example.com', password: 'danish123' }
/** What every request of this test calls itself. */
const ORIGIN = { request_id: 'req-from-outside', trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }
const WITHIN_MS = 120_000
const WORKER = 'packages/worker/src/main.ts'

/** A process of the image, with nothing of our own environment but PATH. */
class Container {
  readonly lines: string[] = []
  readonly #image: Image
  readonly #env: Readonly<Record<string, string>>
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown[]>

  constructor(image: Image, env: Readonly<Record<string, string>>, command = image.command) {
    this.#image = image
    this.#env = { PATH: process.env['PATH'] ?? '', ...image.environment, ...env }
    this.#child = spawn(process.execPath, command.slice(1), {
      cwd: image.folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exited = once(this.#child, 'exit')
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null)
        createInterface({ input: stream }).on('line', (line) => {
          this.lines.push(line)
          testLogFile()?.write(`${line}\n`)
        })
  }

  isHealthy(...more: string[]): boolean {
    const [, ...check] = this.#image.healthcheck
    const { status } = spawnSync(process.execPath, [...check, ...more], {
      cwd: this.#image.folder,
      env: this.#env,
      timeout: 60_000,
    })
    return status === 0
  }

  async healthy(...more: string[]): Promise<void> {
    await until(`it is healthy:\n${this.lines.join('\n')}`, async () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended:\n${this.lines.join('\n')}`)
      return this.isHealthy(...more)
    })
  }

  /** The exit code after SIGTERM. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    await this.#exited
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`)
    await sleep(200)
  }
}

function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'zk-image-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Packages from outside that were installed, by name. */
const installed = ({ folder }: Image): string[] =>
  readdirSync(join(folder, 'node_modules/.pnpm')).map((name) => name.replace(/(?<=.)@.*$/, ''))

describe.skipIf(EMBEDDED_ONLY)('the image of the service', () => {
  it(
    'runs API and worker, which read a terminal, are healthy, log in JSON and end when told to',
    { timeout: 600_000 },
    async () => {
      using folder = temporaryFolder()
      const image = makeImage('service', folder.path)
      expect(installed(image)).toEqual(expect.arrayContaining(['fastify', 'bullmq', 'mysql2', 'argon2']))
      expect(
        installed(image).filter((name) => /^(node|typescript|vitest|oxlint|fast-check)$/.test(name)),
      ).toEqual([])
      expect(existsSync(join(folder.path, 'packages/zk-sim/src'))).toBe(false)

      await using database = await scratchDatabase()
      const port = await freePort()
      const env = {
        DATABASE_URL: database.url,
        REDIS_URL: serverUrl('TEST_REDIS_URL'),
        JWT_SECRET: freshTestSecret(),
        ENCRYPTION_KEY: freshTestSecret(),
        ADMIN_EMAIL: ADMIN.email,
        ADMIN_PASSWORD: ADMIN.password,
        HOST: '127.0.0.1',
        PORT: String(port),
        ALIVE_FILE: join(folder.path, 'alive'),
      }
      await using api = new Container(image, env)
      await using worker = new Container(image, env, [...image.command.slice(0, -1), WORKER])
      await api.healthy()
      await worker.healthy('worker')

      await using terminal = await startTerminal({ host: '127.0.0.1', port: 0, people: 3, punches: 40 })
      const call = caller(`http://127.0.0.1:${port}/api/v1`)
      const { access_token: token } = await call('/auth/login', { body: ADMIN })
      const device = await call('/devices', {
        token: String(token),
        body: { name: 'Gate', ip: '127.0.0.1', port: terminal.port, live: false },
      })
      const sync = `/attendance/device/${String(device['id'])}/sync`
      const { job_id: job } = await call(sync, { token: String(token), body: {} })
      let certificate: Record<string, unknown> = {}
      await until('the job is completed', async () => {
        certificate = await call(`/queue/jobs/${String(job)}`, { token: String(token) })
        return certificate['state'] === 'completed'
      })
      expect(certificate).toMatchObject({ result: { read: 40, new: 40 } })

      expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0])
      expect([api.isHealthy(), worker.isHealthy('worker')]).toEqual([false, false])
      for (const { lines } of [api, worker]) {
        expect(lines.length).toBeGreaterThan(1)
        for (const line of lines)
          expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number), time: expect.any(String) })
      }
      // The file system of a container is read-only.
      expect(existsSync(join(folder.path, 'data'))).toBe(false)
      // One id finds the request in the API's log and its job in the worker's.
      const said = (lines: readonly string[], msg: string) =>
        lines.filter((line) => line.includes(`"msg":"${msg}"`)).map((line): unknown => JSON.parse(line))
      expect(said(api.lines, 'request')).toContainEqual(expect.objectContaining({ ...ORIGIN, status: 202 }))
      expect(said(worker.lines, 'job completed')).toEqual([
        expect.objectContaining({ ...ORIGIN, jobId: job }),
      ])
    },
  )
})

describe('the image of the simulator', () => {
  it('runs a terminal that its own check finds healthy', { timeout: 600_000 }, async () => {
    using folder = temporaryFolder()
    const image = makeImage('simulator', folder.path)
    expect(installed(image).filter((name) => !/^(node_modules|lock\.yaml)$/.test(name))).toEqual([])
    // The check asks at the usual port, which something else may have here: the ready line tells of its own.
    await using simulator = new Container(image, {}, [...image.command, '--port', '0', '--json'])
    await until('it is ready', async () => simulator.lines.some((line) => line.includes('"port"')))
    expect(await simulator.stop()).toBe(0)
  })
})

function caller(base: string) {
  return async (path: string, { token, body }: { token?: string; body?: object }) => {
    const answer = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'x-request-id': ORIGIN.request_id,
        traceparent: `00-${ORIGIN.trace_id}-${ORIGIN.span_id}-01`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    })
    const { data } = (await answer.json()) as { data?: Record<string, unknown> }
    if (!answer.ok || data === undefined) throw new Error(`${path} answers ${answer.status}`)
    return data
  }
}
