// What every database that can be shared promises of upgrades: from each released version, through the death of a process that
// migrates, and that an older version keeps off.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrateDatabase, readMigrationStatus, SchemaTooNew, type Database } from '../../src/index.ts'
import { MIGRATIONS } from '../../src/migrations/index.ts'
import { migrateTo, RELEASES, restoreRelease, schemaOf } from '../support/released.ts'
import { account, FIRST_100 } from '../support/samples.ts'
import type { Scratch } from '../support/scratch.ts'

const ALL = MIGRATIONS.map(({ name }) => name)
const RELEASED_AT = '2026-01-02T03:04:05.678Z'
const KILLS = 8
/** Most starts take longer, some migrations shorter: some kills fall before the migration, some into it, some behind it. */
const LATEST_KILL_MS = 120

export function upgradesContract(makeScratch: () => Promise<Scratch>): void {
  let scratch: Scratch
  let other: Scratch

  beforeEach(async () => {
    scratch = await makeScratch()
    other = await makeScratch()
  })
  afterEach(async () => {
    await scratch.drop()
    await other.drop()
  })

  describe.each(RELEASES)('a database of version $version', (release) => {
    it('was made by migrations that nobody has edited since', async () => {
      await restoreRelease(release, scratch)
      await migrateTo(other, release.lastMigration)
      expect(await schemaOf(other)).toEqual(await schemaOf(scratch))
    })

    it('becomes what a new one is, and every row stays readable', async () => {
      await restoreRelease(release, scratch)
      const database = await scratch.open()
      await other.open()
      expect(await schemaOf(scratch)).toEqual(await schemaOf(other))
      await expectRowsOfRelease(database)
    })

    it('is listed with what is pending, and not changed by that', async () => {
      await restoreRelease(release, scratch)
      const before = await schemaOf(scratch)
      const { migrations } = await readMigrationStatus(scratch.url)
      const last = ALL.indexOf(release.lastMigration)
      expect(migrations.map(({ name, state }) => [name, state])).toEqual(
        ALL.map((name, at) => [name, at <= last ? 'applied' : 'pending']),
      )
      expect(await schemaOf(scratch)).toEqual(before)
      expect((await migrateDatabase(scratch.url)).applied).toEqual(ALL.slice(last + 1))
      expect((await migrateDatabase(scratch.url)).applied).toEqual([])
    })
  })

  describe('a process that is killed while it migrates', () => {
    it('leaves a database on which the next one goes on', async () => {
      const script = fileURLToPath(new URL('../support/open-when-told.ts', import.meta.url))
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = spawn(process.execPath, [script, scratch.url], {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        })
        const ended = once(child, 'exit')
        await Promise.race([once(child, 'message'), ended])
        await Promise.race([sleep((LATEST_KILL_MS * kill) / KILLS), ended])
        child.kill('SIGKILL')
        await ended
      }
      const database = await scratch.open()
      await database.accounts.insert(account('ann'))
      await other.open()
      expect(await schemaOf(scratch)).toEqual(await schemaOf(other))
    })
  })

  describe('a database that a newer version has migrated', () => {
    it('is refused in a sentence that says what to do, and left as it is', async () => {
      await scratch.open()
      await scratch.run(`insert into schema_migrations (name, steps) values ('0099-from-the-future', 1)`)
      const before = await schemaOf(scratch)
      await expect(scratch.open()).rejects.toThrow(/0099-from-the-future.*start that version, or restore/)
      await expect(migrateDatabase(scratch.url)).rejects.toThrow(SchemaTooNew)
      const { migrations } = await readMigrationStatus(scratch.url)
      expect(migrations.at(-1)).toMatchObject({ name: '0099-from-the-future', state: 'unknown' })
      expect(await schemaOf(scratch)).toEqual(before)
    })
  })
}

/** What test/released/0014-rows.sql holds, as the repositories read it. */
async function expectRowsOfRelease(database: Database): Promise<void> {
  expect(await database.accounts.findByEmail('ann@example.org')).toMatchObject({ id: 7, role: 'admin' })
  expect(await database.credentials.findRefreshToken('hash-of-token')).toMatchObject({ accountId: 7 })
  expect(await database.apiKeys.list(FIRST_100)).toMatchObject({
    rows: [{ name: 'payroll', deviceIds: [1] }],
  })
  expect(await database.devices.findById(1)).toMatchObject({
    location: 'Küche',
    bookmark: { index: 2, anchor: 'abc' },
    fence: 9,
    createdAt: RELEASED_AT,
    offlineTold: false,
    punchesFrom: null,
  })
  expect(await database.devices.listZones(1)).toEqual([{ since: '', timezone: 'Asia/Jakarta' }])
  expect(await database.people.findByPin(1, '0042')).toMatchObject({
    name: 'Ædïth 東',
    cardNumber: 4_294_967_295,
    fingers: [6, 7],
  })
  expect(await database.pendingPeople.list(1)).toMatchObject([{ pin: '43' }])
  expect(await database.personTemplates.list(1, ['0042'])).toMatchObject([{ finger: 6, version: 10 }])
  expect((await database.punches.list({ denied: 'all' }, 'timestamp', FIRST_100)).rows).toMatchObject([
    { id: 11, userName: 'Ædïth 東', at: '2025-12-31T18:46:40.000Z', packedTime: 835_750_000 },
    { id: 12, at: null, timeStatus: 'invalid', early: true, packedTime: 4_294_967_295 },
  ])
  expect((await database.jobs.list({}, FIRST_100)).rows.map(({ id, state }) => [id, state])).toEqual([
    ['sync-device-1-20260102040405', 'waiting'],
    ['sync-device-1-20260102030405', 'completed'],
  ])
  const stats = await database.jobs.stats(['attendance-sync'], RELEASED_AT)
  expect(stats.get('attendance-sync')).toMatchObject({ completed: 13, failed: 3 })
  expect(
    await database.audit.verify((previous, _, seal) => previous === '' && seal === 'seal-1'),
  ).toMatchObject({
    whole: true,
    head: { count: 1 },
  })
  expect(await database.doors.findAttemptByRequest('key-1')).toMatchObject({ auditId: 'AUD-20260102-001' })
  expect(await database.settings.find('instance-id')).toBe('an-instance')
  expect(await database.keptTransfers.find(1, RELEASED_AT)).toMatchObject({ tableBytes: 44 })
  // What is new gets numbers that were never given.
  const taken = await database.accounts.insert(account('ben'))
  expect(taken.id).toBeGreaterThan(7)
}
