// A process that is killed after it has sent a notice and before it could note that down: the notice comes again, with its id.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@org/data'
import { describe, expect, it } from 'vitest'
import { httpReceiver } from '../../../../scripts/toolchain/http-receiver.ts'
import { scratchDatabase, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { MODES } from '../support/whole-service.ts'
import { RestClient } from './support/rest-client.ts'
import { startProcess } from './support/service-process.ts'

const ADMIN = { email: 'admin@journey.example', password: 'a long journey 3' }
const WEBHOOK_SECRET = 'the secret of a journey, long enough for it'
/** A logical database of Redis that no other test uses. */
const REDIS_DATABASE = 14

describe.each(MODES)('a notice sent by a process that is then killed, in %s', (mode) => {
  it('comes again from the next one, with the id that it had', async () => {
    await using opened = new AsyncDisposableStack()
    const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'zk-notice-')), (it) =>
      rm(it, { recursive: true }),
    )
    const hook = opened.use(await httpReceiver())
    const shared: Record<string, string> = mode === 'embedded' ? {} : await servers(opened)
    const env = {
      ...shared,
      DATA_DIR: folder,
      PORT: '0',
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
      JOB_CLAIM_MS: '2000',
      WEBHOOK_URL: hook.url,
      WEBHOOK_SECRET,
    }
    const whole = () =>
      startProcess({ script: 'scripts/start.ts', args: ['--no-demo'], env, readyMessage: 'listening' })
    const half = (name: 'api' | 'worker') =>
      startProcess({
        script: `packages/${name}/src/main.ts`,
        env,
        readyMessage: name === 'api' ? 'listening' : 'worker ready',
      })
    hook.answer = (_, before) => (before === 0 ? 'silence' : 200)

    const first = opened.use(await (mode === 'embedded' ? whole() : half('worker')))
    const api = mode === 'embedded' ? first : opened.use(await half('api'))
    const client = new RestClient(String(api.ready['address']))
    await client.logIn(ADMIN.email, ADMIN.password)
    const [jobId = ''] = await client.testNotices()
    await hook.whenReceived(1)
    await first.kill()

    const second = opened.use(await (mode === 'embedded' ? whole() : half('worker')))
    const [sent, again] = await hook.whenReceived(2)
    expect(again?.headers['x-webhook-id']).toBe(sent?.headers['x-webhook-id'])
    expect(again?.body).toBe(sent?.body)

    const database = opened.adopt(
      await openDatabase(shared['DATABASE_URL'] ?? `sqlite:${join(folder, 'service.db')}`),
      (it) => it.close(),
    )
    await expect
      .poll(() => database.jobs.find(jobId), { timeout: 60_000 })
      .toMatchObject({ state: 'completed', attempts: 2 })
    for (const line of [...first.output, ...second.output, ...api.output]) {
      expect(line).not.toContain(WEBHOOK_SECRET)
      expect(line).not.toContain('very-secret-path')
    }
  })
})

async function servers(opened: AsyncDisposableStack): Promise<Record<string, string>> {
  const { url } = opened.use(await scratchDatabase())
  return {
    DATABASE_URL: url,
    REDIS_URL: `${serverUrl('TEST_REDIS_URL')}/${REDIS_DATABASE}`,
    JWT_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEY: randomBytes(32).toString('hex'),
  }
}
