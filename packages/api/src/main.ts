// The API as a process of its own: in queue mode one of many. It opens its database, hands it to core and listens.
import { createServices, readConfig, runProcess } from '@org/core'
import { openDatabase } from '@org/data'
import { startApi } from './listen.ts'

await runProcess(async (opened) => {
  const config = readConfig(process.env)
  const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
  const services = opened.adopt(await createServices(config, database, { role: 'api' }), (it) => it.close())

  const admin = await services.accounts.ensureFirstAdmin()
  if (admin?.password !== undefined) {
    process.stderr.write(`First admin: ${admin.email}, password ${admin.password} (shown once, change it)\n`)
  }

  const api = opened.adopt(await startApi(services), (it) => it.close())
  services.log.info({ address: api.address, docs: `${api.address}/docs`, mode: services.mode }, 'listening')
  return services
})
