// What every database promises, whatever its engine; with it run the contracts of its repositories.
import { AsyncLocalStorage } from 'node:async_hooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  DatabaseUnavailable,
  DatabaseUsage,
  SchemaTooNew,
  SchemaTooOld,
  type Database,
} from '../../src/index.ts'
import { account, FIRST_100 } from '../support/samples.ts'
import type { Scratch } from '../support/scratch.ts'
import { accountsContract } from './accounts.contract.ts'
import { apiKeysContract } from './api-keys.contract.ts'
import { auditContract, auditTamperingContract } from './audit.contract.ts'
import { credentialsContract } from './credentials.contract.ts'
import { devicesContract } from './devices.contract.ts'
import { doorsContract } from './doors.contract.ts'
import { holdAloneContract } from './hold-alone.contract.ts'
import { jobClaimsContract } from './job-claims.contract.ts'
import { jobsContract } from './jobs.contract.ts'
import { jobHistoriesContract } from './job-histories.contract.ts'
import { keptTransfersContract } from './kept-transfers.contract.ts'
import { migrationsContract } from './migrations.contract.ts'
import { peopleContract } from './people.contract.ts'
import { pendingPeopleContract } from './pending-people.contract.ts'
import { punchHistoriesContract } from './punch-histories.contract.ts'
import { punchListsContract } from './punch-lists.contract.ts'
import { punchRemovalContract } from './punch-removal.contract.ts'
import { punchesContract } from './punches.contract.ts'
import { settingsContract } from './settings.contract.ts'
import { syncPlansContract } from './sync-plans.contract.ts'
import { turnsContract } from './turns.contract.ts'
import { upgradesContract } from './upgrades.contract.ts'

/** What the contracts of repositories work with. */
export interface Given {
  /** The database, with nothing in it but what tests before have left. */
  readonly database: () => Database
  /** The same database as another process would have it; the same object where it cannot be shared. */
  readonly another: () => Database
  /** Past the repositories; see Scratch. */
  readonly run: (sql: string) => Promise<Record<string, unknown>[]>
}

/** `shared`: whether several may open the same database. */
export function databaseContract(makeScratch: () => Promise<Scratch>, { shared }: { shared: boolean }): void {
  lifeContract(makeScratch, shared)
  holdAloneContract(makeScratch, { shared })
  if (shared) migrationsContract(makeScratch)
  if (shared) upgradesContract(makeScratch)

  describe('repositories', () => {
    let scratch: Scratch
    let database: Database
    let another: Database

    beforeAll(async () => {
      scratch = await makeScratch()
      database = await scratch.open()
      another = shared ? await scratch.open() : database
    })
    afterAll(() => scratch.drop())

    const given: Given = {
      database: () => database,
      another: () => another,
      run: (sql) => scratch.run(sql),
    }
    accountsContract(given)
    credentialsContract(given)
    apiKeysContract(given)
    settingsContract(given)
    keptTransfersContract(given)
    devicesContract(given)
    peopleContract(given)
    pendingPeopleContract(given)
    punchesContract(given)
    punchListsContract(given)
    punchHistoriesContract(given)
    punchRemovalContract(given)
    jobsContract(given)
    jobClaimsContract(given)
    jobHistoriesContract(given)
    syncPlansContract(given)
    turnsContract(given)
    doorsContract(given)
    auditContract(given)
    if (shared) auditTamperingContract(given)
  })
}

