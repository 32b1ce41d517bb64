// API keys: shown once, kept as hashes, good until they end, and noted when they are used or refused.
import { describe, expect, it } from 'vitest'
import { SYSTEM, mayTouch, narrowDevices } from '../../src/index.ts'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'

const ENGINES: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']
const ADDRESS = '192.0.2.9'
const PAYROLL = { name: 'payroll', role: 'user' } as const

const refusals = async ({ database }: ScratchService) =>
  (await database.audit.list({ action: 'api-key.use' }, { offset: 0, limit: 10 })).rows.map(
    ({ actor, address, details }) => ({ actor, address, ...details }),
  )

describe.each(ENGINES)('an API key on %s', (engine) => {
  it('is the caller that it was made for, and only its hash is kept', async () => {
    await using service = await scratchService(engine)
    const device = await service.register(await service.terminal())
    const { apiKeys } = service.services
    const { apiKey, secret } = await apiKeys.create({ ...PAYROLL, deviceIds: [device.id] }, SYSTEM)
    expect(secret).toMatch(/^zk_[\w-]{43}$/)
    expect(apiKey).toMatchObject({
      ...PAYROLL,
      deviceIds: [device.id],
      createdBy: 'system',
      lastUsedAt: null,
    })
    expect(await apiKeys.findCaller(secret, ADDRESS)).toEqual({
      name: 'key:payroll',
      role: 'user',
      accountId: null,
      apiKeyId: apiKey.id,
      familyId: null,
      deviceIds: [device.id],
    })
    const { rows, total } = await apiKeys.list({ page: 1, limit: 10 })
    expect(total).toBe(1)
    const usedAt = rows[0]?.lastUsedAt ?? ''
    expect(Math.abs(Date.parse(usedAt) - Date.now())).toBeLessThan(60_000)
    expect(JSON.stringify(rows)).not.toContain(secret)
    const trail = (await service.database.audit.list({}, { offset: 0, limit: 10 })).rows
    expect(trail[0]).toMatchObject({ action: 'api-key.create', targetType: 'api-key', actor: 'system' })
    expect(JSON.stringify(trail)).not.toContain(secret)
  })

  it('opens nothing once it is revoked, and its name is free', async () => {
    await using service = await scratchService(engine)
    const { apiKeys } = service.services
    const { apiKey, secret } = await apiKeys.create(PAYROLL, SYSTEM)
    expect(await apiKeys.findCaller(secret, ADDRESS)).toMatchObject({ deviceIds: 'all' })
    await expect(apiKeys.create(PAYROLL, SYSTEM)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field: 'name' }],
    })
    expect(await apiKeys.revoke(apiKey.id, SYSTEM)).toMatchObject({ name: 'payroll' })
    expect(await apiKeys.findCaller(secret, ADDRESS)).toBeUndefined()
    expect(await apiKeys.findCaller(secret, ADDRESS)).toBeUndefined()
    await expect(apiKeys.revoke(apiKey.id, SYSTEM)).rejects.toMatchObject({ code: 'API_KEY_NOT_FOUND' })
    expect((await apiKeys.list({ page: 1, limit: 10 })).total).toBe(0)
    expect((await apiKeys.create(PAYROLL, SYSTEM)).apiKey.id).not.toBe(apiKey.id)
    expect(await refusals(service)).toEqual([{ actor: 'key:payroll', address: ADDRESS, why: 'revoked' }])
  })

  it('opens nothing once it has expired', async () => {
    await using service = await scratchService(engine)
    const { apiKeys } = service.services
    const soon = new Date(Date.now() + 60_000).toISOString()
    const { secret } = await apiKeys.create({ ...PAYROLL, expiresAt: soon }, SYSTEM)
    expect(await apiKeys.findCaller(secret, ADDRESS)).toBeDefined()
    const past = new Date(Date.now() - 1).toISOString()
    await expect(apiKeys.create({ ...PAYROLL, name: 'late', expiresAt: past }, SYSTEM)).rejects.toMatchObject(
      {
        details: [{ field: 'expires_at' }],
      },
    )
    const verySoon = new Date(Date.now() + 300).toISOString()
    const brief = await apiKeys.create({ ...PAYROLL, name: 'brief', expiresAt: verySoon }, SYSTEM)
    await expect.poll(() => apiKeys.findCaller(brief.secret, ADDRESS), { timeout: 10_000 }).toBeUndefined()
    expect(await refusals(service)).toEqual([{ actor: 'key:brief', address: ADDRESS, why: 'expired' }])
  })

  it('is not made for devices that do not exist', async () => {
    await using service = await scratchService(engine)
    const made = service.services.apiKeys.create({ ...PAYROLL, deviceIds: [41, 42] }, SYSTEM)
    await expect(made).rejects.toMatchObject({
      details: [{ field: 'device_ids', message: 'names no device: 41, 42' }],
    })
  })

  it('that nobody knows is recorded once a minute for its address', async () => {
    await using service = await scratchService(engine)
    for (const guess of ['zk_a', 'zk_b', ''])
      expect(await service.services.apiKeys.findCaller(guess, ADDRESS)).toBeUndefined()
    expect(await refusals(service)).toEqual([{ actor: 'key:?', address: ADDRESS, why: 'unknown' }])
  })
})

describe('the devices of a caller', () => {
  it('bound what it touches and what its lists show', () => {
    const some = { deviceIds: [1, 2] }
    const all = { deviceIds: 'all' } as const
    expect([1, 3, null].map((id) => mayTouch(some, id))).toEqual([true, false, false])
    expect([1, 3, null].map((id) => mayTouch(all, id))).toEqual([true, true, true])
    expect(narrowDevices(some)).toEqual([1, 2])
    expect(narrowDevices(some, [2, 3])).toEqual([2])
    expect(narrowDevices(some, [3])).toEqual([])
    expect(narrowDevices(all, [3])).toEqual([3])
    expect(narrowDevices(all)).toBeUndefined()
  })
})
