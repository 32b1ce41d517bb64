// The worker as a process of its own, for queue mode: any number of them, on any number of machines.
import { createServices, keepAliveFile, readConfig, runProcess } from '@org/core'
import { openDatabase } from '@org/data'
import { startWorker } from './worker.ts'

await runProcess(async (opened) => {
  const config = readConfig(process.env)
  const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
  const services = opened.adopt(await createServices(config, database, { role: 'worker' }), (it) =>
    it.close(),
  )
  opened.adopt(startWorker(services), (it) => it.stop())
  if (config.ALIVE_FILE !== undefined)
    opened.adopt(await keepAliveFile(config.ALIVE_FILE, services), (it) => it.stop())
  services.log.info({ concurrency: config.WORKER_CONCURRENCY }, 'worker ready')
  return services
})
