// `npm run kept-transfers`: the attendance logs whose records no version of the service knows yet, kept for a week. Lists them, or
// writes one, decrypted, into a file that only its owner can read. Runs beside the service, with its settings.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { openKeptTransfers, readConfig, type KeptTransfers } from '@org/core'
import { openDatabase } from '@org/data'

const USAGE = `npm run kept-transfers [-- ID FILE]
  (none)    lists what is kept
  ID FILE   writes the bytes of one into FILE, which must not exist yet
The bytes name people and times: give them to nobody who may not see these.`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  try {
    const { positionals } = parseArgs({ args: args.filter((it) => it !== '--'), allowPositionals: true })
    const [id, file, ...more] = positionals
    if (more.length > 0 || (id !== undefined && (file === undefined || !/^[1-9]\d{0,8}$/.test(id))))
      throw new Error(USAGE)
    const config = readConfig(process.env)
    await using database = await disposable(config.databaseUrl)
    const kept = await openKeptTransfers(config, database.opened)
    await (id === undefined || file === undefined ? list(kept) : write(kept, Number(id), file))
    return 0
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return 1
  }
}

/** The service brings the schema up to date, not this. */
async function disposable(url: string) {
  const opened = await openDatabase(url, { migrate: false, poolSize: 1 })
  return { opened, [Symbol.asyncDispose]: () => opened.close() }
}

async function list(kept: KeptTransfers): Promise<void> {
  const all = await kept.list()
  if (all.length === 0) console.log('nothing is kept')
  for (const { id, deviceId, keptAt, keptUntil, keptBytes, tableBytes } of all)
    console.log(
      `${id}\tdevice ${deviceId}\t${keptBytes} of ${tableBytes} bytes\tfrom ${keptAt}\tuntil ${keptUntil}`,
    )
}

async function write(kept: KeptTransfers, id: number, file: string): Promise<void> {
  const found = await kept.open(id)
  if (found === undefined) throw new Error(`nothing of the id ${id} is kept`)
  await writeFile(file, found.bytes, { mode: 0o600, flag: 'wx' })
  console.log(`${found.bytes.length} bytes written to ${file}`)
}
