// The seed document on what it counts, and on its practice: endpoints, lifetimes, batches, work in the background. Each title begins
// with the id of its statement.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal, TerminalOptions } from '@org/zk-sim'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { operationsOf, type Document } from '../support/document.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

/** The 22 endpoints that the seed document counts, by its categories. */
const COUNTED = {
  'auth 2': ['POST /auth/login', 'POST /auth/register'],
  'attendance 5': [
    'GET /attendance',
    'POST /attendance/device/{deviceId}/sync',
    'GET /attendance/device/{deviceId}',
    'GET /attendance/user/{userId}',
    'DELETE /attendance/device/{deviceId}',
  ],
  'device management 3': ['POST /devices', 'GET /devices', 'PUT /devices/{deviceId}'],
  'device operations 3': [
    'GET /devices/{deviceId}/info',
    'POST /devices/{deviceId}/restart',
    'POST /devices/{deviceId}/sync-time',
  ],
  'door 1': ['POST /devices/{deviceId}/unlock'],
  'user management 6': [
    'POST /users/device/{deviceId}',
    'GET /users/device/{deviceId}',
    'PUT /users/device/{deviceId}/{userId}',
    'DELETE /users/device/{deviceId}/{userId}',
    'POST /users/device/{deviceId}/syncUserToDb',
    'POST /users/device/{deviceId}/syncUserToDevice',
  ],
  'queue & cache 2': ['GET /queue/stats', 'POST /cache/clear'],
}

