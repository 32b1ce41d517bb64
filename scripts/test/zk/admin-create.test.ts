// `zk admin create` in both modes: by the API's rules, in the audit trail, and with a password that nobody sees.
import { openDatabase } from '@org/data'
import { createServices, readConfig } from '@org/core'
import { describe, expect, it } from 'vitest'
import { MODES } from '../../../packages/core/test/support/modes.ts'
import { openScratch, quiet, scratchFolder } from '../../../packages/core/test/support/scratch-service.ts'
import { typed } from './support/typed.ts'
import { underTerminal } from './support/under-terminal.ts'

const PASSWORD = 'correct horse'
const EMAIL = 'ada@example.com'

describe.each(MODES)('%s', (_name, engine, env) => {
  async function installation() {
    const ending = new AsyncDisposableStack()
    const folder = ending.use(await scratchFolder()).path
    const scratch = ending.use(await openScratch(engine, folder))
    const settings: Record<string, string> = { DATA_DIR: folder, DATABASE_URL: scratch.url, ...env() }
    const service = async () => {
      const services = await createServices(readConfig(settings), scratch.database, {
        role: 'both',
        log: quiet,
      })
      return { services, [Symbol.asyncDispose]: () => services.close() }
    }
    const create = (args: readonly string[], stdin = `${PASSWORD}\n`) =>
      typed(['admin', 'create', ...args, '--password-stdin'], { env: settings, stdin })
    return { settings, service, create, folder, [Symbol.asyncDispose]: () => ending.disposeAsync() }
  }

  it('makes an admin who can log in, and records who did it', async () => {
    await using at = await installation()
    const { code, stdout, stderr } = await at.create(['--email', EMAIL])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`Account 1 made: ada <${EMAIL}>, admin\n`)
    await using running = await at.service()
    const { accounts, audit } = running.services
    const { account } = await accounts.login({ email: EMAIL, password: PASSWORD, address: '127.0.0.1' })
    expect(account).toMatchObject({ username: 'ada', role: 'admin' })
    const { rows } = await audit.list({ action: 'account.register' }, { page: 1, limit: 10 })
    expect(rows).toHaveLength(1)
    expect(rows[0]?.entry).toMatchObject({
      actor: expect.stringMatching(/^command line \(.+\)$/),
      outcome: 'success',
    })
    expect(await audit.verify()).toMatchObject({ whole: true })
    // There is an account: no first admin is made at random.
    expect(await accounts.ensureFirstAdmin()).toBeUndefined()
  })

  it('works beside a service that runs', async () => {
    await using at = await installation()
    await using running = await at.service()
    expect((await at.create(['--email', EMAIL, '--username', 'lovelace', '--role', 'operator'])).code).toBe(0)
    const login = { email: EMAIL, password: PASSWORD, address: null }
    expect((await running.services.accounts.login(login)).account).toMatchObject({
      username: 'lovelace',
      role: 'operator',
    })
    expect(await running.services.audit.verify()).toMatchObject({ whole: true })
  })

  it('says clearly what exists already, and changes nothing', async () => {
    await using at = await installation()
    expect((await at.create(['--email', EMAIL, '--json'])).stdout).toBe(
      `{"id":1,"username":"ada","email":"${EMAIL}","role":"admin"}\n`,
    )
    expect(await at.create(['--email', EMAIL.toUpperCase(), '--username', 'other'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is an account with the address'),
    })
    expect(await at.create(['--email', 'ada@example.org'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is an account named ada already'),
    })
  })

  it('refuses what the API refuses, every fault at once', async () => {
    await using at = await installation()
    const refused = await at.create(['--email', 'nobody', '--username', 'a b', '--role', 'king'], 'short')
    expect(refused.code).toBe(2)
    for (const fault of ['email must be an e-mail address', 'username ', 'password ', 'role must be one of'])
      expect(refused.stderr).toContain(fault)
    expect(refused.stderr).not.toContain('short\n')
    expect((await at.create(['--email', EMAIL], '')).code).toBe(2)
    expect((await at.create(['--email', EMAIL], 'two\nlines\n')).stderr).toContain('expected one line')
    expect((await at.create(['--email', EMAIL], 'x'.repeat(2_000))).stderr).toContain('too long')
  })
})

it('wants a database that is up to date', async () => {
  await using folder = await scratchFolder()
  const { code, stderr } = await typed(['admin', 'create', '--email', EMAIL, '--password-stdin'], {
    env: { DATA_DIR: folder.path },
    stdin: PASSWORD,
  })
  expect(code).toBe(1)
  expect(stderr).toContain('run pnpm zk migrate')
})

describe('at a terminal', () => {
  const pressed = (folder: string, keys: readonly string[]) =>
    underTerminal(
      `${process.execPath} scripts/zk.ts admin create --email ${EMAIL}`,
      { DATA_DIR: folder },
      { question: /(?:Password|Once more): /g, keys },
    )

  async function emptyInstallation() {
    const folder = await scratchFolder()
    await (await openDatabase(`sqlite:${folder.path}/service.db`)).close()
    return folder
  }

  it('asks twice without echo', async () => {
    await using folder = await emptyInstallation()
    const { code, screen } = await pressed(folder.path, [`${PASSWORD}x\u007f\r`, `${PASSWORD}\r`])
    expect(screen).toContain(`Account 1 made: ada <${EMAIL}>, admin`)
    expect(screen).not.toContain('correct')
    expect(code).toBe(0)
  })

  it('asks again where the two differ, and gives up at Ctrl-C', async () => {
    await using folder = await emptyInstallation()
    const { code, screen } = await pressed(folder.path, ['wrong password\r', `${PASSWORD}\r`, '\u0003'])
    expect(screen).toContain('The two differ.')
    expect(screen).not.toContain('made')
    expect(code).toBe(130)
  })
})
