// What becomes of a login: its tokens exchanged, stolen, ended by its owner, and by what an admin does to the account. On both
// engines; what one process changes counts in another.
import { setTimeout as sleep } from 'node:timers/promises'
import { hash as hashBcrypt } from 'bcryptjs'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '@org/data'
import { SYSTEM, createServices, type Actor, type Login, type Services } from '../../src/index.ts'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { quiet, scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'
import { JOHN } from '../support/john.ts'

const from = { address: '192.0.2.7' }
const ENGINES: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

const logIn = (service: ScratchService, password = JOHN.password) =>
  service.services.accounts.login({ email: JOHN.email, password, ...from })
const tokenOf = ({ account, refreshFamily }: Login) => ({
  accountId: account.id,
  familyId: refreshFamily.id,
  tokenId: refreshFamily.tokenId,
  ...from,
})
const standing = (service: ScratchService, login: Login) =>
  service.services.accounts.findForToken(login.account.id, login.refreshFamily.id)
const actions = async ({ database }: ScratchService) =>
  (await database.audit.list({}, { offset: 0, limit: 100 })).rows.map(
    ({ action, outcome }) => `${action} ${outcome}`,
  )
const UNAUTHORIZED = { code: 'UNAUTHORIZED', status: 401 }

describe.each(ENGINES)('a login on %s', (engine) => {
  it('is renewed by its newest refresh token, in one family', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const first = await logIn(service)
    const second = await accounts.refresh(tokenOf(first))
    const third = await accounts.refresh(tokenOf(second))
    expect(third.account).toEqual(first.account)
    expect(third.refreshFamily.id).toBe(first.refreshFamily.id)
    const tokenIds = [first, second, third].map(({ refreshFamily }) => refreshFamily.tokenId)
    expect(new Set(tokenIds).size).toBe(3)
  })

  it('goes on when requests overlap: one gets the pair', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const first = await logIn(service)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 6 }, () => accounts.refresh(tokenOf(first))),
    )
    const pairs = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value)
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
    expect(pairs).toHaveLength(1)
    for (const refusal of refusals) expect(refusal).toMatchObject(UNAUTHORIZED)
    for (const pair of pairs)
      expect((await accounts.refresh(tokenOf(pair))).account.id).toBe(first.account.id)
    expect(await actions(service)).not.toContain('login.token-reuse refused')
  })

  it('ends when a token comes again that was used up long before', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const first = await logIn(service)
    const bystander = await logIn(service)
    const second = await accounts.refresh(tokenOf(first))
    expect(await standing(service, first)).toBeDefined()
    await sleep(5_100)
    await expect(accounts.refresh(tokenOf(first))).rejects.toMatchObject(UNAUTHORIZED)
    await expect(accounts.refresh(tokenOf(second))).rejects.toMatchObject(UNAUTHORIZED)
    expect(await standing(service, first)).toBeUndefined()
    expect(await standing(service, bystander)).toBeDefined()
    expect((await actions(service)).filter((act) => act === 'login.token-reuse refused')).toHaveLength(1)
  })

  it('is renewed by nothing else', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const [one, other] = [tokenOf(await logIn(service)), tokenOf(await logIn(service))]
    for (const wrong of [
      { ...one, tokenId: 'never given' },
      { ...one, familyId: other.familyId },
      { ...one, accountId: one.accountId + 1 },
    ])
      await expect(accounts.refresh(wrong)).rejects.toMatchObject(UNAUTHORIZED)
    expect(await accounts.refresh(one)).toBeDefined()
  })

  it('is ended by logging out, and no other login with it', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const [mine, other] = [await logIn(service), await logIn(service)]
    const by: Actor = { name: JOHN.email, accountId: mine.account.id, ...from }
    expect(await standing(service, mine)).toEqual(mine.account)
    await accounts.logOut(mine.refreshFamily.id, by)
    await accounts.logOut(mine.refreshFamily.id, by)
    expect(await standing(service, mine)).toBeUndefined()
    expect(await standing(service, other)).toBeDefined()
    await expect(accounts.refresh(tokenOf(mine))).rejects.toMatchObject(UNAUTHORIZED)
    expect((await actions(service)).filter((act) => act === 'logout success')).toHaveLength(1)
  })

  it('ends with all others but the one that changed the password', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const [mine, other] = [await logIn(service), await logIn(service)]
    const { accountId, familyId } = tokenOf(mine)
    const change = { accountId, familyId, newPassword: 'a better password', ...from }
    await expect(accounts.changePassword({ ...change, currentPassword: 'wrong' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field: 'current_password' }],
    })
    await accounts.changePassword({ ...change, currentPassword: JOHN.password })
    expect(await standing(service, mine)).toBeDefined()
    expect(await standing(service, other)).toBeUndefined()
    await expect(logIn(service)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    expect(await logIn(service, 'a better password')).toBeDefined()
    expect(await actions(service)).toContain('account.password success')
  })

  it.each([
    ['another role', { role: 'operator' as const }],
    ['another password', { password: 'set by an admin' }],
    ['being switched off', { disabled: true }],
  ])('ends with %s of its account', async (_, edit) => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    const john = await accounts.register(JOHN, SYSTEM)
    const login = await logIn(service)
    expect(await standing(service, login)).toBeDefined()
    await accounts.edit(john.id, edit, SYSTEM)
    expect(await standing(service, login)).toBeUndefined()
    await expect(accounts.refresh(tokenOf(login))).rejects.toMatchObject(UNAUTHORIZED)
  })

  it('goes on when nothing has changed', async () => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    const john = await accounts.register(JOHN, SYSTEM)
    const login = await logIn(service)
    await accounts.edit(john.id, { role: 'user', disabled: false }, SYSTEM)
    expect(await standing(service, login)).toEqual(john)
  })
})

