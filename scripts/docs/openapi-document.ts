// The OpenAPI document of this tree, asked of the service itself: one that runs for a moment in a temporary folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApi } from '@org/api'
import { createServices, readConfig } from '@org/core'
import { openDatabase } from '@org/data'

/** The document as JSON. Throws when the service does not start or does not answer. */
export async function openApiDocument(): Promise<string> {
  await using opened = new AsyncDisposableStack()
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'zk-openapi-')), (it) =>
    rm(it, { recursive: true }),
  )
  // Asked once, it is never overloaded; the machine may be.
  const config = readConfig({ DATA_DIR: folder, LOG_LEVEL: 'silent', OVERLOAD_DELAY_MS: '0' })
  const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
  const services = opened.adopt(await createServices(config, database, { role: 'both' }), (it) => it.close())
  const api = opened.adopt(await startApi(services, { host: '127.0.0.1', port: 0 }), (it) => it.close())
  const answer = await fetch(`${api.address}/openapi.json`, { signal: AbortSignal.timeout(60_000) })
  if (!answer.ok) throw new Error(`the service answered ${answer.status} when asked for its document`)
  return await answer.text()
}
