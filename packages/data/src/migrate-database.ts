// Migrating apart from starting: what an operator does before an upgrade, and how they see where a database stands.
import { existsSync } from 'node:fs'
import type { Engine } from './database.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { migrationStates, type MigrationState } from './migrations/migrate.ts'
import { parseDatabaseUrl } from './parse-database-url.ts'
import { openRows, type Rows } from './rows.ts'
import { TransactionRunner } from './scope.ts'

/** Where a database stands: its migrations in their order, then those that only a newer version knows. */
export interface MigrationStatus {
  readonly engine: Engine
  readonly migrations: readonly MigrationState[]
}

/** Changes nothing; a SQLite file that is missing is not made. Throws DatabaseUnavailable, DatabaseUsage. */
export async function readMigrationStatus(url: string): Promise<MigrationStatus> {
  const place = parseDatabaseUrl(url)
  if (place.engine === 'sqlite' && !existsSync(place.path))
    return {
      engine: place.engine,
      migrations: MIGRATIONS.map(({ name }) => ({ name, state: 'pending', appliedAt: null })),
    }
  return withRows(url, statusOf)
}

/**
 * Brings a database up to date, as a start does. `applied` names what was missing before. Throws SchemaTooNew, DatabaseUnavailable,
 * DatabaseUsage; what was done by then stays, and the next call goes on behind it.
 */
export async function migrateDatabase(
  url: string,
): Promise<MigrationStatus & { readonly applied: readonly string[] }> {
  return withRows(url, async (rows) => {
    const before = await statusOf(rows)
    await rows.migrate()
    const missing = before.migrations.filter(({ state }) => state === 'pending' || state === 'begun')
    return { ...(await statusOf(rows)), applied: missing.map(({ name }) => name) }
  })
}

async function statusOf({ engine, db }: Rows): Promise<MigrationStatus> {
  return { engine, migrations: await migrationStates(engine, db, MIGRATIONS) }
}

async function withRows<T>(url: string, work: (rows: Rows) => Promise<T>): Promise<T> {
  const place = parseDatabaseUrl(url)
  const rows = await openRows(place, new TransactionRunner(place.engine), 1)
  try {
    return await work(rows)
  } finally {
    await rows.close()
  }
}
