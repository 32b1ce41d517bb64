// What is particular to SQLite: the file, the one connection, other processes beside it.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CompiledQuery, Kysely } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite, sqliteDialect, type SqliteDriver } from '../src/driver-sqlite.ts'
import { DatabaseFault, DatabaseUnavailable, openDatabase } from '../src/index.ts'

describe('the SQLite driver', () => {
  let folder = ''
  let path = ''
  const opened: SqliteDriver[] = []

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'org-data-driver-'))
    path = join(folder, 'made', 'here', 'rows.db')
  })
  afterEach(async () => {
    for (const driver of opened.splice(0)) await driver.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  const open = async (waitMs = 200) => {
    const driver = await openSqlite({ path, waitMs, guard: () => {} })
    opened.push(driver)
    return { driver, db: new Kysely<{ t: { a: number } }>({ dialect: sqliteDialect(driver) }) }
  }
  const run = (db: Kysely<{ t: { a: number } }>, sql: string) => db.executeQuery(CompiledQuery.raw(sql))

  it('makes folder and file for their owner alone', async () => {
    await open()
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'made'))).mode & 0o077).toBe(0)
  })

  it('writes ahead, synchronises fully, and checks references', async () => {
    const { db } = await open()
    const pragma = async (name: string) => (await run(db, `pragma ${name}`)).rows[0]
    expect(await pragma('journal_mode')).toEqual({ journal_mode: 'wal' })
    expect(await pragma('synchronous')).toEqual({ synchronous: 2 })
    expect(await pragma('foreign_keys')).toEqual({ foreign_keys: 1 })
  })

  it('says so when the file cannot be made or is no database', async () => {
    await writeFile(join(folder, 'made'), 'a file where a folder should be')
    await expect(open()).rejects.toThrow(DatabaseUnavailable)
    await writeFile(join(folder, 'notes.db'), 'this is not a database, only some text that is long enough')
    await expect(openDatabase(`sqlite:${join(folder, 'notes.db')}`)).rejects.toThrow(DatabaseFault)
    await mkdir(join(folder, 'folder.db'))
    await expect(openDatabase(`sqlite:${join(folder, 'folder.db')}`)).rejects.toThrow(DatabaseUnavailable)
  })

  it('lets users wait for the connection in their order, and no longer than allowed', async () => {
    const { driver } = await open(50)
    const first = await driver.acquireConnection()
    const order: string[] = []
    const impatient = driver.acquireConnection()
    await expect(impatient).rejects.toMatchObject({ name: 'DatabaseUnavailable', reason: 'busy' })
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      await driver.acquireConnection()
      order.push(name)
      await driver.releaseConnection()
    })
    await driver.releaseConnection()
    await Promise.all(waiting)
    expect(order).toEqual(['a', 'b', 'c'])
    expect(await driver.acquireConnection()).toBe(first)
    await driver.releaseConnection()
  })

  it('closes at the end of its patience even if somebody keeps the connection', async () => {
    const { driver, db } = await open(20)
    await driver.acquireConnection()
    await driver.destroy()
    await expect(run(db, 'select 1')).rejects.toMatchObject({ reason: 'closed' })
  })

  it('tells whoever is still at work that the database is closed', async () => {
    const { driver } = await open(20)
    const connection = await driver.acquireConnection()
    await driver.destroy()
    await expect(connection.executeQuery(CompiledQuery.raw('select 1'))).rejects.toMatchObject({
      reason: 'closed',
    })
  })

  it('waits beside another process that writes, and then goes on', async () => {
    const { db } = await open(10_000)
    await run(db, 'create table t (a integer)')
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const written = run(db, 'insert into t values (1)')
    setTimeout(() => other.exec('commit'), 50)
    expect(await written).toMatchObject({ numAffectedRows: 1n })
    other.close()
  })

  it('gives up on another process that writes for too long, and is of use again afterwards', async () => {
    const { db } = await open(100)
    await run(db, 'create table t (a integer)')
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    await expect(run(db, 'insert into t values (1)')).rejects.toMatchObject({
      reason: 'busy',
      retryable: true,
    })
    await expect(db.transaction().execute((tx) => run(tx, 'insert into t values (1)'))).rejects.toMatchObject(
      {
        reason: 'busy',
      },
    )
    other.exec('rollback')
    other.close()
    expect(await run(db, 'insert into t values (1)')).toMatchObject({ numAffectedRows: 1n })
  })

  it('prepares a statement anew when the schema has changed, and keeps only so many', async () => {
    const { db } = await open()
    await run(db, 'create table t (a integer)')
    expect((await run(db, 'select * from t')).rows).toEqual([])
    await run(db, 'alter table t add column b integer')
    await run(db, 'insert into t values (1, 2)')
    expect((await run(db, 'select * from t')).rows).toEqual([{ a: 1, b: 2 }])
    for (let index = 0; index < 500; index++) {
      expect((await run(db, `select ${index} as n`)).rows).toEqual([{ n: index }])
    }
  })

  it('binds nothing that a column has not encoded', async () => {
    const { db } = await open()
    const bind = (value: unknown) => db.executeQuery(CompiledQuery.raw('select ? as v', [value]))
    await expect(bind(new Date())).rejects.toThrow(TypeError)
    await expect(bind(undefined)).rejects.toThrow(TypeError)
    expect((await bind('x')).rows).toEqual([{ v: 'x' }])
  })
})
