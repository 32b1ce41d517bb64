// Where a database's migrations stand, and bringing it up to date, in lines for people: for `npm run db:migrate`, `npm run db:status`
// and whatever else offers them. No line shows the URL, which may hold a password.
import { migrateDatabase, readMigrationStatus, type MigrationState, type MigrationStatus } from '@org/data'

/** Prints where the database stands. Gives the exit code: 0 when this version can start on it as it is, else 1. */
export async function printMigrationStatus(
  databaseUrl: string,
  print: (line: string) => void,
): Promise<0 | 1> {
  const status = await readMigrationStatus(databaseUrl)
  for (const line of statusLines(status)) print(line)
  return status.migrations.every(({ state }) => state === 'applied') ? 0 : 1
}

/** Brings the database up to date and prints what was done. Throws what `migrateDatabase` throws. */
export async function migrateAndPrint(databaseUrl: string, print: (line: string) => void): Promise<void> {
  const { applied, engine, migrations } = await migrateDatabase(databaseUrl)
  for (const name of applied) print(`${name}  applied now`)
  const newest = migrations.at(-1)?.name ?? 'none'
  const done = applied.length === 0 ? 'nothing to do' : `${applied.length} applied`
  print(`${ENGINES[engine]}: ${done}; the newest migration is ${newest}`)
}

const ENGINES: Readonly<Record<MigrationStatus['engine'], string>> = {
  sqlite: 'SQLite',
  mysql: 'MySQL or MariaDB',
}

const WORDS: Readonly<Record<MigrationState['state'], string>> = {
  applied: 'applied',
  begun: 'begun: a migration was broken off, and the next one goes on',
  pending: 'pending',
  unknown: 'unknown: this version is too old for the database',
}

function statusLines({ engine, migrations }: MigrationStatus): string[] {
  const width = Math.max(...migrations.map(({ name }) => name.length))
  const rows = migrations.map(
    ({ name, state, appliedAt }) =>
      `${name.padEnd(width)}  ${WORDS[state]}${state === 'applied' && appliedAt !== null ? ` ${appliedAt}` : ''}`,
  )
  return [...rows, `${ENGINES[engine]}: ${summary(migrations)}`]
}

function summary(migrations: readonly MigrationState[]): string {
  const count = (...states: MigrationState['state'][]): number =>
    migrations.filter(({ state }) => states.includes(state)).length
  const unknown = count('unknown')
  if (unknown > 0)
    return `${unknown} unknown; start the newer version, or restore a backup made before the upgrade`
  const pending = count('pending', 'begun')
  if (pending > 0) return `${pending} pending; \`npm run db:migrate\` or the next start applies them`
  return `up to date, ${count('applied')} applied`
}
