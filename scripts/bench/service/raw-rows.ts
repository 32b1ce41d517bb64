// The same rows past the service: read out of its table of punches, and written into another database's by hand with what the
// drivers offer. What the writing of a sync is measured against.
import { DatabaseSync } from 'node:sqlite'
import type { SQLOutputValue } from 'node:sqlite'
import { createConnection } from 'mysql2/promise'
import type { EmptyDatabase } from './bench-databases.ts'

/** Rows of the table `punches` without their ids, and the columns' names. */
export interface RawRows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly SQLOutputValue[])[]
}

const FILE = 'sqlite:'

/** Everything in the table of punches, in the order in which it was stored. */
export async function readRawRows({ engine, url }: EmptyDatabase): Promise<RawRows> {
  const statement = 'select * from punches order by id'
  const { columns, rows } = engine === 'SQLite' ? readFile(url, statement) : await readServer(url, statement)
  if (columns[0] !== 'id')
    throw new Error(`the punches begin with ${String(columns[0])} and not with their id`)
  return { columns: columns.slice(1), rows: rows.map((row) => row.slice(1)) }
}

/**
 * Writes them into a migrated, empty database and gives the milliseconds that it took: on MariaDB mysql2's multi-row insert of
 * `batch` rows a statement, on SQLite a prepared insert of node:sqlite, `batch` rows a transaction, as durable as the service.
 */
export async function writeRawRows(
  { engine, url }: EmptyDatabase,
  { columns, rows }: RawRows,
  batch: number,
): Promise<number> {
  const into = `insert into punches (${columns.join()}) values`
  if (engine === 'SQLite') return writeFile(url, `${into} (${columns.map(() => '?').join()})`, rows, batch)
  const connection = await createConnection(url)
  try {
    const started = performance.now()
    for (let from = 0; from < rows.length; from += batch)
      await connection.query(`${into} ?`, [rows.slice(from, from + batch)])
    return performance.now() - started
  } finally {
    await connection.end()
  }
}

function readFile(url: string, sql: string): RawRows {
  const file = new DatabaseSync(url.slice(FILE.length), { readOnly: true })
  try {
    const statement = file.prepare(sql)
    const columns = statement.columns().map(({ name }) => name)
    return { columns, rows: statement.all().map((row) => columns.map((column) => row[column] ?? null)) }
  } finally {
    file.close()
  }
}

async function readServer(uri: string, sql: string): Promise<RawRows> {
  const connection = await createConnection({ uri, dateStrings: true })
  try {
    const [rows, fields] = await connection.query(sql)
    const columns = fields.map(({ name }) => name)
    if (!Array.isArray(rows)) throw new Error('a select gave no rows')
    return { columns, rows: rows.map((row) => columns.map((column) => Reflect.get(row, column) ?? null)) }
  } finally {
    await connection.end()
  }
}

function writeFile(url: string, sql: string, rows: RawRows['rows'], batch: number): number {
  const file = new DatabaseSync(url.slice(FILE.length))
  try {
    for (const setting of ['journal_mode = wal', 'synchronous = full']) file.exec(`pragma ${setting}`)
    const started = performance.now()
    const statement = file.prepare(sql)
    for (let from = 0; from < rows.length; from += batch) {
      file.exec('begin immediate')
      for (const row of rows.slice(from, from + batch)) statement.run(...row)
      file.exec('commit')
    }
    return performance.now() - started
  } finally {
    file.close()
  }
}
