// Where rows are: a file or a server, opened for Kysely, and what is done differently there.
import { Kysely } from 'kysely'
import type { AloneHold, Engine } from './database.ts'
import { MysqlDriver, mysqlDialect } from './driver-mysql.ts'
import { openSqlite, sqliteDialect } from './driver-sqlite.ts'
import { holdFile, holdServer } from './hold-alone.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { migrate } from './migrations/migrate.ts'
import type { MysqlPlace, SqlitePlace } from './parse-database-url.ts'
import type { Schema } from './schema.ts'
import type { TransactionRunner } from './scope.ts'

const WAIT_MS = 10_000
const STATEMENT_MS = 30_000
const MIGRATION_STATEMENT_MS = 3_600_000 // an index over many millions of rows takes its time

/** Where rows are, and what is done differently there. */
export interface Rows {
  readonly engine: Engine
  readonly db: Kysely<Schema>
  migrate(): Promise<void>
  holdAlone(): Promise<AloneHold | undefined>
  close(): Promise<void>
}

/** Opens them; not migrated yet, and closed by whoever opened them. Throws DatabaseUnavailable. */
export async function openRows(
  place: SqlitePlace | MysqlPlace,
  runner: TransactionRunner,
  poolSize: number,
): Promise<Rows> {
  return place.engine === 'sqlite' ? rowsInFile(place, runner) : rowsOnServer(place, runner, poolSize)
}

async function rowsInFile({ path }: SqlitePlace, { guard }: TransactionRunner): Promise<Rows> {
  const driver = await openSqlite({ path, waitMs: WAIT_MS, guard })
  const db = new Kysely<Schema>({ dialect: sqliteDialect(driver) })
  return {
    engine: 'sqlite',
    db,
    migrate: () => migrate('sqlite', db, MIGRATIONS),
    holdAlone: async () => holdFile(path),
    close: () => driver.destroy(),
  }
}

function rowsOnServer(place: MysqlPlace, { guard }: TransactionRunner, poolSize: number): Rows {
  const options = { ...place, poolSize, statementMs: STATEMENT_MS, waitMs: WAIT_MS, guard }
  const driver = new MysqlDriver(options)
  return {
    engine: 'mysql',
    db: new Kysely<Schema>({ dialect: mysqlDialect(driver) }),
    migrate: async () => {
      // On a connection of its own, with a patience that no other statement is given.
      const own = new MysqlDriver({ ...options, poolSize: 1, statementMs: MIGRATION_STATEMENT_MS })
      try {
        await migrate('mysql', new Kysely<Schema>({ dialect: mysqlDialect(own) }), MIGRATIONS)
      } finally {
        await own.destroy()
      }
    },
    holdAlone: () => holdServer(options),
    close: () => driver.destroy(),
  }
}
