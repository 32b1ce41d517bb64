// `npm run db:migrate` and `npm run db:status` as an operator meets them, on both engines.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@org/data'
import { createConnection } from 'mysql2/promise'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'
import { EMBEDDED_ONLY, scratchDatabase } from '../toolchain/scratch-database.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const FUTURE = "insert into schema_migrations (name, steps) values ('0099-from-the-future', 1)"

interface Place extends AsyncDisposable {
  readonly url: string
  /** Whether somebody has made it. */
  isThere(): boolean
  /** As the database of a newer version would be. */
  toTheFuture(): Promise<void>
}

async function inFile(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'zk-db-'))
  const path = join(folder, 'rows.db')
  return {
    url: `sqlite:${path}`,
    isThere: () => existsSync(path),
    async toTheFuture() {
      const file = new DatabaseSync(path)
      file.exec(FUTURE)
      file.close()
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function onServer(): Promise<Place> {
  const scratch = await scratchDatabase()
  return {
    url: scratch.url,
    isThere: () => true,
    async toTheFuture() {
      const connection = await createConnection(scratch.url)
      await connection.query(FUTURE)
      await connection.end()
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  }
}

function run(script: string, args: readonly string[], url: string) {
  return spawnSync(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: url, PORT: '0', LOG_LEVEL: 'silent' },
    encoding: 'utf8',
    timeout: 110_000,
  })
}

const PLACES = [
  ['SQLite', inFile],
  ...(EMBEDDED_ONLY ? [] : [['MySQL or MariaDB', onServer] as const]),
] as const

describe.each(PLACES)('the database on %s', (engine, place) => {
  it('is listed as pending, migrated, and then listed as up to date', async () => {
    await using database = await place()
    const before = run('scripts/db.ts', ['status'], database.url)
    expect(before.status).toBe(1)
    expect(before.stdout).toMatch(/^0001-accounts +pending$/m)
    expect(before.stdout).toMatch(new RegExp(`^${engine}: \\d+ pending; .*db:migrate`, 'm'))
    expect(database.isThere()).toBe(engine !== 'SQLite')

    const migrated = run('scripts/db.ts', ['migrate'], database.url)
    expect([migrated.status, migrated.stderr]).toEqual([0, ''])
    expect(migrated.stdout).toMatch(/^0001-accounts {2}applied now$/m)
    expect(run('scripts/db.ts', ['migrate'], database.url).stdout).toMatch(/^.*: nothing to do; .*\n$/)

    const after = run('scripts/db.ts', ['status'], database.url)
    expect(after.status).toBe(0)
    expect(after.stdout).toMatch(/^0001-accounts +applied \d{4}-\d\d-\d\dT/m)
    expect(after.stdout).toMatch(new RegExp(`^${engine}: up to date, \\d+ applied$`, 'm'))
    await (await openDatabase(database.url, { migrate: false })).close()
  })

  it('is refused by a start, a migration and the list when a newer version has migrated it', async () => {
    await using database = await place()
    await (await openDatabase(database.url)).close()
    await database.toTheFuture()
    const sentence =
      /^The database was migrated by a newer version .*0099-from-the-future.*start that version.*\n$/
    const started = run('packages/api/src/main.ts', [], database.url)
    expect([started.status, started.stderr]).toEqual([1, expect.stringMatching(sentence)])
    const migrated = run('scripts/db.ts', ['migrate'], database.url)
    expect([migrated.status, migrated.stderr]).toEqual([1, expect.stringMatching(sentence)])
    const listed = run('scripts/db.ts', ['status'], database.url)
    expect(listed.status).toBe(1)
    expect(listed.stdout).toMatch(/^0099-from-the-future +unknown/m)
  })
})

it('says how it is used, and what is wrong with a database that cannot be reached, without its password', () => {
  expect(run('scripts/db.ts', [], 'sqlite:none')).toMatchObject({ status: 2 })
  const away = run('scripts/db.ts', ['status'], 'mysql://somebody:none-of-yours@127.0.0.1:1/none')
  expect(away.status).toBe(1)
  expect(away.stderr).toMatch(/^The database cannot be reached.*DATABASE_URL.*\n$/)
  expect(away.stderr).not.toContain('none-of-yours')
})

it('is looked at and migrated by the lines of docs/operations.md', async () => {
  await using database = await inFile()
  const lines = blocksOf(pageAt('docs/operations.md'))
    .filter(({ language }) => language === 'sh migrations')
    .flatMap(({ text }) => text.trim().split('\n'))
  const ended = lines.map((line) => {
    const env = { ...process.env, DATABASE_URL: database.url }
    return [line.split(' #')[0]?.trim(), spawnSync('sh', ['-c', line], { cwd: ROOT, env }).status]
  })
  expect(ended).toEqual([
    ['npm run db:status', 1],
    ['npm run db:migrate', 0],
  ])
})
