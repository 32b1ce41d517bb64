// Brings a database up to date. The servers' DDL is not transactional: each step is one statement, recorded when it is
// done, and one that was done but not recorded (the process died in between) is met again and passed over.
import { sql, type Kysely } from 'kysely'
import { storedInstant, type Instant } from '../columns.ts'
import type { Engine } from '../database.ts'
import { COLUMN_TYPES, hasTable, isThereAlready, underMigrationLock, type ColumnTypes } from '../dialect.ts'
import { SchemaTooNew, SchemaTooOld } from '../errors.ts'
import { schemaMigrations, type Schema } from '../schema.ts'

/** A change of the schema. Once released it is history: never edited, only followed by another. */
export interface Migration {
  readonly name: string
  /** One statement each, in order. */
  steps(types: ColumnTypes): readonly string[]
}

/** Runs what is missing, under a lock. Throws SchemaTooNew when something has run that is not in the list. */
export async function migrate(
  engine: Engine,
  db: Kysely<Schema>,
  migrations: readonly Migration[],
): Promise<void> {
  const types = COLUMN_TYPES[engine]
  await underMigrationLock(engine, db, async (locked) => {
    await createLedger(types, locked)
    const done = await stepsDone(locked, migrations)
    for (const migration of migrations) {
      const steps = migration.steps(types)
      const from = done.get(migration.name) ?? 0
      if (!done.has(migration.name)) {
        await locked
          .insertInto('schema_migrations')
          .values({ name: migration.name, steps: 0, applied_at: null })
          .execute()
      }
      for (const [index, step] of steps.entries()) {
        if (index < from) continue
        await runStep(locked, step)
        await locked
          .updateTable('schema_migrations')
          .set({
            steps: index + 1,
            applied_at: index + 1 === steps.length ? storedInstant(new Date().toISOString()) : null,
          })
          .where('name', '=', migration.name)
          .execute()
      }
    }
  })
}

/** Throws SchemaTooNew or SchemaTooOld unless exactly these migrations have run, whole. */
export async function checkMigrated(
  engine: Engine,
  db: Kysely<Schema>,
  migrations: readonly Migration[],
): Promise<void> {
  const types = COLUMN_TYPES[engine]
  const done = (await hasTable(engine, db, schemaMigrations.name))
    ? await stepsDone(db, migrations)
    : new Map<string, number>()
  const pending = migrations.filter(
    (migration) => (done.get(migration.name) ?? 0) < migration.steps(types).length,
  )
  if (pending.length > 0) throw new SchemaTooOld(pending.map(({ name }) => name))
}

/** A migration in a database. `begun`: some of its steps are missing; `unknown`: only a newer version has it. */
export interface MigrationState {
  readonly name: string
  readonly state: 'applied' | 'begun' | 'pending' | 'unknown'
  readonly appliedAt: Instant | null
}

/** Where a database stands: these migrations in their order, then unknown ones by name. */
export async function migrationStates(
  engine: Engine,
  db: Kysely<Schema>,
  migrations: readonly Migration[],
): Promise<readonly MigrationState[]> {
  const stored = (await hasTable(engine, db, schemaMigrations.name))
    ? await db.selectFrom('schema_migrations').selectAll().orderBy('name').execute()
    : []
  const rows = new Map(stored.map((row) => schemaMigrations.decode(row)).map((row) => [row.name, row]))
  const known = migrations.map((migration): MigrationState => {
    const { name } = migration
    const { steps: done = 0, appliedAt = null } = rows.get(name) ?? {}
    const whole = done >= migration.steps(COLUMN_TYPES[engine]).length
    return { name, state: whole ? 'applied' : done > 0 ? 'begun' : 'pending', appliedAt }
  })
  const names = new Set(migrations.map(({ name }) => name))
  const unknown = [...rows.values()]
    .filter(({ name }) => !names.has(name))
    .map(({ name, appliedAt }): MigrationState => ({ name, state: 'unknown', appliedAt }))
  return [...known, ...unknown]
}

async function createLedger(types: ColumnTypes, db: Kysely<Schema>): Promise<void> {
  await sql
    .raw(
      `create table if not exists schema_migrations (
        name ${types.key(100)} not null primary key,
        steps ${types.int} not null,
        applied_at ${types.instant}
      ) ${types.tableEnd}`,
    )
    .execute(db)
}

async function stepsDone(db: Kysely<Schema>, migrations: readonly Migration[]): Promise<Map<string, number>> {
  const rows = await db.selectFrom('schema_migrations').selectAll().execute()
  const done = new Map(rows.map((stored) => ledgerRow(stored)))
  const unknown = [...done.keys()].filter((name) => !migrations.some((migration) => migration.name === name))
  if (unknown.length > 0) throw new SchemaTooNew(unknown)
  return done
}

function ledgerRow(stored: object): [name: string, steps: number] {
  const { name, steps } = schemaMigrations.decode(stored)
  return [name, steps]
}

async function runStep(db: Kysely<Schema>, step: string): Promise<void> {
  try {
    await sql.raw(step).execute(db)
  } catch (error) {
    if (!isThereAlready(error)) throw error
  }
}
