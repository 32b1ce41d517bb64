// What is particular to the servers: connections that are refused, slow, cut or caught in a deadlock.
import { createServer } from 'node:net'
import { CompiledQuery } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MysqlDriver, type MysqlOptions } from '../src/driver-mysql.ts'
import { DatabaseFault, DatabaseUnavailable, openDatabase, type Database } from '../src/index.ts'
import { parseDatabaseUrl } from '../src/parse-database-url.ts'
import { account, newDevice } from './support/samples.ts'
import { embeddedOnly, scratchServer, type Scratch } from './support/scratch.ts'

describe.skipIf(embeddedOnly)('the MySQL driver', () => {
  let scratch: Scratch
  let database: Database
  const drivers: MysqlDriver[] = []

  beforeEach(async () => {
    scratch = await scratchServer()
    database = await scratch.open({ poolSize: 3 })
  })
  afterEach(async () => {
    for (const driver of drivers.splice(0)) await driver.destroy()
    await scratch.drop()
  })

  const open = (changes: Partial<MysqlOptions> = {}) => {
    const place = parseDatabaseUrl(scratch.url)
    if (place.engine !== 'mysql') throw new Error('TEST_DATABASE_URL names no server')
    const driver = new MysqlDriver({
      ...place,
      poolSize: 1,
      waitMs: 300,
      statementMs: 10_000,
      guard: () => {},
      ...changes,
    })
    drivers.push(driver)
    return driver
  }
  const one = async (driver: MysqlDriver, sql: string) => {
    const connection = await driver.acquireConnection()
    try {
      return (await connection.executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql))).rows[0]
    } finally {
      await driver.releaseConnection(connection)
    }
  }

  it('says whatever keeps it from connecting in the same words, without the login', async () => {
    const nobody = createServer()
    const port = await new Promise<number>((resolve) => {
      nobody.listen(0, '127.0.0.1', () => {
        const address = nobody.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
    await new Promise((resolve) => nobody.close(resolve))
    const url = new URL(scratch.url)
    const wrong = [
      `mysql://root:secret@127.0.0.1:${port}/zk`,
      `mysql://nobody:secret@${url.host}${url.pathname}`,
      `mysql://${url.username}:${url.password}@${url.host}/no_such_database`,
      `mysql://root:secret@no-such-host.invalid/zk`,
      `${scratch.url}?tls=verify`,
    ]
    for (const one of wrong) {
      const failure: unknown = await openDatabase(one).catch((error: unknown) => error)
      expect(failure).toMatchObject({ name: 'DatabaseUnavailable', reason: 'refused', retryable: true })
      expect(JSON.stringify(everythingIn(failure))).not.toMatch(/secret|no_such_database/)
    }
  })

  it('gives up on a server that accepts and is silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const driver = open({ host: '127.0.0.1', port, waitMs: 150 })
    await expect(driver.acquireConnection()).rejects.toThrow(DatabaseUnavailable)
    await driver.destroyNow()
    await new Promise((resolve) => silent.close(resolve))
  })

  it('works in READ COMMITTED, strictly, in UTC', async () => {
    const driver = open()
    expect(
      await one(driver, `show variables where variable_name in ('tx_isolation', 'transaction_isolation')`),
    ).toMatchObject({
      Value: 'READ-COMMITTED',
    })
    const session = await one(driver, 'select @@session.sql_mode as mode, @@session.time_zone as zone')
    expect(session).toMatchObject({
      mode: expect.stringContaining('STRICT_ALL_TABLES') as unknown,
      zone: '+00:00',
    })
  })

  it('waits for a free connection no longer than allowed', async () => {
    const driver = open({ waitMs: 100 })
    const taken = await driver.acquireConnection()
    await expect(driver.acquireConnection()).rejects.toMatchObject({ reason: 'busy' })
    await driver.releaseConnection(taken)
    expect(await one(driver, 'select 1 as n')).toEqual({ n: 1 })
  })

  it('waits for an answer no longer than allowed, and does not use that connection again', async () => {
    const driver = open({ statementMs: 200 })
    const before = await one(driver, 'select connection_id() as id')
    await expect(one(driver, 'select sleep(20)')).rejects.toMatchObject({ reason: 'timeout' })
    expect(await one(driver, 'select connection_id() as id')).not.toEqual(before)
  })

  it('says when its connection was cut, and is of use again at once', async () => {
    const driver = open()
    const connection = await driver.acquireConnection()
    const { rows } = await connection.executeQuery<{ id: number }>(
      CompiledQuery.raw('select connection_id() as id'),
    )
    const cut = connection.executeQuery(CompiledQuery.raw('select sleep(20)'))
    const [outcome] = await Promise.allSettled([cut, scratch.run(`kill connection ${rows[0]?.id}`)])
    expect(outcome).toMatchObject({ reason: { name: 'DatabaseUnavailable', retryable: true } })
    await driver.releaseConnection(connection)
    expect(await one(driver, 'select 1 as n')).toEqual({ n: 1 })
  })

  it('rolls back what a cut connection had begun', async () => {
    const cut = database.transaction(async (tx) => {
      await tx.accounts.insert(account('ann'))
      const rows = await scratch.run(
        `select id from information_schema.processlist where db = database() and id <> connection_id()`,
      )
      for (const { id } of rows) await scratch.run(`kill connection ${String(id)}`)
      await tx.accounts.insert(account('bob'))
    })
    await expect(cut).rejects.toThrow(DatabaseUnavailable)
    expect(await database.accounts.count()).toBe(0)
  })

  it('repeats a transaction that met a deadlock, whole', async () => {
    const [one, two] = [await newDevice(database), await newDevice(database)]
    const runs = { one: 0, two: 0 }
    let bothHold: () => void = () => {}
    const held = new Promise<void>((resolve) => (bothHold = resolve))
    const callbacks: string[] = []
    const cross = async (name: 'one' | 'two', first: number, second: number) =>
      database.transaction(async (tx) => {
        runs[name]++
        tx.afterCommit(() => callbacks.push(name))
        await tx.devices.checkFence(first, 1)
        if (runs.one > 0 && runs.two > 0) bothHold()
        await held
        await tx.devices.checkFence(second, 1)
      })
    await Promise.all([cross('one', one, two), cross('two', two, one)])
    expect(runs.one + runs.two).toBeGreaterThan(2)
    expect(callbacks.toSorted()).toEqual(['one', 'two'])
  })

  it('names neither statement nor values when the server refuses one', async () => {
    const driver = open()
    const failures = [
      `select 'secret' from no_such_table`,
      `selec 'secret'`,
      `insert into settings (name, value) values ('secret', null)`,
    ]
    for (const sql of failures) {
      const failure: unknown = await one(driver, sql).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(DatabaseFault)
      expect(JSON.stringify(everythingIn(failure))).not.toContain('secret')
    }
    await driver.destroy()
  })

  it('goes on with migrations where a process that died has left them, even between a step and its record', async () => {
    await database.accounts.insert(account('ann'))
    await scratch.run(`update schema_migrations set steps = 2, applied_at = null where name = '0005-jobs'`)
    await scratch.run(`delete from schema_migrations where name > '0005-jobs'`)
    await scratch.run('drop table audit_head')
    await expect(scratch.open({ migrate: false })).rejects.toThrow(/0005-jobs, 0006-audit, 0007-settings/)
    const again = await scratch.open()
    expect(await again.accounts.count()).toBe(1)
    expect(await again.audit.head()).toEqual({ count: 0, hash: '' })
    expect(await scratch.run('select name from schema_migrations where applied_at is null')).toEqual([])
  })

  it('ends a transaction whose statement was not answered in time, at once', async () => {
    const driver = open({ statementMs: 200 })
    const connection = await driver.acquireConnection()
    await driver.beginTransaction(connection)
    await expect(connection.executeQuery(CompiledQuery.raw('select sleep(20)'))).rejects.toMatchObject({
      reason: 'timeout',
    })
    await driver.rollbackTransaction(connection)
    await driver.releaseConnection(connection)
    expect(await one(driver, 'select 1 as n')).toEqual({ n: 1 })
  })

  it('tells the holder that is alone when its connection is cut', async () => {
    const hold = await database.holdAlone()
    const rows = await scratch.run(
      `select id from information_schema.processlist where db = database() and id <> connection_id()`,
    )
    for (const { id } of rows) await scratch.run(`kill connection ${String(id)}`)
    await expect.poll(() => hold?.lost.aborted, { timeout: 20_000 }).toBe(true)
  })

  it('closes without waiting for ever for somebody who keeps a connection', async () => {
    const driver = open({ waitMs: 100 })
    await driver.acquireConnection()
    await driver.destroy()
    await expect(driver.acquireConnection()).rejects.toMatchObject({ reason: 'closed' })
  })
})

/** An error with its causes and all their properties, as a logger that prints everything would see it. */
function everythingIn(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return {
    own: Object.entries(error),
    message: error.message,
    stack: error.stack,
    cause: everythingIn(error.cause),
  }
}