const MINUTE_MS = 60_000

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  const terminals: SimulatedTerminal[] = []
  beforeAll(async () => {
    service = await wholeService(mode)
  })
  afterEach(() => vi.restoreAllMocks())
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await Promise.all(terminals.map((it) => it.stop()))
  })

  async function place(on: WholeService, options: TerminalOptions): Promise<[SimulatedTerminal, number]> {
    const serialNumber = `PRACTICE${terminals.length}`
    const terminal = await startTerminal({ people: 5, punches: 50, serialNumber, ...options })
    terminals.push(terminal)
    const body = { name: 'Reader', ip: '127.0.0.1', port: terminal.port }
    const { data } = await on.client.post('/api/v1/devices', body, { token: on.admin })
    return [terminal, (data as { id: number }).id]
  }
  const queue = async (on: WholeService, method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await on.client.ask(method, `/api/v1${path}`, { token: on.admin, body })
    expect({ path, status: answer.status }).toEqual({ path, status: 202 })
    return (answer.data as { job_id: string }).job_id
  }

  it('S-GEN-07 has the 22 endpoints that are counted', async () => {
    const document = (await service.client.get('/openapi.json')).body as Document
    const known = operationsOf(document).map(
      ({ method, path }) => `${method} ${path.slice('/api/v1'.length)}`,
    )
    for (const [category, endpoints] of Object.entries(COUNTED)) {
      expect(endpoints).toHaveLength(Number(category.split(' ').at(-1)))
      expect(known).toEqual(expect.arrayContaining(endpoints))
    }
    expect(Object.values(COUNTED).flat()).toHaveLength(22)
  })

  it('S-SEC-02 every endpoint tells its limit before it looks who asks', async () => {
    const document = (await service.client.get('/openapi.json')).body as Document
    for (const { method, path } of operationsOf(document)) {
      if (path.includes('/health/')) continue
      const answer = await service.client.ask(method, path.replaceAll(/\{\w+\}/g, '1'))
      expect({ path, limit: answer.headers.get('x-ratelimit-limit') }).toEqual({ path, limit: '1000000' })
      expect(answer.headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/)
      expect(answer.headers.get('x-ratelimit-reset')).toMatch(/^\d+$/)
    }
  })

  it('S-ATT-03 S-PER-01 keeps an answer for five minutes', async () => {
    const paths = ['/api/v1/attendance?limit=11', '/api/v1/users?limit=11']
    const seen = async () => {
      const answers = paths.map((path) => service.client.get(path, { token: service.admin }))
      return (await Promise.all(answers)).map(({ headers }) => headers.get('x-cache'))
    }
    await withClock(async (pass) => {
      expect(await seen()).toEqual(['MISS', 'MISS'])
      expect(await seen()).toEqual(['HIT', 'HIT'])
      await pass(4.9)
      expect(await seen()).toEqual(['HIT', 'HIT'])
      await pass(0.2)
      expect(await seen()).toEqual(['MISS', 'MISS'])
    })
  })

  /** Lets minutes pass for the cache alone: in this process by its clock, in Redis by what its keys have left to live. */
  async function withClock(
    course: (pass: (minutes: number) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    if (mode === 'embedded') {
      let aheadMs = 0
      const real = performance.now.bind(performance)
      vi.spyOn(performance, 'now').mockImplementation(() => real() + aheadMs)
      return course(async (minutes) => {
        aheadMs += minutes * MINUTE_MS
      })
    }
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const instanceId = await service.database.settings.find('instance-id')
    try {
      await course(async (minutes) => {
        for (const key of await redis.keys(`zk:${(instanceId ?? '').slice(0, 8)}:cache:sendable:*`)) {
          const leftMs = await redis.pttl(key)
          if (leftMs < 0) continue
          expect(leftMs).toBeLessThanOrEqual(5 * MINUTE_MS)
          await redis.pexpire(key, Math.max(1, Math.round(leftMs - minutes * MINUTE_MS)))
        }
        await new Promise((resolve) => setTimeout(resolve, 20))
      })
    } finally {
      await redis.quit()
    }
  }

  it('S-ATT-12 runs syncs of several terminals at once, each in a sync of its own', async () => {
    const placed = [await place(service, {}), await place(service, {}), await place(service, {})]
    for (const [terminal] of placed) terminal.faults.set({ delay: 150 })
    const jobs = await Promise.all(
      placed.map(([, id]) => queue(service, 'POST', `/attendance/device/${id}/sync`)),
    )
    let most = 0
    while (most < 3) {
      const { data } = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      const { queues } = data as { queues: Record<string, { active: number; completed: number }> }
      most = Math.max(most, queues['attendance-sync']?.active ?? 0)
      if ((queues['attendance-sync']?.completed ?? 0) >= 3) break
    }
    expect(most).toBeGreaterThanOrEqual(2)
    for (const job of jobs)
      expect(await service.finished(job)).toMatchObject({ state: 'completed', result: { new: 50 } })
  })

  it('S-PER-02 S-USR-10 stores people by the hundred', async () => {
    const [, id] = await place(service, { people: 250 })
    const sizes: number[] = []
    const transaction = service.database.transaction.bind(service.database)
    vi.spyOn(service.database, 'transaction').mockImplementation((work) =>
      transaction((tx) => {
        const upsertMany = tx.people.upsertMany.bind(tx.people)
        vi.spyOn(tx.people, 'upsertMany').mockImplementation((deviceId, rows, now) => {
          sizes.push(rows.length)
          return upsertMany(deviceId, rows, now)
        })
        return work(tx)
      }),
    )
    const job = await queue(service, 'POST', `/users/device/${id}/syncUserToDb`)
    expect(await service.finished(job)).toMatchObject({ state: 'completed', result: { inserted: 250 } })
    expect(sizes).toEqual([100, 100, 50])
  })

  it('S-PER-04 S-GEN-05 S-GEN-09 answers heavy work at once, and asks no terminal for it', async () => {
    await using idle = await wholeService(mode, { worker: false })
    const [terminal, id] = await place(idle, {})
    await terminal.hand.pullPlug()
    const jobs = [
      await queue(idle, 'POST', `/attendance/device/${id}/sync`),
      await queue(idle, 'POST', `/users/device/${id}/syncUserToDb`),
      await queue(idle, 'POST', `/users/device/${id}/syncUserToDevice`, {}),
      await queue(idle, 'DELETE', `/attendance/device/${id}`, { confirm: terminal.memory.serialNumber }),
    ]
    for (const job of jobs) {
      const { data } = await idle.client.get(`/api/v1/queue/jobs/${job}`, { token: idle.admin })
      expect(data).toMatchObject({ state: 'waiting', attempts: 0, started_at: null, result: null })
    }
  })
})
