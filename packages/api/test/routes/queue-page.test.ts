// The page /admin/queues as a browser asks for it, with a real Redis behind it: who gets in, who does not any more, and that nothing
// can be changed there.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { attendanceSync } from '@org/core'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import { signToken } from '../support/signed-token.ts'
import { FIRST_ADMIN, logIn, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const PAGE = '/admin/queues'
const LOGIN = `${PAGE}/login`
const LOGOUT = `${PAGE}/logout`
const API = `${PAGE}/api/queues`
const AS_BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const INSIDE = 'id="__UI_CONFIG__"'

interface Ask {
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly form?: Readonly<Record<string, string>>
}

/** Keeps cookies as a browser does, as far as these tests need it. */
class Browser {
  readonly cookies = new Map<string, string>()
  readonly #address: string

  constructor(address: string) {
    this.#address = address
  }

  async ask(path: string, { headers, method = 'GET', form }: Ask = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.#address + path, {
      method: form === undefined ? method : 'POST',
      headers: { ...AS_BROWSER, ...(cookie !== '' && { cookie }), ...headers },
      ...(form !== undefined && { body: new URLSearchParams(form) }),
      redirect: 'manual',
    })
    const set = response.headers.getSetCookie()
    for (const line of set) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0/.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return { status: response.status, headers: response.headers, text: await response.text(), set }
  }

  /** Opens the form and sends it. */
  async send(path: string, fields: Readonly<Record<string, string>> = {}, headers = {}) {
    const opened = await this.ask(path)
    const form = /name="form" value="([^"]+)"/.exec(opened.text)?.[1] ?? ''
    return this.ask(path, { form: { form, ...fields }, headers })
  }
}

