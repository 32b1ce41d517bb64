// Private servers for tests: MariaDB and Redis on free ports of 127.0.0.1 in temporary folders, found or installed in the
// order of docs/architecture.md (a URL given by env, installed binaries, apt-get as root on Debian), ended by process id.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { obtainBinaries, type Wanted } from './debian.ts'

/** A server that stands and the way to end it; `url` goes into the environment of the tests. */
export interface TestServer {
  readonly name: string
  readonly url: string
  readonly origin: string
  stop(): Promise<void>
}

/** A server that nobody else uses, which may be killed and started again on the same port. */
export interface PrivateServer extends AsyncDisposable {
  readonly url: string
  /** SIGKILL: the database keeps what was committed, Redis what was saved. */
  kill(): Promise<void>
  /** Starts it on what its folder holds. */
  start(): Promise<void>
  /** Removes what its folder holds of data. Redis only: a database without its files is none. */
  empty(): void
}

interface Recipe extends Wanted {
  readonly envName: string
  /** The file that all data are in, where the server starts without it too. */
  readonly dataFile?: string
  start(
    binaries: Map<string, string>,
    folder: string,
    port: number,
    survivesKill?: boolean,
  ): Promise<{ child: ChildProcess; url: string }>
}

const START_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 15_000

const mariadb: Recipe = {
  name: 'MariaDB',
  envName: 'TEST_DATABASE_URL',
  debianPackage: 'mariadb-server',
  instead: 'name a server: TEST_DATABASE_URL=mysql://… npm test',
  binaries: ['mariadbd', 'mariadb-install-db'],
  async start(binaries, folder, port, survivesKill = false) {
    const dataFolder = join(folder, 'data')
    const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
    if (!existsSync(dataFolder)) makeDataFolder(binaries, dataFolder, asRoot)
    const child = spawnServer(folder, need(binaries, 'mariadbd'), [
      '--no-defaults',
      ...asRoot,
      `--datadir=${dataFolder}`,
      `--socket=${join(folder, 'mariadb.sock')}`,
      `--pid-file=${join(folder, 'mariadb.pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--skip-name-resolve',
      // What is committed survives a kill only when it is written at once, as servers in use do.
      `--innodb-flush-log-at-trx-commit=${survivesKill ? 1 : 0}`,
      '--innodb-buffer-pool-size=256M',
      '--max-connections=500',
    ])
    await answers(child, port, folder)
    return { child, url: `mysql://root@127.0.0.1:${port}` }
  },
}

function makeDataFolder(binaries: Map<string, string>, dataFolder: string, asRoot: readonly string[]): void {
  const made = spawnSync(
    need(binaries, 'mariadb-install-db'),
    [
      '--no-defaults',
      ...asRoot,
      `--datadir=${dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { encoding: 'utf8', timeout: START_DEADLINE_MS },
  )
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stderr || made.stdout}`)
}

const redis: Recipe = {
  name: 'Redis',
  envName: 'TEST_REDIS_URL',
  dataFile: 'dump.rdb',
  debianPackage: 'redis-server',
  instead: 'name a server: TEST_REDIS_URL=redis://… npm test',
  binaries: ['redis-server'],
  async start(binaries, folder, port) {
    const child = spawnServer(folder, need(binaries, 'redis-server'), [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory-policy',
      'noeviction',
    ])
    await answers(child, port, folder)
    return { child, url: `redis://127.0.0.1:${port}` }
  },
}

/** Every server that the tests need, started or found. What was started is stopped again when a later one fails. */
export async function startTestServers(say: (line: string) => void): Promise<TestServer[]> {
  const started: TestServer[] = []
  try {
    for (const recipe of [mariadb, redis]) started.push(await obtain(recipe, say))
    return started
  } catch (error) {
    await Promise.allSettled(started.map((server) => server.stop()))
    throw error
  }
}

/** One of them alone, for whoever needs no more. */
export function startTestServer(name: 'MariaDB' | 'Redis', say: (line: string) => void): Promise<TestServer> {
  return obtain(name === 'MariaDB' ? mariadb : redis, say)
}

/** A server of one's own, for tests that take it away from the service. */
export async function startPrivateServer(kind: 'MariaDB' | 'Redis'): Promise<PrivateServer> {
  const recipe = kind === 'MariaDB' ? mariadb : redis
  const { binaries } = obtainBinaries(recipe, (line) => console.log(line))
  const folder = mkdtempSync(join(tmpdir(), `zk-test-private-${kind.toLowerCase()}-`))
  const port = await freePort()
  let { child, url } = await recipe.start(binaries, folder, port, true)
  return {
    url,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async start() {
      ;({ child, url } = await recipe.start(binaries, folder, port, true))
    },
    empty() {
      if (recipe.dataFile !== undefined) rmSync(join(folder, recipe.dataFile), { force: true })
    },
    [Symbol.asyncDispose]: () => stop(child, folder),
  }
}

async function obtain(recipe: Recipe, say: (line: string) => void): Promise<TestServer> {
  const given = process.env[recipe.envName]
  if (given !== undefined && given !== '') {
    return { name: recipe.name, url: given, origin: `given by ${recipe.envName}`, stop: async () => {} }
  }
  const { binaries, installedNow } = obtainBinaries(recipe, say)
  const origin = installedNow
    ? `installed now (${recipe.debianPackage}), private instance`
    : 'installed, private instance'
  const folder = mkdtempSync(join(tmpdir(), `zk-test-${recipe.name.toLowerCase()}-`))
  const port = await freePort()
  try {
    const { child, url } = await recipe.start(binaries, folder, port)
    return { name: recipe.name, url, origin, stop: () => stop(child, folder) }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function need(binaries: Map<string, string>, name: string): string {
  const path = binaries.get(name)
  if (path === undefined) throw new Error(`${name} was not looked for`)
  return path
}

/** In a process group of its own: Ctrl-C must reach our runner first, which then ends the server in order. */
function spawnServer(folder: string, binary: string, args: string[]): ChildProcess {
  const log = openSync(join(folder, 'server.log'), 'a')
  return spawn(binary, args, { detached: true, stdio: ['ignore', log, log] })
}

async function answers(child: ChildProcess, port: number, folder: string): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const deadline = Date.now() + START_DEADLINE_MS
  while (!(await accepts(port))) {
    if (failure !== undefined || child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL')
      const log = readFileSync(join(folder, 'server.log'), 'utf8').slice(-2_000)
      throw new Error(`${child.spawnfile} did not start: ${failure?.message ?? log}`)
    }
    await sleep(50)
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    await Promise.race([
      ended,
      sleep(STOP_DEADLINE_MS, undefined, { ref: false }).then(() => child.kill('SIGKILL')),
    ])
  }
  rmSync(folder, { recursive: true, force: true })
}

/** A port that nobody had a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no free port'))
        else resolve(address.port)
      })
    })
  })
}
