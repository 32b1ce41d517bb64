// Every difference between MySQL/MariaDB and SQLite that repositories and migrations would otherwise know. What is
// different on the wire is in the two drivers.
import {
  CompiledQuery,
  sql,
  type Expression,
  type InsertQueryBuilder,
  type Kysely,
  type Selectable,
  type SelectQueryBuilder,
  type SqlBool,
} from 'kysely'
import type { Stored } from './columns.ts'
import type { Engine } from './database.ts'
import { DatabaseFault, DatabaseUnavailable } from './errors.ts'
import type { Schema } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf, Table } from './table.ts'

/** Locks the rows that a select finds until the transaction ends. SQLite has locked the whole database by then. */
export function forUpdate<DB, T extends keyof DB, O>(
  scope: Scope,
  query: SelectQueryBuilder<DB, T, O>,
): SelectQueryBuilder<DB, T, O> {
  return scope.engine === 'mysql' ? query.forUpdate() : query
}

/**
 * Makes an insert leave an existing row as it is. On the servers that row is locked as if it had been written;
 * INSERT IGNORE would hide values that do not fit as well.
 */
export function keepExisting<T extends keyof Schema, O>(
  scope: Scope,
  query: InsertQueryBuilder<Schema, T, O>,
  key: string,
): InsertQueryBuilder<Schema, T, O> {
  return scope.engine === 'mysql'
    ? query.modifyEnd(sql`on duplicate key update ${sql.ref(key)} = ${sql.ref(key)}`)
    : query.onConflict((conflict) => conflict.doNothing())
}

/** Indexes that a query may be told to go along; `primary` is the order of the ids. */
type PunchIndex =
  | 'primary'
  | 'punches_by_device'
  | 'punches_by_instant'
  | 'punches_by_person'
  | 'punches_by_pin'
  | 'punches_place'
export type JobIndex =
  | 'primary'
  | 'jobs_by_device'
  | 'jobs_by_state'
  | 'jobs_listed_by_queue'
  | 'jobs_listed_by_queue_and_state'
  | 'jobs_listed_by_state'
  | 'jobs_turn'

/**
 * The punches, to be read along this index. Left to itself MariaDB goes to the middle of a device's punches by passing over all that
 * lie before, and SQLite takes the device for more telling than the person.
 */
export function punchesAlong(scope: Scope, index: PunchIndex) {
  return sql<Selectable<Schema['punches']>>`punches`.as<'punches'>(sql.raw(`punches ${hint(scope, index)}`))
}

/** The jobs, to be read along this index. Left to themselves both engines rather find and sort them. */
export function jobsAlong(scope: Scope, index: JobIndex) {
  return sql<Selectable<Schema['jobs']>>`jobs`.as<'jobs'>(sql.raw(`jobs ${hint(scope, index)}`))
}

function hint({ engine }: Scope, index: string): string {
  if (engine === 'mysql') return `force index (${index})`
  return index === 'primary' ? 'not indexed' : `indexed by ${index}`
}

const MAX_PARAMETERS = 30_000 // SQLite takes 32,766
const MAX_ROWS = 900 // MariaDB turns lists of a thousand and more into temporary tables

/** How many rows of so many columns one statement may have. */
export function rowsPerStatement(columns: number): number {
  return Math.min(MAX_ROWS, Math.floor(MAX_PARAMETERS / columns))
}

/**
 * That a column's value is one of many numbers. SQLite gets them as one value, so that the statement is the same for any number
 * of them: it keeps what it prepared.
 */