describe.skipIf(EMBEDDED_ONLY)('the queue page, in queue mode', () => {
  let service: WholeService
  let browser: Browser
  beforeAll(async () => {
    service = await wholeService('queue mode', { worker: false })
  })
  afterAll(() => service?.[Symbol.asyncDispose]())
  beforeEach(() => {
    browser = new Browser(service.client.address)
  })
  const newcomer = async (role: 'user' | 'operator' | 'admin') => {
    await service.account(role)
    const account = (await service.services.accounts.list({ page: 1, limit: 1000 })).rows.at(-1)
    if (account === undefined) throw new Error('no account')
    return { account, credentials: { email: account.email, password: 'password123' } }
  }
  const isIn = async (who = browser) => {
    const [page, api] = [await who.ask(PAGE), await who.ask(API, { headers: { accept: 'application/json' } })]
    if (page.status === 200 && api.status === 200) return page.text.includes(INSIDE)
    expect([page.status, api.status]).toEqual([303, 401])
    return false
  }

  it('sends a browser that is not logged in to its own login, and tells programs 401', async () => {
    const page = await browser.ask(PAGE)
    expect([page.status, page.headers.get('location')]).toEqual([303, LOGIN])
    const answer = await service.client.get(API)
    expect(answer.reply).toEqual(refused(401, 'UNAUTHORIZED'))
    for (const path of ['/static/css/main.css', '/job-schedulers', '/queue/user-sync', '/logout'])
      expect((await browser.ask(PAGE + path)).status).toBe(303)
  })

  it('lets an admin in by a cookie that scripts cannot read and that goes nowhere else', async () => {
    const answer = await browser.send(LOGIN, FIRST_ADMIN)
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${PAGE}/`])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const cookie = answer.set.find((line) => line.startsWith('zk_queues='))
    expect(cookie).toMatch(/; Path=\/admin\/queues; Max-Age=3600; HttpOnly; SameSite=Strict$/)
    expect(await isIn()).toBe(true)
    const page = await browser.ask(`${PAGE}/`)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(page.headers.get('cache-control')).toBe('no-store')
    const [, file = ''] = /href="(static\/css\/main[^"]+)"/.exec(page.text) ?? []
    expect((await browser.ask(`${PAGE}/${file}`)).headers.get('content-type')).toContain('text/css')
  })

  it('shows of a job its id and nothing else, in the queue that carries it', async () => {
    const { job } = await service.services.jobs.enqueue(attendanceSync, { deviceId: 77, mode: 'auto' })
    await browser.send(LOGIN, FIRST_ADMIN)
    const headers = { accept: 'application/json' }
    await expect
      .poll(async () => {
        const answer = await browser.ask(`${API}?activeQueue=attendance-sync`, { headers })
        const { queues } = JSON.parse(answer.text) as { queues: Record<string, unknown>[] }
        return queues.map(({ name, readOnlyMode, allowRetries, jobs }) => ({
          name,
          readOnlyMode,
          allowRetries,
          data: (jobs as { data: unknown }[]).map(({ data }) => data),
        }))
      })
      .toEqual(
        ['attendance-sync', 'user-sync', 'notifications', 'maintenance'].map((name) => ({
          name,
          readOnlyMode: true,
          allowRetries: false,
          data: name === 'attendance-sync' ? [{ jobId: job.id, turn: 0 }] : [],
        })),
      )
    const one = await browser.ask(`${API}/attendance-sync/${job.id}.0`, { headers })
    expect(JSON.parse(one.text)).toMatchObject({ job: { data: { jobId: job.id } } })
    await service.services.jobs.cancel(job.id)
  })

  it('has no way to change anything: what bull-board could do is not there', async () => {
    const { job } = await service.services.jobs.enqueue(attendanceSync, { deviceId: 78, mode: 'auto' })
    await browser.send(LOGIN, FIRST_ADMIN)
    for (const [method, path] of [
      ['PUT', '/pause'],
      ['PUT', '/resume'],
      ['POST', '/attendance-sync/add'],
      ['PUT', '/attendance-sync/empty'],
      ['PUT', '/attendance-sync/obliterate'],
      ['PUT', '/attendance-sync/pause'],
      ['PUT', '/attendance-sync/clean/waiting'],
      ['PUT', '/attendance-sync/retry/failed'],
      ['PUT', '/attendance-sync/promote'],
      ['PUT', `/attendance-sync/${job.id}.0/clean`],
      ['PUT', `/attendance-sync/${job.id}.0/promote`],
      ['PATCH', `/attendance-sync/${job.id}.0/update-data`],
    ] as const)
      expect([404, 405]).toContain((await browser.ask(API + path, { method })).status)
    expect((await service.services.jobs.find(job.id))?.state).toBe('waiting')
    await service.services.jobs.cancel(job.id)
  })

  it('is made of pages, so the document of the API does not know it', async () => {
    const document = await service.client.get('/openapi.json')
    expect(Object.keys((document.body as { paths: object }).paths)).not.toContainEqual(
      expect.stringContaining('admin'),
    )
  })

  it('lets no token and no API key in, and its own token opens nothing else', async () => {
    const made = await service.client.post(
      '/api/v1/auth/api-keys',
      { name: 'for the page', role: 'admin' },
      { token: service.admin },
    )
    const { key } = made.data as { key: string }
    for (const headers of [
      { 'x-api-key': key },
      { authorization: `Bearer ${service.admin}` },
      { cookie: `zk_queues=${service.admin}` },
      { cookie: 'zk_queues=nonsense' },
      { cookie: `zk_queues=${signToken({ secret: 'x'.repeat(40) })}` },
    ])
      expect((await service.client.get(API, { headers })).status).toBe(401)
    await browser.send(LOGIN, FIRST_ADMIN)
    const token = browser.cookies.get('zk_queues')
    const answers = [
      await service.client.get('/api/v1/auth/me', { token }),
      await service.client.post('/api/v1/auth/refresh', { refresh_token: token }),
    ]
    for (const { status } of answers) expect(status).toBe(401)
  })

  it.each(['user', 'operator'] as const)('tells the role %s that it is for admins', async (role) => {
    const { credentials, account } = await newcomer(role)
    const answer = await browser.send(LOGIN, credentials)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('Forbidden - Not an admin')
    expect(browser.cookies.has('zk_queues')).toBe(false)
    const { rows } = await service.database.audit.list(
      { actor: account.email, action: 'logout' },
      { offset: 0, limit: 9 },
    )
    expect(rows).toHaveLength(1)
  })

  it('takes no form that was not sent from it', async () => {
    const fields = { ...FIRST_ADMIN, form: 'of-another-site' }
    for (const answer of [
      await browser.ask(LOGIN, { form: FIRST_ADMIN }),
      await browser.ask(LOGIN, { form: fields }),
      await browser.ask(LOGIN, { form: fields, headers: { cookie: 'zk_queues_form=' } }),
    ]) {
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('<form')
      expect(browser.cookies.has('zk_queues')).toBe(false)
    }
    await browser.send(LOGIN, FIRST_ADMIN)
    expect((await browser.ask(LOGOUT, { form: { form: 'of-another-site' } })).status).toBe(400)
    expect(await isIn()).toBe(true)
    const json = await fetch(service.client.address + LOGIN, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(FIRST_ADMIN),
    })
    expect(json.status).toBe(415)
  })

  it('shows what was entered nowhere, and writes a wrong password into no page', async () => {
    const email = '"><script>alert(1)</script>@example.com'
    const answer = await browser.send(LOGIN, { email, password: 'wrong-password' })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toMatch(/<script|wrong-password/)
  })

  describe('whoever was in', () => {
    const admit = async () => {
      const { account, credentials } = await newcomer('admin')
      await browser.send(LOGIN, credentials)
      expect(await isIn()).toBe(true)
      return { account, token: await logIn(service.client, credentials) }
    }
    const path = (id: number) => `/api/v1/auth/accounts/${id}`

    it('is out after logging out', async () => {
      const { account } = await admit()
      const kept = new Browser(service.client.address)
      for (const [name, value] of browser.cookies) kept.cookies.set(name, value)
      expect((await browser.ask(LOGOUT)).text).toContain(account.email)
      const answer = await browser.send(LOGOUT)
      expect([answer.status, answer.headers.get('location')]).toEqual([303, LOGIN])
      expect(browser.cookies.has('zk_queues')).toBe(false)
      expect(await isIn()).toBe(false)
      expect(await isIn(kept)).toBe(false)
    })

    it('is out at once when the account is switched off', async () => {
      const { account } = await admit()
      await service.client.ask('PATCH', path(account.id), { token: service.admin, body: { disabled: true } })
      expect(await isIn()).toBe(false)
    })

    it('is out at once when the account is an admin no more', async () => {
      const { account } = await admit()
      await service.client.ask('PATCH', path(account.id), {
        token: service.admin,
        body: { role: 'operator' },
      })
      expect(await isIn()).toBe(false)
    })

    it('is out at once when the account is removed', async () => {
      const { account } = await admit()
      await service.client.ask('DELETE', path(account.id), { token: service.admin })
      expect(await isIn()).toBe(false)
    })
  })

  it('records its logins as all others are', async () => {
    const { account, credentials } = await newcomer('admin')
    await browser.send(LOGIN, { ...credentials, password: 'wrong-password' })
    await browser.send(LOGIN, credentials)
    await browser.send(LOGOUT)
    const { rows } = await service.database.audit.list({ actor: account.email }, { offset: 0, limit: 9 })
    const acts = rows.map(({ action, outcome, address }) => `${action} ${outcome} ${address ?? '-'}`)
    // The first of them is the login by which the test's own helper tried the account.
    expect(acts.toReversed().slice(-3)).toEqual([
      'login refused 127.0.0.1',
      'login success 127.0.0.1',
      'logout success 127.0.0.1',
    ])
  })

  it('is locked together with the API, after five wrong passwords on either', async () => {
    const { credentials } = await newcomer('admin')
    const wrong = { ...credentials, password: 'wrong-password' }
    for (let i = 0; i < 3; i += 1) {
      const answer = await browser.send(LOGIN, wrong)
      expect(answer.status).toBe(401)
      expect(answer.text).toContain('Invalid credentials')
    }
    for (let i = 0; i < 2; i += 1) await service.client.post('/api/v1/auth/login', wrong)
    const answer = await browser.send(LOGIN, credentials)
    expect(answer.status).toBe(423)
    expect(answer.text).toContain('Too many wrong passwords')
    expect(answer.text).toContain('Try again in 15 minutes')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(800)
    const api = await service.client.post('/api/v1/auth/login', credentials)
    expect(api.reply).toEqual(refused(423, 'ACCOUNT_LOCKED'))
  })

  it('counts its logins with those of the API where an address may only try so often', async () => {
    await using limited = await wholeService('queue mode', {
      worker: false,
      env: { LOGIN_RATE_LIMIT_PER_MINUTE: '4' },
    })
    const visitor = new Browser(limited.client.address)
    // The service's own helper has logged in once.
    const statuses = [
      (await visitor.send(LOGIN, FIRST_ADMIN)).status,
      (await limited.client.post('/api/v1/auth/login', FIRST_ADMIN)).status,
      (await visitor.send(LOGIN, FIRST_ADMIN)).status,
    ]
    expect(statuses).toEqual([303, 200, 303])
    const answer = await visitor.send(LOGIN, FIRST_ADMIN)
    expect(answer.status).toBe(429)
    expect(answer.text).toContain('Too many requests')
    expect((await limited.client.post('/api/v1/auth/login', FIRST_ADMIN)).status).toBe(429)
  })

  it('marks its cookies Secure where the browser speaks HTTPS with the proxy', async () => {
    await using behindProxy = await wholeService('queue mode', {
      worker: false,
      env: { TRUST_PROXY: 'true' },
    })
    const visitor = new Browser(behindProxy.client.address)
    const answer = await visitor.send(LOGIN, FIRST_ADMIN, { 'x-forwarded-proto': 'https' })
    expect(answer.set.find((line) => line.startsWith('zk_queues='))).toMatch(/; Secure$/)
  })
})

describe('the queue page', () => {
  it('is not there in embedded mode', async () => {
    await using embedded = await wholeService('embedded', { worker: false })
    for (const path of [PAGE, LOGIN, API])
      expect((await embedded.client.get(path)).reply).toEqual(refused(404, 'ROUTE_NOT_FOUND'))
  })

  it.skipIf(EMBEDDED_ONLY)('says that Redis is away instead of hanging or showing why', async () => {
    await using whole = await wholeService('queue mode', { worker: false })
    const [queue] = whole.services.carriers
    if (queue === undefined) throw new Error('nothing carries jobs')
    queue.getJobCounts = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.9:6379'))
    await using api = await listening({ carriers: [queue] })
    const browser = new Browser(api.client.address)
    await browser.send(LOGIN, FIRST_ADMIN)
    const answer = await browser.ask(API, { headers: { accept: 'application/json' } })
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'QUEUE_UNAVAILABLE' } })
    expect(answer.text).not.toContain('ECONNREFUSED')
  })
})