function lifeContract(makeScratch: () => Promise<Scratch>, shared: boolean): void {
  describe('a database', () => {
    let scratch: Scratch
    let database: Database

    beforeEach(async () => {
      scratch = await makeScratch()
      database = await scratch.open()
    })
    afterEach(() => scratch.drop())

    it('answers a ping, and refuses one that was called off', async () => {
      await expect(database.ping()).resolves.toBeUndefined()
      await expect(database.ping(AbortSignal.abort(new Error('called off')))).rejects.toThrow('called off')
    })

    it('says that it is closed, however often it is closed', async () => {
      await Promise.all([database.close(), database.close()])
      await database.close()
      await expect(database.accounts.count()).rejects.toMatchObject({
        name: 'DatabaseUnavailable',
        reason: 'closed',
        retryable: false,
      })
      await expect(database.transaction((tx) => tx.accounts.count())).rejects.toThrow(DatabaseUnavailable)
    })

    it('closes after the work that is under way', async () => {
      const inserted = database.transaction((tx) => tx.accounts.insert(account('late')))
      await database.close()
      await expect(inserted).resolves.toMatchObject({ username: 'late' })
    })

    it('keeps what was committed', async () => {
      await database.transaction((tx) => tx.accounts.insert(account('ann')))
      expect(await database.accounts.count()).toBe(1)
      const elsewhere = shared ? await scratch.open() : database
      expect(await elsewhere.accounts.count()).toBe(1)
    })

    it('forgets what was rolled back, and goes on', async () => {
      const failed = database.transaction(async (tx) => {
        await tx.accounts.insert(account('ann'))
        throw new Error('changed my mind')
      })
      await expect(failed).rejects.toThrow('changed my mind')
      expect(await database.accounts.count()).toBe(0)
      await database.transaction((tx) => tx.accounts.insert(account('bob')))
      expect((await database.accounts.list(FIRST_100)).rows.map(({ username }) => username)).toEqual(['bob'])
    })

    it('hides what is not committed from everybody else', async () => {
      const elsewhere = shared ? await scratch.open() : database
      const [seen] = await database.transaction(async (tx) => {
        await tx.accounts.insert(account('ann'))
        const asked = outside(() => elsewhere.accounts.count())
        // Where there is one connection, whoever asks waits for the end of the transaction.
        return shared ? [await asked] : [asked]
      })
      expect(await seen).toBe(shared ? 0 : 1)
    })

    it('refuses to go past an open transaction from inside it', async () => {
      await database.transaction(async (tx) => {
        await expect(database.accounts.count()).rejects.toThrow(DatabaseUsage)
        await expect(database.transaction(async () => 1)).rejects.toThrow(DatabaseUsage)
        expect(await tx.accounts.count()).toBe(0)
      })
      expect(await database.accounts.count()).toBe(0)
    })

    it('calls back after a commit, in order, and never after a roll-back', async () => {
      const calls: string[] = []
      await database.transaction(async (tx) => {
        tx.afterCommit(() => calls.push('first'))
        tx.afterCommit(() => calls.push('second'))
        expect(calls).toEqual([])
      })
      expect(calls).toEqual(['first', 'second'])
      const failed = database.transaction(async (tx) => {
        tx.afterCommit(() => calls.push('never'))
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect(calls).toEqual(['first', 'second'])
    })

    it('tells the process of a callback that throws, and its caller that the commit stands', async () => {
      const warnings: string[] = []
      const listen = ({ message }: Error) => warnings.push(message)
      process.on('warning', listen)
      await database.transaction(async (tx) => {
        tx.afterCommit(() => {
          throw new Error('a defect of the caller')
        })
        await tx.accounts.insert(account('ann'))
      })
      await expect.poll(() => warnings).toContain('a defect of the caller')
      process.off('warning', listen)
      expect(await database.accounts.count()).toBe(1)
    })

    it('runs many transactions at once, none of them lost', async () => {
      const elsewhere = shared ? await scratch.open() : database
      await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? database : elsewhere).transaction(async (tx) => {
            await tx.settings.insertIfAbsent(`s${index % 7}`, 'v')
            return tx.accounts.insert(account(`a${index}`))
          }),
        ),
      )
      expect(await database.accounts.count()).toBe(40)
    })
  })

  describe('a database that is not migrated', () => {
    let scratch: Scratch

    beforeEach(async () => {
      scratch = await makeScratch()
    })
    afterEach(() => scratch.drop())

    it('is not opened where migrating is not allowed', async () => {
      await expect(scratch.open({ migrate: false })).rejects.toThrow(SchemaTooOld)
    })

    if (!shared) return

    it('is opened without migrating once it is migrated', async () => {
      await scratch.open()
      const database = await scratch.open({ migrate: false })
      expect(await database.accounts.count()).toBe(0)
    })

    it('is not opened when a newer version has migrated it', async () => {
      await scratch.open()
      await scratch.run(`insert into schema_migrations (name, steps) values ('0099-from-the-future', 1)`)
      await expect(scratch.open()).rejects.toThrow(SchemaTooNew)
      await expect(scratch.open({ migrate: false })).rejects.toThrow('0099-from-the-future')
    })
  })
}

/** Runs work as code that has nothing to do with the transaction around it. */
const outside = AsyncLocalStorage.snapshot()
