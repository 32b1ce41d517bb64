// Backup and restore as docs/operations.md says them, typed line by line: what was backed up while the service worked is a service
// again, with its comm keys, its audit trail and everything that came since still to be had from the terminal; and without its
// ENCRYPTION_KEY it is not.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServices, readConfig, SYSTEM, type Services } from '@org/core'
import { openDatabase, type Database } from '@org/data'
import { startTerminal, type TerminalMemory } from '@org/zk-sim'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { expectSameAsTerminal } from '../../packages/core/test/support/same-as-terminal.ts'
import { quiet } from '../../packages/core/test/support/scratch-service.ts'
import { waitUntil } from '../../packages/core/test/support/wait-until.ts'
import { EMBEDDED_ONLY, scratchDatabase } from '../toolchain/scratch-database.ts'
import { freshTestSecret, TEST_COMM_KEY } from '../toolchain/test-secrets.ts'
import { blockOf, typed } from './support/typed.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const PUNCHES = 3_000
const PATIENCE_MS = 300_000
const hasClients = ['mysqldump', 'mysql'].every((it) => spawnSync(it, ['--version']).status === 0)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-backup-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Opened extends AsyncDisposable {
  readonly services: Services
  readonly database: Database
}

async function opened(env: Readonly<Record<string, string>>): Promise<Opened> {
  const config = readConfig({ LIVE_WATCH: 'false', ...env })
  const database = await openDatabase(config.databaseUrl)
  const services = await createServices(config, database, { role: 'both', log: quiet })
  return {
    services,
    database,
    async [Symbol.asyncDispose]() {
      await services.close()
      await database.close()
    },
  }
}

function sync({ services }: Opened, deviceId: number) {
  return services.syncAttendance({
    deviceId,
    mode: 'auto',
    signal: AbortSignal.timeout(PATIENCE_MS),
    progress: () => undefined,
  })
}

/** A terminal that wants a key, registered. */
async function registered({ services }: Opened, terminal: { host: string; port: number }): Promise<number> {
  const at = { name: 'Gate', ip: terminal.host, port: terminal.port, password: String(TEST_COMM_KEY) }
  return (await services.devices.register(at, SYSTEM)).device.id
}

/** One that is read slowly enough for a backup to come in between. */
const keyedTerminal = () =>
  startTerminal({
    host: '127.0.0.1',
    port: 0,
    people: 5,
    punches: PUNCHES,
    commKey: TEST_COMM_KEY,
    serialNumber: 'BACKUP1',
    paceMs: 20,
  })

/** What a restored service must be able to do: prove its past, and read what came since, by the key that it has. */
async function expectWhole(restored: Opened, deviceId: number, memory: TerminalMemory): Promise<void> {
  expect(await restored.services.audit.verify()).toMatchObject({ whole: true })
  const before = await restored.database.punches.count(deviceId)
  expect(await sync(restored, deviceId)).toMatchObject({ new: PUNCHES - before })
  await expectSameAsTerminal(restored.database, deviceId, memory)
}

/** The same rows with another key. */
async function expectUseless(env: Readonly<Record<string, string>>, deviceId: number): Promise<void> {
  await using other = await opened({ ...env, ENCRYPTION_KEY: freshTestSecret() })
  await expect(sync(other, deviceId)).rejects.toMatchObject({ code: 'STORED_KEY_UNREADABLE' })
  expect(await other.services.audit.verify()).toMatchObject({ whole: false })
}