describe('guessing', () => {
  it('locks, is recorded with its lock, and tells nobody whether there is such an account', async () => {
    await using service = await scratchService()
    await service.services.accounts.register(JOHN, SYSTEM)
    const guess = (email: string, password: string) =>
      service.services.accounts.login({ email, password, ...from }).catch((error: unknown) => error)
    for (const email of [JOHN.email, 'nobody@example.org']) {
      for (let i = 0; i < 5; i += 1)
        expect(await guess(email, 'wrong')).toMatchObject({ code: 'INVALID_CREDENTIALS' })
      expect(await guess(email, JOHN.password)).toMatchObject({
        code: 'ACCOUNT_LOCKED',
        status: 423,
        details: null,
        retryAfterSeconds: expect.any(Number),
      })
      const { rows } = await service.database.audit.list({ actor: email }, { offset: 0, limit: 10 })
      expect(rows.map(({ action, errorCode }) => `${action} ${errorCode}`)).toEqual([
        'login ACCOUNT_LOCKED',
        'login.lock ACCOUNT_LOCKED',
        ...Array.from({ length: 5 }, () => 'login INVALID_CREDENTIALS'),
      ])
    }
  })

  it('the current password of an account locks as well', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    await accounts.register(JOHN, SYSTEM)
    const login = await logIn(service)
    const { accountId, familyId } = tokenOf(login)
    const guess = (currentPassword: string) =>
      accounts.changePassword({ accountId, familyId, currentPassword, newPassword: 'mine now!', ...from })
    for (let i = 0; i < 5; i += 1)
      await expect(guess('wrong')).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await expect(guess(JOHN.password)).rejects.toMatchObject({ code: 'ACCOUNT_LOCKED' })
    expect(await standing(service, login)).toBeDefined()
  })
})

describe('the last admin', () => {
  it('cannot be demoted, switched off or removed; a disabled admin is none', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    const boss = await accounts.register({ ...JOHN, role: 'admin' }, SYSTEM)
    const other = await accounts.register(
      { ...JOHN, username: 'other', email: 'other@example.org', role: 'admin' },
      SYSTEM,
    )
    await accounts.edit(other.id, { disabled: true }, SYSTEM)
    const refusal = (field: string) => ({ code: 'VALIDATION_ERROR', status: 400, details: [{ field }] })
    await expect(accounts.edit(boss.id, { role: 'user' }, SYSTEM)).rejects.toMatchObject(refusal('role'))
    await expect(accounts.edit(boss.id, { disabled: true }, SYSTEM)).rejects.toMatchObject(
      refusal('disabled'),
    )
    await expect(accounts.remove(boss.id, SYSTEM)).rejects.toMatchObject(refusal('accountId'))
    await accounts.edit(boss.id, { password: 'another password' }, SYSTEM)
    await accounts.edit(other.id, { disabled: false }, SYSTEM)
    expect(await accounts.edit(boss.id, { role: 'user' }, SYSTEM)).toMatchObject({ role: 'user' })
  })

  it.each(ENGINES)('stays when all of them are taken away at once, on %s', async (engine) => {
    await using service = await scratchService(engine)
    const { accounts } = service.services
    const admins = []
    for (const name of ['ann', 'ben', 'cleo', 'dan'])
      admins.push(
        await accounts.register(
          { username: name, email: `${name}@example.org`, password: 'password123', role: 'admin' },
          SYSTEM,
        ),
      )
    const acts = [
      ({ id }: { id: number }) => accounts.remove(id, SYSTEM),
      ({ id }: { id: number }) => accounts.edit(id, { role: 'user' }, SYSTEM),
      ({ id }: { id: number }) => accounts.edit(id, { disabled: true }, SYSTEM),
      ({ id }: { id: number }) => accounts.remove(id, SYSTEM),
    ]
    const outcomes = await Promise.allSettled(
      admins.map(async (admin, index) => acts[index % acts.length]?.(admin)),
    )
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    const { rows } = await accounts.list({ page: 1, limit: 10 })
    expect(rows.filter(({ role, disabled }) => role === 'admin' && !disabled)).toHaveLength(1)
  })
})

