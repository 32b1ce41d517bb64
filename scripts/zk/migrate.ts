// `zk migrate`: brings the database's schema up to date, as every start of the service does; or only tells what is missing.
import type { Config } from '@org/core'
import { defineCommand } from './command.ts'

export const migrate = defineCommand({
  name: 'migrate',
  about: 'brings the database up to date, or tells whether it is',
  more: [
    'The service does the same at each start; of several that begin together one migrates and the others wait. A database that does not exist yet is made where it is a SQLite file; on MySQL and MariaDB it must exist.',
    'With --status nothing is changed, and the exit code is 1 while migrations are missing.',
  ],
  options: {
    status: { type: 'boolean', about: 'only tells which migrations are missing' },
    json: { type: 'boolean', about: 'prints the names as JSON' },
  },
  examples: [
    ['before an upgrade: what would be done', 'migrate --status'],
    ['does it', 'migrate'],
  ],

  async run(given, io) {
    const { readConfig } = await import('@org/core')
    const config = readConfig(io.env)
    const missing = await missingMigrations(config)
    const isStatus = given.flag('status')
    if (!isStatus && missing !== 'none') await bringUpToDate(config)
    const names = Array.isArray(missing) ? missing : []
    if (given.flag('json')) {
      const lists = isStatus ? { applied: [], missing: names } : { applied: names, missing: [] }
      io.stdout.write(`${JSON.stringify({ database: missing === 'all' ? 'new' : 'there', ...lists })}\n`)
    } else io.stdout.write(`${said(missing, isStatus)}\n`)
    return isStatus && missing !== 'none' ? 1 : 0
  },
})

/** By name; `none`, or `all` where there is no database yet. */
type Missing = readonly string[] | 'none' | 'all'

async function missingMigrations(config: Config): Promise<Missing> {
  const { isMissing } = await import('./opened-database.ts')
  if (isMissing(config)) return 'all'
  const { openDatabase, SchemaTooOld } = await import('@org/data')
  try {
    const database = await openDatabase(config.databaseUrl, { migrate: false, poolSize: 1 })
    await database.close()
    return 'none'
  } catch (error) {
    if (error instanceof SchemaTooOld) return error.pendingMigrations
    throw error
  }
}

async function bringUpToDate(config: Config): Promise<void> {
  const { openDatabase } = await import('@org/data')
  const database = await openDatabase(config.databaseUrl, { poolSize: 1 })
  await database.close()
}

function said(missing: Missing, isStatus: boolean): string {
  if (missing === 'none') return 'The database is up to date.'
  if (missing === 'all')
    return isStatus ? 'There is no database yet.' : 'The database was made and is up to date.'
  const list = missing.map((name) => `  ${name}`).join('\n')
  return isStatus
    ? `Missing: ${missing.length}\n${list}`
    : `Done: ${missing.length}\n${list}\nThe database is up to date.`
}
