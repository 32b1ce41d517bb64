// `npm run db:migrate` and `npm run db:status`: bringing the database of the service's settings up to date apart from a start, and
// seeing where it stands. Every start migrates too; this is for whoever wants it done before.
import { readConfig, startFailure } from '@org/core'
import { migrateAndPrint, printMigrationStatus } from './database/migrations.ts'

const USAGE = `npm run db:migrate   brings the database up to date
npm run db:status    lists its migrations; exit code 0 when it is up to date, 1 when not
The database is that of the service: DATABASE_URL, or the SQLite file in DATA_DIR.`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const [command, ...more] = args.filter((it) => it !== '--')
  if (more.length > 0 || (command !== 'migrate' && command !== 'status')) {
    console.error(USAGE)
    return 2
  }
  const print = (line: string): void => console.log(line)
  try {
    const { databaseUrl } = readConfig(process.env)
    if (command === 'status') return await printMigrationStatus(databaseUrl, print)
    await migrateAndPrint(databaseUrl, print)
    return 0
  } catch (error) {
    console.error(startFailure(error))
    return 1
  }
}
