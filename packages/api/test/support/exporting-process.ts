// A process that serves one export of a database to itself, throws the bytes away, and says how much memory it took at most.
// Arguments: the database's URL, the format.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServices, readConfig } from '@org/core'
import { openDatabase } from '@org/data'
import { startApi } from '../../src/index.ts'

const [, , url = '', format = 'csv'] = process.argv
const ADMIN = { email: 'admin@example.com', password: 'danish123' }

const folder = await mkdtemp(join(tmpdir(), 'api-export-'))
const config = readConfig({
  DATABASE_URL: url,
  DATA_DIR: folder,
  LOG_LEVEL: 'silent',
  OVERLOAD_DELAY_MS: '0',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
})
const database = await openDatabase(config.databaseUrl)
const services = await createServices(config, database, { role: 'both' })
await services.accounts.ensureFirstAdmin()
const api = await startApi(services, { host: '127.0.0.1', port: 0 })

const login = await fetch(`${api.address}/api/v1/auth/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(ADMIN),
})
if (login.status !== 200) throw new Error(await login.text())
const { data } = (await login.json()) as { data: { access_token: string } }
const answer = await fetch(`${api.address}/api/v1/attendance/export?format=${format}`, {
  headers: { authorization: `Bearer ${data.access_token}` },
})
if (answer.status !== 200 || answer.body === null) throw new Error(await answer.text())
let bytes = 0
for await (const chunk of answer.body) bytes += chunk.byteLength
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024)
process.stdout.write(JSON.stringify({ bytes, peakMiB }))

await api.close()
await services.close()
await database.close()
await rm(folder, { recursive: true })
