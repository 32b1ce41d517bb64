// What every database that can be shared promises of its migrations.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as schema from '../../src/schema.ts'
import { MIGRATIONS } from '../../src/migrations/index.ts'
import { account } from '../support/samples.ts'
import type { Scratch } from '../support/scratch.ts'

const TABLES = [
  schema.accounts,
  schema.credentials,
  schema.apiKeys,
  schema.devices,
  schema.deviceZones,
  schema.people,
  schema.pendingPeople,
  schema.personTemplates,
  schema.punches,
  schema.jobs,
  schema.jobTotals,
  schema.audit,
  schema.auditHead,
  schema.unlockAttempts,
  schema.unlockDays,
  schema.settings,
  schema.keptTransfers,
  schema.turns,
  schema.schemaMigrations,
]

export function migrationsContract(makeScratch: () => Promise<Scratch>): void {
  describe('migrations', () => {
    let scratch: Scratch

    beforeEach(async () => {
      scratch = await makeScratch()
    })
    afterEach(() => scratch.drop())

    it('make the columns that the schema declares, and no others', async () => {
      await scratch.open()
      for (const { name, columns } of TABLES) {
        expect([name, new Set(await columnsOf(scratch, name))]).toEqual([name, new Set<string>(columns)])
      }
    })

    it('make the unique keys that errors are named after', async () => {
      await scratch.open()
      for (const { index, columns } of schema.UNIQUE_KEYS) {
        expect([index, await indexColumns(scratch, columns[0]?.split('.')[0] ?? '', index)]).toEqual([
          index,
          columns.map((column) => column.split('.')[1]),
        ])
      }
    })

    it('run once when many start together', async () => {
      const databases = await Promise.all(Array.from({ length: 6 }, () => scratch.open()))
      expect(await ledger(scratch)).toEqual(MIGRATIONS.map(({ name }) => name))
      await databases[0]?.accounts.insert(account('ann'))
      for (const database of databases) expect(await database.accounts.count()).toBe(1)
    })

    it('run once when many processes start together', async () => {
      const script = fileURLToPath(new URL('../support/open-and-count.ts', import.meta.url))
      const children = Array.from({ length: 4 }, () =>
        spawn(process.execPath, [script, scratch.url], { stdio: ['ignore', 'inherit', 'inherit'] }),
      )
      const codes = await Promise.all(
        children.map(async (child) => (await once(child, 'exit')) as [number | null]),
      )
      expect(codes.map(([code]) => code)).toEqual([0, 0, 0, 0])
      expect(await ledger(scratch)).toEqual(MIGRATIONS.map(({ name }) => name))
    })

    it('leave what is there alone when they run again', async () => {
      const database = await scratch.open()
      await database.accounts.insert(account('ann'))
      const again = await scratch.open()
      expect(await again.accounts.findByEmail('ann@example.org')).toMatchObject({ username: 'ann' })
    })
  })
}

async function ledger(scratch: Scratch): Promise<string[]> {
  const rows = await scratch.run(
    'select name from schema_migrations where applied_at is not null order by name',
  )
  return rows.map(({ name }) => String(name))
}

async function columnsOf(scratch: Scratch, table: string): Promise<string[]> {
  const rows = await scratch.run(
    scratch.url.startsWith('sqlite:')
      ? `select name from pragma_table_info('${table}')`
      : `select column_name as name from information_schema.columns where table_schema = database() and table_name = '${table}'`,
  )
  return rows.map(({ name }) => String(name))
}

async function indexColumns(scratch: Scratch, table: string, index: string): Promise<string[]> {
  const rows = await scratch.run(
    scratch.url.startsWith('sqlite:')
      ? `select info.name from pragma_index_list('${table}') as list, pragma_index_info(list.name) as info
         where list.name = '${index}' and list."unique" = 1 order by info.seqno`
      : `select column_name as name from information_schema.statistics where table_schema = database()
         and table_name = '${table}' and index_name = '${index}' and non_unique = 0 order by seq_in_index`,
  )
  return rows.map(({ name }) => String(name))
}
