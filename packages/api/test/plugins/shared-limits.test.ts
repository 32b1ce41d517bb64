// One limit for several API processes: counted in Redis for all together, and in each by itself while Redis is away.
import { randomBytes } from 'node:crypto'
import { createServices, readConfig } from '@org/core'
import { openDatabase } from '@org/data'
import { afterEach, describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { cuttableProxy } from '../../../core/test/jobs/cuttable-proxy.ts'
import { startApi } from '../../src/index.ts'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

const LIMIT = 10

describe.skipIf(EMBEDDED_ONLY)('S-SEC-02 the rate limit of two API processes', () => {
  const opened = new AsyncDisposableStack()
  afterEach(() => opened.disposeAsync())

  it('is one, and goes on in each while Redis is away', async () => {
    const { url } = opened.use(await scratchDatabase())
    const proxy = await cuttableProxy(serverUrl('TEST_REDIS_URL'))
    opened.defer(() => proxy.cut())
    const config = readConfig({
      DATABASE_URL: url,
      REDIS_URL: proxy.url,
      LOG_LEVEL: 'silent',
      JWT_SECRET: randomBytes(32).toString('hex'),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      RATE_LIMIT_PER_MINUTE: String(LIMIT),
      OVERLOAD_DELAY_MS: '0',
      DRAIN_SECONDS: '0',
    })
    const process = async () => {
      const database = opened.adopt(await openDatabase(config.databaseUrl), (it) => it.close())
      const services = opened.adopt(
        await createServices(config, database, { role: 'api', log: testLog() }),
        (it) => it.close(),
      )
      return opened.adopt(await startApi(services, { host: '127.0.0.1', port: 0 }), (it) => it.close())
    }
    const [one, other] = [await process(), await process()]
    const statusesOf = async (address: string, count: number) => {
      const statuses: number[] = []
      for (let i = 0; i < count; i += 1) statuses.push((await fetch(`${address}/nowhere`)).status)
      return statuses
    }
    // A window has ended and another begun: then the count is this test's alone.
    const first = await fetch(`${one.address}/nowhere`)
    expect(first.headers.get('x-ratelimit-remaining')).toBe(String(LIMIT - 1))
    const together = [
      ...(await statusesOf(other.address, 5)),
      ...(await statusesOf(one.address, 4)),
      ...(await statusesOf(other.address, 1)),
      ...(await statusesOf(one.address, 1)),
    ]
    expect(together).toEqual([...Array<number>(9).fill(404), 429, 429])

    await proxy.cut()
    const apart = [
      ...(await statusesOf(one.address, LIMIT + 1)),
      ...(await statusesOf(other.address, LIMIT + 1)),
    ]
    const alone = [...Array<number>(LIMIT).fill(404), 429]
    expect(apart).toEqual([...alone, ...alone])
  })
})
