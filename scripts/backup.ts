// `npm run backup -- FOLDER`: a copy of the SQLite database and of the secrets that go with it, made while the service runs. What is
// copied is the database of one moment; it is checked before the copy counts. A server's database is dumped by the server's own tools.
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'
import { readConfig, type Config } from '@org/core'

const USAGE = `npm run backup -- FOLDER
  copies the SQLite database and its secrets into FOLDER, which must not hold a backup yet; the service may run meanwhile
Settings are those of the service: DATA_DIR or DATABASE_URL say where the database is.`

/** How long the copy waits for a writer that holds the database. */
const WAIT_MS = 30_000
const DATABASE = 'service.db'
const SECRETS = 'secrets.json'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  // People, punches and keys: for nobody but the owner.
  process.umask(0o077)
  try {
    const { positionals } = parseArgs({ args: args.filter((it) => it !== '--'), allowPositionals: true })
    const [folder, ...more] = positionals
    if (folder === undefined || more.length > 0) throw new Error(USAGE)
    await backUp(readConfig(process.env), resolve(folder))
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 1
  }
}

async function backUp(config: Config, folder: string): Promise<void> {
  if (config.mode.database !== 'sqlite')
    throw new Error('The database is on a server: docs/operations.md tells how to dump it')
  const from = config.databaseUrl.replace(/^sqlite:(\/\/)?/, '')
  if (!(await isThere(from))) throw new Error(`There is no database ${from}; see DATA_DIR and DATABASE_URL`)
  await mkdir(folder, { recursive: true })
  const to = join(folder, DATABASE)
  for (const path of [to, join(folder, SECRETS)])
    if (await isThere(path)) throw new Error(`${path} is there already: take a new folder for each backup`)

  const unfinished = `${to}.unfinished`
  await rm(unfinished, { force: true })
  try {
    copyDatabase(from, unfinished)
    checkCopy(unfinished)
    await toDisk(unfinished)
    await copySecrets(config, folder)
    await rename(unfinished, to)
  } finally {
    await rm(unfinished, { force: true })
  }
  console.log(`${to}\t${(await stat(to)).size} bytes, checked`)
}

/** One statement reads it all, in a snapshot that no writer waits for. */
function copyDatabase(from: string, to: string): void {
  const database = new DatabaseSync(from, { readOnly: true })
  try {
    database.exec(`pragma busy_timeout = ${WAIT_MS}`)
    database.prepare('vacuum into ?').run(to)
  } finally {
    database.close()
  }
}

function checkCopy(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const found = database.prepare('pragma integrity_check').all()
    if (found.length !== 1 || found[0]?.['integrity_check'] !== 'ok')
      throw new Error('The copy is damaged, so probably is the database; restore an earlier backup')
  } finally {
    database.close()
  }
}

async function toDisk(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

async function copySecrets(config: Config, folder: string): Promise<void> {
  const kept = join(config.DATA_DIR, SECRETS)
  if (await isThere(kept)) {
    await copyFile(kept, join(folder, SECRETS))
    console.log(`${join(folder, SECRETS)}\tthe keys that the database needs: keep this folder secret`)
  }
  if (config.ENCRYPTION_KEY !== undefined)
    console.log('ENCRYPTION_KEY is set in the environment: keep it with this backup')
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
      throw error
    },
  )
}