describe('a removed account', () => {
  it('frees its addresses, ends its logins, and keeps its name in the audit trail', async () => {
    await using service = await scratchService()
    const { accounts } = service.services
    const john = await accounts.register(JOHN, SYSTEM)
    const login = await logIn(service)
    expect(await accounts.remove(john.id, SYSTEM)).toEqual(john)
    expect(await standing(service, login)).toBeUndefined()
    await expect(accounts.remove(john.id, SYSTEM)).rejects.toMatchObject({ code: 'ACCOUNT_NOT_FOUND' })
    await expect(accounts.edit(john.id, { role: 'user' }, SYSTEM)).rejects.toMatchObject({
      code: 'ACCOUNT_NOT_FOUND',
    })
    const again = await accounts.register(JOHN, SYSTEM)
    expect(again.id).not.toBe(john.id)
    expect(await standing(service, login)).toBeUndefined()
    const removal = await service.database.audit.list({ action: 'account.remove' }, { offset: 0, limit: 1 })
    expect(removal.rows).toMatchObject([{ details: { email: JOHN.email }, targetId: String(john.id) }])
  })
})

describe('a bcrypt hash of an older installation', () => {
  it.each(['$2y$', '$2a$', '$2b$'])('of the kind %s logs in once and is replaced', async (kind) => {
    await using service = await scratchService()
    const old = (await hashBcrypt('password123', 4)).replace(/^\$2.\$/, kind)
    const row = { username: 'old', email: 'old@example.org', passwordHash: old, role: 'user' as const }
    await service.database.accounts.insert({ ...row, createdAt: new Date().toISOString() })
    const attempt = (password: string) =>
      service.services.accounts.login({ email: row.email, password, ...from })
    await expect(attempt('password124')).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' })
    const stored = async () => (await service.database.accounts.findByEmail(row.email))?.passwordHash
    expect(await stored()).toBe(old)
    await Promise.all([attempt('password123'), attempt('password123'), attempt('password123')])
    expect(await stored()).toMatch(/^\$argon2id\$/)
    expect(await attempt('password123')).toMatchObject({ account: { email: row.email } })
  })
})

describe.skipIf(EMBEDDED_ONLY)('two processes in queue mode', () => {
  async function twoProcesses() {
    const ending = new AsyncDisposableStack()
    const service = ending.use(
      await scratchService('mysql', {
        REDIS_URL: serverUrl('TEST_REDIS_URL'),
        JWT_SECRET: 'j'.repeat(40),
        ENCRYPTION_KEY: 'e'.repeat(40),
      }),
    )
    const database = ending.adopt(await openDatabase(service.url), (it) => it.close())
    const options = { role: 'api', log: quiet } as const
    const other = ending.adopt(await createServices(service.services.config, database, options), (it) =>
      it.close(),
    )
    return {
      service,
      here: service.services,
      there: other,
      [Symbol.asyncDispose]: () => ending.disposeAsync(),
    }
  }

  it('know within a second what the other has ended', async () => {
    await using both = await twoProcesses()
    const { service, here, there } = both
    const john = await here.accounts.register(JOHN, SYSTEM)
    const key = await here.apiKeys.create({ name: 'payroll', role: 'user' }, SYSTEM)
    const login = await logIn(service)
    const known = async () => [
      await there.accounts.findForToken(john.id, login.refreshFamily.id),
      await there.apiKeys.findCaller(key.secret, from.address),
    ]
    expect(await known()).toEqual([john, expect.objectContaining({ name: 'key:payroll' })])
    await here.accounts.edit(john.id, { disabled: true }, SYSTEM)
    await here.apiKeys.revoke(key.apiKey.id, SYSTEM)
    await sleep(1_000)
    expect(await known()).toEqual([undefined, undefined])
  })

  it('count wrong passwords together', async () => {
    await using both = await twoProcesses()
    await both.here.accounts.register(JOHN, SYSTEM)
    const guess = ({ accounts }: Services, password: string) =>
      accounts.login({ email: JOHN.email, password, ...from }).catch((error: unknown) => error)
    for (const process of [both.here, both.there, both.here, both.there, both.here])
      expect(await guess(process, 'wrong')).toMatchObject({ code: 'INVALID_CREDENTIALS' })
    for (const process of [both.here, both.there])
      expect(await guess(process, JOHN.password)).toMatchObject({ code: 'ACCOUNT_LOCKED' })
  })
})
