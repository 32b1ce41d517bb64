// Who is kept away from a password, for how long, and who is not.
import { describe, expect, it } from 'vitest'
import { createMemoryAttemptCounter } from '../../src/accounts/attempt-counter-memory.ts'
import { createPasswordGuard } from '../../src/accounts/password-guard.ts'
import type { PasswordVerdict } from '../../src/passwords.ts'

const MINUTE = 60_000

function rig() {
  let now = 0
  const guard = createPasswordGuard(createMemoryAttemptCounter(() => now))
  let checks = 0
  return {
    wait: (ms: number) => void (now += ms),
    checks: () => checks,
    attempt: async (verdict: PasswordVerdict, from = '192.0.2.1', email = 'john@example.org') =>
      guard.attempt({ email, address: from }, async () => {
        checks += 1
        return { verdict }
      }),
    guard,
  }
}

const LOCKED = { code: 'ACCOUNT_LOCKED', status: 423 }

describe('five wrong passwords from one address', () => {
  it('keep that address out for 15 minutes, the right password too', async () => {
    const { attempt, wait } = rig()
    const locks = []
    for (let i = 0; i < 5; i += 1) {
      wait(MINUTE)
      locks.push((await attempt('wrong')).locks)
    }
    expect(locks).toEqual([[], [], [], [], [{ of: 'address', seconds: 900 }]])
    await expect(attempt('right')).rejects.toMatchObject({ ...LOCKED, retryAfterSeconds: 900 })
    wait(15 * MINUTE - 1)
    await expect(attempt('right')).rejects.toMatchObject({ ...LOCKED, retryAfterSeconds: 1 })
    wait(2)
    expect(await attempt('right')).toMatchObject({ checked: { verdict: 'right' } })
  })

  it('do not keep out other addresses, nor other accounts from there', async () => {
    const { attempt } = rig()
    for (let i = 0; i < 5; i += 1) await attempt('wrong')
    expect(await attempt('right', '192.0.2.2')).toMatchObject({ locks: [] })
    expect(await attempt('right', '192.0.2.1', 'jane@example.org')).toMatchObject({ locks: [] })
  })

  it('are of one account however its address is written', async () => {
    const { attempt } = rig()
    for (const email of ['a@b.org', 'A@b.org', 'a@B.org', 'A@B.ORG', 'a@b.ORG'])
      await attempt('wrong', '192.0.2.1', email)
    await expect(attempt('right', '192.0.2.1', 'a@b.org')).rejects.toMatchObject(LOCKED)
  })

  it('count before they are looked at, so that no more than five of one moment are', async () => {
    const { attempt, checks } = rig()
    const tries = await Promise.allSettled(Array.from({ length: 40 }, () => attempt('wrong')))
    expect(checks()).toBe(5)
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(5)
  })

  it('are forgotten by a right one before the fifth', async () => {
    const { attempt } = rig()
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 4; i += 1) await attempt('wrong')
      expect(await attempt('outdated')).toMatchObject({ locks: [] })
    }
  })
})

describe('fifty wrong passwords from everywhere', () => {
  it('keep everyone out, and no fewer do', async () => {
    const { attempt, wait } = rig()
    for (let i = 0; i < 49; i += 1) expect((await attempt('wrong', `198.51.100.${i}`)).locks).toEqual([])
    expect((await attempt('wrong', '198.51.100.49')).locks).toEqual([{ of: 'everyone', seconds: 900 }])
    await expect(attempt('right', '203.0.113.1')).rejects.toMatchObject(LOCKED)
    wait(15 * MINUTE + 1)
    expect(await attempt('right', '203.0.113.1')).toMatchObject({ locks: [] })
  })

  it('are not made of right ones', async () => {
    const { attempt } = rig()
    for (let i = 0; i < 200; i += 1) await attempt('right')
    expect(await attempt('right')).toMatchObject({ locks: [] })
  })
})

describe('a check that cannot be made', () => {
  it('does not count', async () => {
    const { guard, attempt } = rig()
    const broken = () =>
      guard.attempt({ email: 'john@example.org', address: '192.0.2.1' }, () =>
        Promise.reject(new Error('away')),
      )
    for (let i = 0; i < 60; i += 1) await expect(broken()).rejects.toThrow('away')
    expect(await attempt('right')).toMatchObject({ locks: [] })
  })
})
