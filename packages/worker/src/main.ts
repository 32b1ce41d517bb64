// The worker as a process of its own, for queue mode: any number of them, on any number of machines.
import closeWithGrace from 'close-with-grace'
import { ConfigError, createServices, readConfig } from '@org/core'
import { openDatabase } from '@org/data'
import { startWorker } from './worker.ts'

/** Jobs and leases are put back within this time after SIGTERM; then the process ends as it stands. */
const STOP_WITHIN_MS = 10_000

try {
  const config = readConfig(process.env)
  if (config.mode.embedded) {
    throw new ConfigError([
      {
        variable: 'DATABASE_URL, REDIS_URL',
        message:
          'a worker of its own needs both, the first on MySQL or MariaDB; without them `npm start` runs everything',
      },
    ])
  }
  const database = await openDatabase(config.databaseUrl)
  const services = await createServices(config, database, { role: 'worker' })
  const worker = startWorker(services)
  services.log.info({ concurrency: config.WORKER_CONCURRENCY }, 'worker ready')

  closeWithGrace({ delay: STOP_WITHIN_MS }, async ({ err, signal }) => {
    if (err === undefined) services.log.info({ signal }, 'worker stops')
    else services.log.fatal({ err }, 'worker stops because of an error nobody handled')
    await worker.stop()
    await services.close()
    await database.close()
  })
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
