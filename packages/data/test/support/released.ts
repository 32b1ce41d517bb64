// Databases as released versions left them: their schemas, one file an engine, and rows. `node packages/data/test/support/released.ts`
// writes the schema files of a release anew; done once, when it is released.
import { readFile, writeFile } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Engine } from '../../src/index.ts'
import { MIGRATIONS } from '../../src/migrations/index.ts'
import { migrate } from '../../src/migrations/migrate.ts'
import { parseDatabaseUrl } from '../../src/parse-database-url.ts'
import { openRows, type Rows } from '../../src/rows.ts'
import { TransactionRunner } from '../../src/scope.ts'
import { scratchFile, scratchServer, type Scratch } from './scratch.ts'

/** Each released version, and the last migration that it has. */
export const RELEASES = [{ version: '1.0', lastMigration: '0014-person-templates' }] as const
export type Release = (typeof RELEASES)[number]

/** Makes an empty database what it was under a release, with its rows. */
export async function restoreRelease({ lastMigration }: Release, scratch: Scratch): Promise<void> {
  const files = [`${lastMigration}.${engineOf(scratch)}.sql`, `${lastMigration.slice(0, 4)}-rows.sql`]
  for (const file of files) {
    const text = await readFile(new URL(`../released/${file}`, import.meta.url), 'utf8')
    for (const statement of statementsOf(text)) await scratch.run(statement)
  }
}

/** The schema of a database in its engine's own words, by name. Rows of the ledger are not looked at. */
export async function schemaOf(scratch: Scratch): Promise<string[]> {
  if (engineOf(scratch) === 'sqlite') {
    const rows = await scratch.run(
      "select sql from sqlite_master where sql is not null and name not like 'sqlite_%' order by type desc, name",
    )
    return rows.map((row) => textOf(row['sql']))
  }
  const tables = await scratch.run(
    'select table_name as name from information_schema.tables where table_schema = database() order by table_name',
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const [row] = await scratch.run(`show create table ${textOf(name)}`)
    texts.push(textOf(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, ''))
  }
  // Whoever others point to comes first.
  return texts.toSorted((a, b) => Number(a.includes('REFERENCES')) - Number(b.includes('REFERENCES')))
}

/** Runs the migrations up to this one, by name. */
export async function migrateTo(scratch: Scratch, lastMigration: string): Promise<void> {
  const last = MIGRATIONS.findIndex(({ name }) => name === lastMigration)
  if (last === -1) throw new Error(`there is no migration ${lastMigration}`)
  await withRows(scratch, (rows) => migrate(rows.engine, rows.db, MIGRATIONS.slice(0, last + 1)))
}

async function withRows(scratch: Scratch, work: (rows: Rows) => Promise<void>): Promise<void> {
  const place = parseDatabaseUrl(scratch.url)
  const rows = await openRows(place, new TransactionRunner(place.engine), 1)
  try {
    await work(rows)
  } finally {
    await rows.close()
  }
}

function engineOf({ url }: Scratch): Engine {
  return parseDatabaseUrl(url).engine
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new Error('expected a text')
  return value
}

/** A statement ends with a semicolon at a line's end. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/^--.*$/gm, '')
    .split(/;$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

async function writeSchema({ version, lastMigration }: Release, scratch: Scratch): Promise<void> {
  const engine = engineOf(scratch)
  await migrateTo(scratch, lastMigration)
  const ledger: string[] = []
  await withRows(scratch, async ({ db }) => {
    const { rows } = await sql<{ name: string; steps: number }>`
      select name, steps from schema_migrations order by name`.execute(db)
    for (const { name, steps } of rows)
      ledger.push(
        `insert into schema_migrations (name, steps, applied_at) values ('${name}', ${steps}, '2026-01-01 00:00:00.000')`,
      )
    const head = await sql<object>`select id from audit_head`.execute(db)
    if (head.rows.length > 0) ledger.push("insert into audit_head (id, count, hash) values (1, 0, '')")
  })
  const header = `-- The schema of version ${version}, written by test/support/released.ts and never edited.`
  const text = [header, ...[...(await schemaOf(scratch)), ...ledger].map((it) => `${it};`)].join('\n')
  await writeFile(new URL(`../released/${lastMigration}.${engine}.sql`, import.meta.url), `${text}\n`)
}

if (import.meta.main) {
  for (const release of RELEASES) {
    for (const scratch of [await scratchFile(), await scratchServer()]) {
      await writeSchema(release, scratch)
      await scratch.drop()
    }
  }
}
