// The one door of every command (`npm start`, `npm test`, `npm run …`): plain JavaScript for whatever Node ≥ 18 the
// machine has. It installs what the lockfile names when that has not been done yet, then runs the given script on the
// project's own Node 24, which is one of the things installed.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const NODE = join(ROOT, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node')
const STAMP = join(ROOT, 'node_modules/.installed-from')
const LOCK = join(ROOT, '.cache/install.lock')
/**
 * Young objects of a long sync would otherwise be given up to 200 MB before they are looked through. Bounded like this it takes
 * no more time, and a hundred megabytes less (docs/performance.md).
 */
const NODE_FLAGS = ['--max-semi-space-size=16']
/** What starts sooner when compiled code is kept between runs. Not the tests: coverage wants code compiled anew. */
const KEEPS_COMPILED_CODE = /^(scripts\/start\.ts|scripts\/bench\/.*|packages\/(api|worker)\/src\/main\.ts)$/
const COMPILED_CODE = join(ROOT, '.cache/compiled')
/** An install takes half a minute; one that has hung for this long is ended, and whoever waited for it is told. */
const INSTALL_WITHIN_MS = 15 * 60_000

const root = (path) => join(ROOT, path)
const packageManager = () => JSON.parse(readFileSync(root('package.json'), 'utf8')).packageManager

/** Names what node_modules was made from; another lockfile, another machine kind: another fingerprint. */
function fingerprint() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(root(file)))
  return `${hash.digest('hex')} ${process.platform} ${process.arch}`
}

function isInstalled() {
  return existsSync(NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint()
}

/** One install at a time in this folder: `npm start` and `npm test` of a fresh clone may be typed together. */
function whileLocked(install) {
  mkdirSync(dirname(LOCK), { recursive: true })
  const giveUpAt = Date.now() + INSTALL_WITHIN_MS
  for (let told = false; !takeLock(); told = true) {
    if (Date.now() > giveUpAt) {
      console.error(`Another install still runs in this folder; if there is none, remove ${LOCK}`)
      process.exit(1)
    }
    if (!told) console.error(`Another install runs in this folder; waiting for it (its mark: ${LOCK})`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  }
  const unlock = () => rmSync(LOCK, { force: true })
  process.once('exit', unlock)
  try {
    return install()
  } finally {
    unlock()
    process.removeListener('exit', unlock)
  }
}

/** The lock names the process that holds it, so that one left behind by a killed install is known as such. */
function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!holderLives()) rmSync(LOCK, { force: true })
    return false
  }
}

function holderLives() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return true // also in the instant between making the file and writing the number
  } catch (error) {
    return error.code === 'EPERM' // ESRCH: dead; ENOENT: it has just finished
  }
}

function install() {
  if (isInstalled()) return
  const started = Date.now()
  console.error(
    `Installing what this project needs (${packageManager()}, Node 24 among it); once, about half a minute …`,
  )
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
  const result = spawnSync(
    npx,
    ['--yes', packageManager(), 'install', '--frozen-lockfile', '--reporter=append-only'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: INSTALL_WITHIN_MS,
      shell: process.platform === 'win32',
      // A CI variable or a TTY must not make pnpm ask questions.
      env: { ...process.env, CI: 'true', npm_config_update_notifier: 'false' },
    },
  )
  if (result.error || result.status !== 0 || !existsSync(NODE)) {
    console.error(result.stdout ?? '')
    console.error(result.stderr ?? '')
    console.error(
      `The install failed (${result.error ? result.error.message : `exit ${result.status}`}). It needs npm, the npm registry and write access to ${ROOT}.\n` +
        `To see it by hand: npx --yes ${packageManager()} install --frozen-lockfile`,
    )
    process.exit(1)
  }
  writeFileSync(STAMP, fingerprint())
  console.error(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** Runs the script on Node 24 with our tools first in the PATH, and ends as it ends. */
function run(script, args) {
  const bin = join(ROOT, 'node_modules/.bin')
  const child = spawn(NODE, [...NODE_FLAGS, resolve(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...(KEEPS_COMPILED_CODE.test(script) && { NODE_COMPILE_CACHE: COMPILED_CODE }),
      ...process.env,
      PATH: [bin, dirname(NODE), process.env.PATH].join(delimiter),
    },
  })
  // Passed on always: whether the child's own group has had the signal cannot be known, and an echo is harmless to it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`Cannot run ${NODE}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 1))
  })
}

const [script, ...given] = process.argv.slice(2)
if (!script) {
  console.error('usage: node scripts/toolchain/run.mjs SCRIPT [ARGS …]')
  process.exit(2)
}
if (!isInstalled()) whileLocked(install)
// pnpm hands a leading `--` on to the script, npm takes it away: both mean the same here.
run(script, given[0] === '--' ? given.slice(1) : given)