describe('a backup of SQLite', () => {
  const npm = `[ "$1 $2 $3" = "run backup --" ] || exit 1; shift 3; exec '${process.execPath}' scripts/backup.ts "$@"`
  const standIns = { npm, chown: 'true' }

  it(
    'is taken while the service stores punches, and is a service again',
    { timeout: PATIENCE_MS },
    async () => {
      const [data, backups] = [join(folder, 'data'), join(folder, 'backups')]
      const here = { '/var/lib/zkteco-device-api': data, '/var/backups/zkteco': backups }
      const inRoot = { cwd: ROOT, standIns, here }
      await using terminal = await keyedTerminal()
      let deviceId: number
      {
        await using service = await opened({ DATA_DIR: data })
        deviceId = await registered(service, terminal)
        const syncing = sync(service, deviceId)
        syncing.catch(() => undefined) // awaited below; a step that fails before must not leave it unheard
        await waitUntil('punches come in', async () =>
          (await service.database.punches.count(deviceId)) > 0 ? true : undefined,
        )
        const { stdout } = await typed(blockOf('sh backup sqlite'), folder, inRoot)
        expect(stdout).toMatch(/secrets\.json\t.*\n.*service\.db\t\d+ bytes, checked\n$/)
        expect(await syncing).toMatchObject({ new: PUNCHES })
      }
      for (const path of ['monday', 'monday/service.db', 'monday/secrets.json'])
        expect(statSync(join(backups, path)).mode & 0o077).toBe(0)
      // What has been there is not written over.
      await expect(typed(blockOf('sh backup sqlite'), folder, inRoot)).rejects.toThrow('is there already')

      const { asked } = await typed(blockOf('sh restore sqlite'), folder, inRoot)
      expect(asked).toEqual([`chown --recursive zkteco-device-api: ${data}`])
      await expectUseless({ DATA_DIR: data }, deviceId)
      await using restored = await opened({ DATA_DIR: data })
      await expectWhole(restored, deviceId, terminal.memory)
    },
  )

  it('says what is wrong where there is no such database', async () => {
    const run = (env: Readonly<Record<string, string>>, ...args: string[]) =>
      spawnSync(process.execPath, ['scripts/backup.ts', ...args], {
        cwd: ROOT,
        env: { PATH: process.env['PATH'] ?? '', ...env },
        encoding: 'utf8',
      })
    const nowhere = run({ DATA_DIR: join(folder, 'nowhere') }, join(folder, 'to'))
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('There is no database')])
    const server = run({ DATABASE_URL: 'mysql://root@127.0.0.1/any' }, join(folder, 'to'))
    expect([server.status, server.stderr]).toEqual([1, expect.stringContaining('on a server')])
    expect(run({}).stderr).toContain('npm run backup -- FOLDER')
  })
})

// Needs the client programs of MariaDB or MySQL, which come with the server on Debian.
describe.skipIf(EMBEDDED_ONLY || !hasClients)('a dump of a server', () => {
  it(
    'is taken while the service stores punches, and is a service again',
    { timeout: PATIENCE_MS },
    async () => {
      await using scratch = await scratchDatabase()
      const { hostname, port, username, password, pathname } = new URL(scratch.url)
      // As in the container of MySQL: its clients find the server by themselves, its account in the environment.
      writeFileSync(
        join(folder, '.my.cnf'),
        `[client]\nhost=${hostname}\nport=${port || '3306'}\nprotocol=tcp\n`,
      )
      const inside = {
        MYSQL_USER: decodeURIComponent(username),
        MYSQL_PASSWORD: decodeURIComponent(password),
        MYSQL_DATABASE: pathname.slice(1),
      }
      const docker = `[ "$1 $2 $3 $4 $5" = "compose exec -T mysql sh" ] || exit 0; shift 4; exec "$@"`
      const inFolder = { cwd: folder, standIns: { docker }, env: inside }
      const env = {
        DATABASE_URL: scratch.url,
        DATA_DIR: folder,
        ENCRYPTION_KEY: freshTestSecret(),
        JWT_SECRET: freshTestSecret(),
      }

      await using terminal = await keyedTerminal()
      let deviceId: number
      {
        await using service = await opened(env)
        deviceId = await registered(service, terminal)
        const syncing = sync(service, deviceId)
        syncing.catch(() => undefined) // awaited below; a step that fails before must not leave it unheard
        await waitUntil('punches come in', async () =>
          (await service.database.punches.count(deviceId)) > 0 ? true : undefined,
        )
        const { stdout } = await typed(blockOf('sh backup compose'), folder, inFolder)
        expect(stdout).toMatch(/^-- Dump completed/)
        expect(statSync(join(folder, 'zkteco.sql')).mode & 0o077).toBe(0)
        expect(await syncing).toMatchObject({ new: PUNCHES })
      }
      await scratch.run('DELETE FROM punches', 'CREATE TABLE of_a_newer_version (id INT)')

      const { asked } = await typed(blockOf('sh restore compose'), folder, inFolder)
      expect(asked.filter((line) => !line.includes('mysql'))).toEqual([
        'docker compose stop api worker',
        'docker compose exec -T redis redis-cli FLUSHALL',
        'docker compose up --detach --wait --scale worker=4',
      ])
      await expect(scratch.run('SELECT 1 FROM of_a_newer_version')).rejects.toThrow('of_a_newer_version')
      await expectUseless(env, deviceId)
      await using restored = await opened(env)
      await expectWhole(restored, deviceId, terminal.memory)
    },
  )
})