export function isAmong(scope: Scope, column: string, numbers: readonly number[]): Expression<SqlBool> {
  return scope.engine === 'mysql'
    ? sql<SqlBool>`${sql.ref(column)} in (${sql.join(numbers)})`
    : sql<SqlBool>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(numbers)}))`
}

/** What becomes of rows whose unique `key` exists already: these columns are replaced. */
export interface Replacement {
  readonly key: readonly string[]
  readonly columns: readonly string[]
}

/**
 * Inserts many rows with few statements, on a conflict with `replacement` replacing its columns. Only for transactions that end
 * with its failure: on SQLite rows that went before a refused one would otherwise stay.
 */
export async function insertMany<C>(
  scope: Scope,
  table: Table<C>,
  rows: readonly NewRowOf<Table<C>>[],
  replacement?: Replacement,
): Promise<void> {
  const width = table.insertColumns.length
  for (let from = 0; from < rows.length;) {
    const part = rows.slice(from, from + rowsOfNextInsert(scope.engine, width, rows.length - from))
    from += part.length
    const values = Array<Stored>(part.length * width).fill(null)
    part.forEach((row, index) => table.encodeInto(values, index * width, row))
    await scope.db.executeQuery(
      CompiledQuery.raw(insertText(scope.engine, table, part.length, replacement), values),
    )
  }
}

const MAX_PREPARED_ROWS = 64

/**
 * The servers are sent the text, of any length. SQLite keeps what it prepared, which takes memory for every value: so there a
 * table has few statements, of 64 rows, 32, 16 … and one.
 */
function rowsOfNextInsert(engine: Engine, columns: number, left: number): number {
  const most = Math.min(left, rowsPerStatement(columns))
  return engine === 'mysql' ? most : 2 ** Math.floor(Math.log2(Math.min(most, MAX_PREPARED_ROWS)))
}

/** Texts of statements that come again and again; node:sqlite finds its prepared statement by them. */
const insertTexts = new Map<string, string>()

function insertText(
  engine: Engine,
  table: { readonly name: string; readonly insertColumns: readonly string[] },
  rows: number,
  replacement: Replacement | undefined,
): string {
  const name = `${engine} ${table.name} ${rows} ${replacement?.columns.join() ?? ''}`
  const known = insertTexts.get(name)
  if (known !== undefined) return known
  const places = `(${table.insertColumns.map(() => '?').join()})`
  const text = `${INSERT[engine]} into ${table.name} (${table.insertColumns.join()}) values ${Array(rows).fill(places).join()}${
    replacement === undefined ? '' : onConflict(engine, replacement)
  }`
  if (engine === 'sqlite' || rows === rowsPerStatement(table.insertColumns.length))
    insertTexts.set(name, text)
  return text
}

/**
 * To be able to take back a statement of several rows alone, SQLite would copy every page before it changes it, which costs as
 * much as the rows themselves. The transaction is taken back as a whole instead.
 */
const INSERT: Readonly<Record<Engine, string>> = { mysql: 'insert', sqlite: 'insert or fail' }

/** `values(…)` is the one form that MySQL 8 and MariaDB share. */
function onConflict(engine: Engine, { key, columns }: Replacement): string {
  if (engine === 'mysql') {
    return ` on duplicate key update ${columns.map((column) => `${column} = values(${column})`).join()}`
  }
  return ` on conflict (${key.join()}) do update set ${columns.map((column) => `${column} = excluded.${column}`).join()}`
}

/** Column types for migrations. Text is compared byte by byte; `key` does not ignore trailing blanks either. */
export interface ColumnTypes {
  /** A number given by the database, never given twice. */
  readonly generatedId: string
  readonly int: string
  readonly bigint: string
  /** 0 to 4294967295. */
  readonly unsigned: string
  readonly real: string
  readonly bool: string
  readonly instant: string
  readonly wallTime: string
  readonly longText: string
  text(max: number): string
  key(max: number): string
  /** What follows the closing bracket of a table. */
  readonly tableEnd: string
}

export const COLUMN_TYPES: Record<Engine, ColumnTypes> = {
  mysql: {
    generatedId: 'bigint not null auto_increment primary key',
    int: 'int',
    bigint: 'bigint',
    unsigned: 'int unsigned',
    real: 'double',
    bool: 'tinyint(1)',
    instant: 'datetime(3)',
    wallTime: 'char(19) character set ascii collate ascii_bin',
    longText: 'longtext',
    text: (max) => `varchar(${max})`,
    key: (max) => `varbinary(${max})`,
    tableEnd: 'engine = InnoDB default character set utf8mb4 collate utf8mb4_bin row_format = dynamic',
  },
  sqlite: {
    generatedId: 'integer primary key autoincrement',
    int: 'integer',
    bigint: 'integer',
    unsigned: 'integer',
    real: 'real',
    bool: 'integer',
    instant: 'text',
    wallTime: 'text',
    longText: 'text',
    text: () => 'text',
    key: () => 'text',
    tableEnd: 'strict',
  },
}

/** Whether the servers say that a table, column or index to be made is there already. */
export function isThereAlready(error: unknown): boolean {
  return error instanceof DatabaseFault && / (1050|1060|1061)$/.test(error.code)
}

/** Whether the database has a table of this name. */
export async function hasTable(engine: Engine, db: Kysely<Schema>, name: string): Promise<boolean> {
  const found =
    engine === 'mysql'
      ? sql`select 1 from information_schema.tables where table_schema = database() and table_name = ${name}`
      : sql`select 1 from sqlite_master where type = 'table' and name = ${name}`
  return (await found.execute(db)).rows.length > 0
}

/** How long to wait for a process that migrates: an index over many millions of rows takes its time. */
const LOCK_SECONDS = 3_000

/** Runs the work while no other process migrates this database, under a lock that dies with its holder. */
export async function underMigrationLock(
  engine: Engine,
  db: Kysely<Schema>,
  work: (db: Kysely<Schema>) => Promise<void>,
): Promise<void> {
  if (engine === 'sqlite') return db.transaction().execute(work)
  await db.connection().execute(async (connection) => {
    const lock = sql`concat('migrate ', left(sha1(database()), 40))`
    const taken = await sql<{
      taken: number | null
    }>`select get_lock(${lock}, ${LOCK_SECONDS}) as taken`.execute(connection)
    if (taken.rows[0]?.taken !== 1) throw new DatabaseUnavailable('busy')
    try {
      await work(connection)
    } finally {
      await sql`select release_lock(${lock})`.execute(connection)
    }
  })
}
