// The database contract on the server of TEST_DATABASE_URL: MariaDB, or a MySQL elsewhere.
import { describe, expect, it } from 'vitest'
import { readMigrationStatus } from '../src/index.ts'
import { MIGRATIONS } from '../src/migrations/index.ts'
import { databaseContract } from './contract/database.contract.ts'
import { embeddedOnly, scratchServer } from './support/scratch.ts'

describe.skipIf(embeddedOnly)('MySQL or MariaDB', () => {
  databaseContract(scratchServer, { shared: true })

  it('passes over steps of a migration that were done by a process which died before it recorded them', async () => {
    const scratch = await scratchServer()
    try {
      await scratch.open()
      const last = MIGRATIONS.slice(-3).map(({ name }) => `'${name}'`)
      await scratch.run(
        `update schema_migrations set steps = 0, applied_at = null where name in (${last.join()})`,
      )
      const { migrations } = await readMigrationStatus(scratch.url)
      expect(migrations.slice(-4).map(({ state }) => state)).toEqual([
        'applied',
        'pending',
        'pending',
        'pending',
      ])
      expect(await (await scratch.open()).accounts.count()).toBe(0)
    } finally {
      await scratch.drop()
    }
  })
})
