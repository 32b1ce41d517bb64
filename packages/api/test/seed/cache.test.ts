// The seed document on the cache: lists come from it, syncs and admins clear it. Each title begins with the id of its statement.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const LIST = '/api/v1/attendance'
const CLEAR = '/api/v1/cache/clear'
const PUNCHES = 50

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  let deviceId: number
  beforeAll(async () => {
    service = await wholeService(mode)
    terminal = await startTerminal({ people: 5, punches: PUNCHES, seed: 11 })
    const body = { name: 'Reader', ip: '127.0.0.1', port: terminal.port }
    const made = await service.client.post('/api/v1/devices', body, { token: service.admin })
    deviceId = (made.data as { id: number }).id
    await sync()
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await terminal.stop()
  })

  async function sync(): Promise<void> {
    const answer = await service.client.post(`${LIST}/device/${deviceId}/sync`, {}, { token: service.admin })
    const job = await service.finished((answer.data as { job_id: string }).job_id)
    expect(job.state).toBe('completed')
  }

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    service.client.ask(method, path, { token: service.admin, headers })
  const total = (body: unknown) => (body as { pagination: { total: number } }).pagination.total
  const clear = (token = service.admin) => service.client.post(CLEAR, {}, { token })

  const LISTS = () => [
    LIST,
    `${LIST}?device_id=${deviceId}`,
    `${LIST}/device/${deviceId}`,
    `${LIST}/device/${deviceId}?limit=10&sort=timestamp`,
    `${LIST}/user/1?limit=10`,
  ]

  it('S-ATT-01 S-ATT-02 S-PER-01 lists come from the database once and from the cache afterwards', async () => {
    await clear()
    for (const path of LISTS()) {
      const first = await get(path)
      expect({ path, cache: first.headers.get('x-cache') }).toEqual({ path, cache: 'MISS' })
      const second = await get(path)
      expect({ path, cache: second.headers.get('x-cache') }).toEqual({ path, cache: 'HIT' })
      expect(second.body).toEqual(first.body)
      expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
  })

  it('S-ATT-04 a sync that is completed has cleared what it touches', async () => {
    for (const path of LISTS()) await get(path)
    const [person] = terminal.memory.truth().people
    terminal.memory.punch({ pin: person?.pin ?? '1' })
    const before = total((await get(LIST)).body)
    await sync()
    for (const path of LISTS().slice(0, 3)) {
      const answer = await get(path)
      expect({ path, cache: answer.headers.get('x-cache'), total: total(answer.body) }).toEqual({
        path,
        cache: 'MISS',
        total: before + 1,
      })
    }
  })

  it('S-ATT-04 a query that began before the clearing leaves nothing behind', async () => {
    const { cachedAnswers } = service.services
    const question = { subject: 'attendance', deviceIds: [deviceId], filter: 'held open' } as const
    const began = Promise.withResolvers<void>()
    const held = Promise.withResolvers<string>()
    const early = cachedAnswers.answer(question, () => {
      began.resolve()
      return held.promise
    })
    await began.promise
    await sync()
    held.resolve('what was true before')
    await early
    const { bytes, hit } = await cachedAnswers.answer(question, async () => 'what is true now')
    expect({ text: bytes.toString(), hit }).toEqual({ text: 'what is true now', hit: false })
  })

  it('a hundred simultaneous misses make one query, and one answer says MISS', async () => {
    await clear()
    const answers = await Promise.all(Array.from({ length: 100 }, () => get(`${LIST}?limit=7`)))
    const said = answers.map(({ headers }) => headers.get('x-cache'))
    expect(said.filter((it) => it === 'MISS')).toHaveLength(1)
    expect(said.filter((it) => it === 'HIT')).toHaveLength(99)
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
  })

  it.each(['GET', 'HEAD'])('%s answers 304 to whoever has the same body already', async (method) => {
    const whole = await get(LIST)
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{43}"$/)
    for (const name of [etag, `W/${etag}`, `"other, one", ${etag}`, '*']) {
      const answer = await get(LIST, { 'if-none-match': name }, method)
      expect({ name, status: answer.status, text: answer.text }).toEqual({ name, status: 304, text: '' })
      expect(answer.headers.get('etag')).toBe(etag)
      expect(answer.headers.get('x-cache')).toBe('HIT')
    }
    const answer = await get(LIST, { 'if-none-match': '"other"' }, method)
    expect({ status: answer.status, hasBody: answer.text !== '' }).toEqual({
      status: 200,
      hasBody: method === 'GET',
    })
  })

  it('answers 404 for a device that never was, though its list by filter is empty', async () => {
    const empty = await get(`${LIST}?device_id=4711`)
    expect(empty.body).toMatchObject({ data: [], pagination: { total: 0 } })
    expect((await get(`${LIST}/device/4711`)).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
    expect((await get(`${LIST}/user/nobody`)).body).toMatchObject({ data: [] })
  })

  it('S-CAC-01 S-CAC-02 S-CAC-03 an admin clears it, which is recorded and told; others get 403', async () => {
    for (const role of ['user', 'operator'] as const)
      expect((await clear(await service.account(role))).reply).toEqual(refused(403, 'FORBIDDEN'))
    expect((await service.client.post(CLEAR, {})).reply).toEqual(refused(401, 'UNAUTHORIZED'))

    await clear()
    await get(LIST)
    await get(`${LIST}?limit=9`)
    const answer = await clear()
    expect(answer.reply).toEqual({
      status: 200,
      body: { status: true, message: 'Cache cleared successfully', data: { cleared_keys: 2 } },
    })
    const { rows } = await service.database.audit.list({ action: 'cache.clear' }, { offset: 0, limit: 1 })
    expect(rows[0]).toMatchObject({ actor: 'admin@example.com', outcome: 'success', details: { keys: 2 } })
  })

  it('S-CAC-04 afterwards lists come from the database and are kept again', async () => {
    await get(LIST)
    await clear()
    expect((await get(LIST)).headers.get('x-cache')).toBe('MISS')
    expect((await get(LIST)).headers.get('x-cache')).toBe('HIT')
  })

  it('S-CAC-05 jobs, sessions, leases and rate limits are not touched', async () => {
    const stats = async () => {
      const { data } = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      return { ...(data as object), last_updated: null }
    }
    const before = await stats()
    await service.services.rateCounter.hit('of the test', 60_000)
    const keysBefore = mode === 'embedded' ? [] : await keysOutsideTheCache()
    await get(LIST)
    expect((await clear()).status).toBe(200)
    expect(await stats()).toEqual(before)
    expect(await service.services.rateCounter.hit('of the test', 60_000)).toMatchObject({ count: 2 })
    if (mode === 'embedded') return
    expect(keysBefore.some((key) => key.includes(':jobs:'))).toBe(true)
    expect(keysBefore.some((key) => key.includes('rate:'))).toBe(true)
    expect(await keysOutsideTheCache()).toEqual(expect.arrayContaining(keysBefore))
  })

  async function keysOutsideTheCache(): Promise<string[]> {
    const instanceId = await service.database.settings.find('instance-id')
    const redis = new Redis(serverUrl('TEST_REDIS_URL'))
    const keys = await redis.keys(`zk:${(instanceId ?? '').slice(0, 8)}:*`)
    await redis.quit()
    // Login counters of this test's minute and BullMQ's short-lived markers may end by themselves.
    return keys
      .filter((key) => !key.includes(':cache:') && !/stalled-check|:marker|rate:(?!of)/.test(key))
      .toSorted()
  }
})
