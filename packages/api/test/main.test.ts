// The API as a process: what it says when it cannot start, and several of them side by side.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, scratchDatabase, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { freshTestSecret } from '../../../scripts/toolchain/test-secrets.ts'
import { startProcess } from './journeys/support/service-process.ts'
import { Client } from './support/client.ts'
import { logIn } from './support/whole-service.ts'

const MAIN = 'packages/api/src/main.ts'
const ROOT = new URL('../../../', import.meta.url).pathname
const ADMIN = { email: 'admin@example.com', password: 'danish123' }

/** Starts the API with this environment and nothing else, and waits until it has ended. */
async function runToItsEnd(env: Readonly<Record<string, string>>): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  return { code: code as number, stderr }
}

describe('the API as a process', () => {
  it('lists every wrong variable and ends', async () => {
    const { code, stderr } = await runToItsEnd({ PORT: 'many', LOG_LEVEL: 'loud', JWT_SECRET: 'short' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/PORT: .*\n/)
    expect(stderr).toMatch(/LOG_LEVEL: .*\n/)
    expect(stderr).toMatch(/JWT_SECRET: .*\n/)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('says that it needs MySQL and Redis, because it is half of a service', async () => {
    const { code, stderr } = await runToItsEnd({ DATABASE_URL: 'sqlite::memory:', PORT: '0' })
    expect(code).toBe(2)
    expect(stderr).toContain('DATABASE_URL, REDIS_URL')
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe.skipIf(EMBEDDED_ONLY)('several API processes', () => {
  it('share accounts, tokens and limits, and stop when told to', async () => {
    await using database = await scratchDatabase()
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: serverUrl('TEST_REDIS_URL'),
      JWT_SECRET: randomBytes(32).toString('hex'),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      LOGIN_RATE_LIMIT_PER_MINUTE: '3',
      DRAIN_SECONDS: '0',
      OVERLOAD_DELAY_MS: '0',
      PORT: '0',
    }
    const start = () => startProcess({ script: MAIN, env, readyMessage: 'listening' })
    const [first, second] = await Promise.all([start(), start()])
    const clients = [
      await Client.to(String(first.ready['address'])),
      await Client.to(String(second.ready['address'])),
    ] as const

    const token = await logIn(clients[0], ADMIN)
    expect((await clients[1].get('/api/v1/queue/stats', { token })).status).toBe(200)
    expect((await clients[1].get('/health/ready')).data).toMatchObject({ redis: { state: 'up' } })

    await logIn(clients[1], ADMIN)
    await logIn(clients[0], ADMIN)
    const refusals = await Promise.all(clients.map((client) => client.post('/api/v1/auth/login', ADMIN)))
    expect(refusals.map(({ status }) => status)).toEqual([429, 429])

    expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0])
    const lines = [...first.output, ...second.output].join('\n')
    expect(lines).not.toContain(ADMIN.password)
    expect(lines).not.toContain(token)
  })

  it('stop at once at a second signal, beyond an echo of the first, instead of draining to the end', async () => {
    await using database = await scratchDatabase()
    const env = {
      DATABASE_URL: database.url,
      REDIS_URL: serverUrl('TEST_REDIS_URL'),
      JWT_SECRET: freshTestSecret(),
      ENCRYPTION_KEY: freshTestSecret(),
      DRAIN_SECONDS: '5',
      PORT: '0',
    }
    await using api = await startProcess({ script: MAIN, env, readyMessage: 'listening' })
    const ended = api.stop()
    const again = setInterval(() => api.tellToStop(), 300)
    expect(await ended).toBe(1)
    clearInterval(again)
  })
})
