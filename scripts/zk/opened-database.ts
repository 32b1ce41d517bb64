// The database that the environment names, opened for a command beside the service: the service brings its schema up to date, or
// `zk migrate`, and nothing else.
import { existsSync } from 'node:fs'
import { readConfig, type Config } from '@org/core'
import { openDatabase, type Database } from '@org/data'
import { CommandFailure } from './command.ts'
import { PROGRAM } from './help.ts'
import type { Io } from './io.ts'

/** What a command works on. */
export interface OpenedDatabase extends AsyncDisposable {
  readonly config: Config
  readonly database: Database
}

/** Throws ConfigError, CommandFailure where there is no database yet, and what openDatabase throws. */
export async function openConfigured({ env }: Io): Promise<OpenedDatabase> {
  const config = readConfig(env)
  if (isMissing(config))
    throw new CommandFailure(
      `there is no database yet at ${fileOf(config)}; run ${PROGRAM} migrate, or start the service`,
    )
  const database = await openDatabase(config.databaseUrl, { migrate: false })
  return { config, database, [Symbol.asyncDispose]: () => database.close() }
}

/** Whether it is a file that is not there: opening it would make it. */
export function isMissing(config: Config): boolean {
  const file = fileOf(config)
  return file !== undefined && !existsSync(file)
}

function fileOf({ databaseUrl }: Config): string | undefined {
  const path = /^sqlite:(?:\/\/)?(.+)$/.exec(databaseUrl)?.[1]
  return path === ':memory:' ? undefined : path
}
