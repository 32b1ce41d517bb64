// The API as a process of its own: in queue mode one of many. It opens its database, hands it to core, listens, and on a signal
// takes all of that down again in the opposite order.
import { ConfigError, createServices, readConfig } from '@org/core'
import { openDatabase } from '@org/data'
import closeWithGrace from 'close-with-grace'
import { startApi } from './listen.ts'

/** What a stop may take before the process is ended; HTTP and core keep within it by themselves. */
const STOP_LIMIT_MS = 10_000

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const opened = new AsyncDisposableStack()
  try {
    const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
    const services = opened.adopt(await createServices(config, database, { role: 'api' }), (it) => it.close())
    const { log, mode } = services

    const admin = await services.accounts.ensureFirstAdmin()
    if (admin?.password !== undefined)
      process.stderr.write(
        `First admin: ${admin.email}, password ${admin.password} (shown once, change it)\n`,
      )

    const api = opened.adopt(await startApi(services), (it) => it.close())
    log.info({ address: api.address, docs: `${api.address}/docs`, mode }, 'listening')

    const grace = closeWithGrace({ delay: STOP_LIMIT_MS, logger: log }, async ({ err, signal }) => {
      if (err !== undefined) log.fatal({ err }, 'stopping after an error that nothing handled')
      else log.info({ signal }, 'stopping')
      await opened.disposeAsync()
    })
    services.mustStop.addEventListener('abort', () => grace.close(), { once: true })
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/** What the start failed of, for whoever started it. */
function sentenceOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE')
    return `${error.message}: something else listens there; set HOST or PORT`
  return error.stack ?? error.message
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`)
  process.exitCode = error instanceof ConfigError ? 2 : 1
}
