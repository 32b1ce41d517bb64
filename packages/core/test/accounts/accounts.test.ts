// Accounts: the first admin, registering and logging in.
import { hash as hashBcrypt } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { hashTokenId } from '../../src/accounts/refresh-tokens.ts'
import { SYSTEM } from '../../src/index.ts'
import { scratchService } from '../support/scratch-service.ts'
import { JOHN } from '../support/john.ts'

const from = { address: '192.0.2.7' }

describe('logging in', () => {
  it('gives the account and a family of refresh tokens, of which only a hash is stored', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    const john = await accounts.register(JOHN, SYSTEM)

    const { account, refreshFamily } = await accounts.login({
      email: 'JOHN@example.ORG',
      password: 'password123',
      ...from,
    })

    expect(account).toEqual(john)
    expect(account).not.toHaveProperty('passwordHash')
    const stored = await service.database.credentials.findRefreshToken(hashTokenId(refreshFamily.tokenId))
    expect(stored).toMatchObject({ familyId: refreshFamily.id, accountId: john.id, revokedAt: null })
    const days = (Date.parse(refreshFamily.expiresAt) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(6.99)
    expect(days).toBeLessThanOrEqual(7)
  })

  it('fails alike for an unknown e-mail, a wrong password and a disabled account', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const refused = {
      code: 'INVALID_CREDENTIALS',
      status: 401,
      message: 'Invalid credentials',
      details: 'Email atau password salah',
    }
    await expect(
      accounts.login({ email: JOHN.email, password: 'password124', ...from }),
    ).rejects.toMatchObject(refused)
    await expect(
      accounts.login({ email: 'nobody@example.org', password: 'x', ...from }),
    ).rejects.toMatchObject(refused)
  })

  it('leaves a row in the audit trail either way, chained to the row before it', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    const john = await accounts.register(JOHN, SYSTEM)
    await accounts.login({ email: JOHN.email, password: JOHN.password, ...from })
    await accounts.login({ email: 'nobody@example.org', password: 'x', ...from }).catch(() => undefined)

    const { rows } = await service.database.audit.list({}, { offset: 0, limit: 10 })
    expect(rows).toMatchObject([
      {
        action: 'login',
        actor: 'nobody@example.org',
        outcome: 'refused',
        errorCode: 'INVALID_CREDENTIALS',
        targetId: null,
        address: '192.0.2.7',
      },
      {
        action: 'login',
        actor: JOHN.email,
        outcome: 'success',
        targetType: 'account',
        targetId: String(john.id),
      },
      { action: 'account.register', actor: 'system', outcome: 'success', targetId: String(john.id) },
    ])
    expect(rows[0]?.previousHash).toBe(rows[1]?.hash)
    expect(rows[0]?.hash).toMatch(/^[0-9a-f]{8}:[0-9a-f]{64}$/)
    expect(JSON.stringify(rows)).not.toContain('password123')
  })

  it('replaces a bcrypt hash of an older installation by argon2id, once', async () => {
    await using service = await scratchService()
    const old = (await hashBcrypt('password123', 4)).replace(/^\$2.\$/, '$2y$')
    const row = { username: 'old', email: 'old@example.org', passwordHash: old, role: 'user' as const }
    await service.database.accounts.insert({ ...row, createdAt: new Date().toISOString() })
    const login = () =>
      service.services.accounts.login({ email: row.email, password: 'password123', ...from })
    await login()
    const upgraded = (await service.database.accounts.findByEmail(row.email))?.passwordHash
    expect(upgraded).toMatch(/^\$argon2id\$/)
    await login()
    expect((await service.database.accounts.findByEmail(row.email))?.passwordHash).toBe(upgraded)
  })

  it('does as much work for an unknown e-mail as for a wrong password', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const timeOf = async (email: string): Promise<number> => {
      const startedAt = performance.now()
      await accounts.login({ email, password: 'wrong password', ...from }).catch(() => undefined)
      return performance.now() - startedAt
    }
    // Hashing is what takes time: without it the answer would be there in a fraction.
    const [known, unknown]: [number[], number[]] = [[], []]
    for (let i = 0; i < 9; i += 1) {
      known.push(await timeOf(JOHN.email))
      unknown.push(await timeOf('nobody@example.org'))
    }
    expect(median(unknown)).toBeGreaterThan(median(known) / 3)
  })
})

describe('registering an account', () => {
  it('refuses an e-mail that differs by case only, and a username that is taken', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    await expect(
      accounts.register({ ...JOHN, username: 'other', email: 'john@example.ORG' }, SYSTEM),
    ).rejects.toMatchObject({ code: 'DUPLICATE_EMAIL', status: 400 })
    await expect(accounts.register({ ...JOHN, email: 'other@example.org' }, SYSTEM)).rejects.toMatchObject({
      code: 'DUPLICATE_USERNAME',
      status: 400,
    })
  })

  it('lets one of many simultaneous requests through', async () => {
    await using service = await scratchService()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => service.services.accounts.register(JOHN, SYSTEM)),
    )
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
    expect(refusals).toHaveLength(5)
    for (const reason of refusals) expect(reason).toMatchObject({ code: 'DUPLICATE_EMAIL' })
  })
})

describe('the first admin', () => {
  it('is made once, with a random password that logs in', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    const made = await Promise.all(Array.from({ length: 5 }, () => accounts.ensureFirstAdmin()))
    const [first, ...more] = made.filter((admin) => admin !== undefined)
    expect(more).toEqual([])
    const { account } = await accounts.login({
      email: first?.email ?? '',
      password: first?.password ?? '',
      ...from,
    })
    expect(account.role).toBe('admin')
    expect(await accounts.ensureFirstAdmin()).toBeUndefined()
  })

  it('comes from the environment, whose password is told to nobody', async () => {
    const env = { ADMIN_EMAIL: 'boss@example.org', ADMIN_PASSWORD: 'correct horse' }
    await using service = await scratchService('sqlite', env)
    const { accounts } = service.services
    expect(await accounts.ensureFirstAdmin()).toEqual({ email: 'boss@example.org', password: undefined })
    const { account } = await accounts.login({
      email: env.ADMIN_EMAIL,
      password: env.ADMIN_PASSWORD,
      ...from,
    })
    expect(account.username).toBe('admin')
  })

  it('is not made where there are accounts', async () => {
    await using service = await scratchService()
    await service.services.accounts.register(JOHN, SYSTEM)
    expect(await service.services.accounts.ensureFirstAdmin()).toBeUndefined()
  })
})

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}
