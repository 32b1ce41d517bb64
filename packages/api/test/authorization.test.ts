// Who may call what: every operation of the document, asked by every kind of caller, answers as its route declares. What a route
// declares is read from the document, where the guard's own words stand; routes that are added later are asked as well.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ADMIN, LOGIN } from './support/services-double.ts'
import { operationsOf, type Document, type PlacedOperation } from './support/document.ts'
import { listening, type Listening } from './support/listening.ts'
import { signToken } from './support/signed-token.ts'
import type { Caller, Role, Services } from '@org/core'

const ROLES = ['user', 'operator', 'admin'] as const satisfies readonly Role[]
const RANK: Readonly<Record<Role, number>> = { user: 1, operator: 2, admin: 3 }
const OWN_DEVICE = 1
const OTHER_DEVICE = 2

/** Tokens say who, never what they may: the account's id is its role's rank. */
const tokenOf = (role: Role) => signToken({ claims: { sub: String(RANK[role]), role: 'admin' } })
const roleOfAccount = (accountId: number): Role | undefined => ROLES.find((role) => RANK[role] === accountId)

/** `zk_<role>` is for all devices, `zk_<role>_own` for one. */
function callerOfKey(secret: string): Caller | undefined {
  const [, name = '', own] = secret.split('_')
  const role = ROLES.find((known) => known === name)
  if (role === undefined) return undefined
  const deviceIds = own === undefined ? ('all' as const) : [OWN_DEVICE]
  return { name: `key:${name}`, role, accountId: null, apiKeyId: 1, familyId: null, deviceIds }
}

interface Asker {
  readonly who: string
  readonly headers: Readonly<Record<string, string>>
  /** What the route's declaration makes of this caller; `in` is anything but 401 and 403. */
  readonly expected: (declared: Declared) => 401 | 403 | 'in'
}

interface Declared {
  readonly role: Role
  readonly devices: string | undefined
  readonly forPeople: boolean
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const past = Math.floor(Date.now() / 1000) - 10
const refusedByAll = (who: string, headers: Record<string, string>): Asker => ({
  who,
  headers,
  expected: () => 401,
})

const ASKERS: readonly Asker[] = [
  refusedByAll('no token', {}),
  refusedByAll('an expired token', bearer(signToken({ claims: { iat: past - 3600, exp: past } }))),
  refusedByAll('a token of another secret', bearer(signToken({ secret: 'x'.repeat(40) }))),
  refusedByAll('an unsigned token', bearer(signToken({ header: { alg: 'none' }, signature: '' }))),
  refusedByAll('a refresh token', bearer(signToken({ claims: { use: 'refresh' } }))),
  refusedByAll('a token of an account that is gone', bearer(signToken({ claims: { sub: '99' } }))),
  refusedByAll('an unknown API key', { 'x-api-key': 'zk_nobody' }),
  refusedByAll('an unknown API key beside a good token', {
    'x-api-key': 'zk_nobody',
    ...bearer(tokenOf('admin')),
  }),
  ...ROLES.map((role) => ({
    who: `a token of the role ${role}`,
    headers: bearer(tokenOf(role)),
    expected: (declared: Declared) => (RANK[role] >= RANK[declared.role] ? ('in' as const) : (403 as const)),
  })),
  ...ROLES.map((role) => ({
    who: `an API key of the role ${role} for all devices`,
    headers: { 'x-api-key': `zk_${role}` },
    expected: ({ role: needed, forPeople }: Declared) =>
      RANK[role] >= RANK[needed] && !forPeople ? ('in' as const) : (403 as const),
  })),
  ...ROLES.map((role) => ({
    who: `an API key of the role ${role} for the device asked about`,
    headers: { 'x-api-key': `zk_${role}_own` },
    expected: ({ role: needed, forPeople, devices }: Declared) =>
      RANK[role] >= RANK[needed] && !forPeople && devices !== 'all' ? ('in' as const) : (403 as const),
  })),
]

let api: Listening
beforeAll(async () => {
  api = await listening({
    accounts: {
      findForToken: async (accountId) => {
        const role = roleOfAccount(accountId)
        return role === undefined ? undefined : { ...ADMIN, id: accountId, role }
      },
      refresh: async () => LOGIN,
    },
    apiKeys: { findCaller: async (secret) => callerOfKey(secret) },
  })
})
afterAll(() => api[Symbol.asyncDispose]())

async function readOperations(): Promise<readonly PlacedOperation[]> {
  await using other = await listening()
  return operationsOf((await other.client.get('/openapi.json')).body as Document)
}

const operations = (await readOperations()).map((it) => ({ ...it, name: `${it.method} ${it.path}` }))
const declared = operations.filter(({ operation }) => operation['x-role'] !== 'anyone')

/** What the document does not show: HEAD beside every GET, but for the export, and the metrics at the root. */
const hidden = declared
  .filter(({ method, path }) => method === 'GET' && !path.endsWith('/export'))
  .flatMap((it) => {
    const root = it.path.replace('/api/v1', '')
    return [
      { ...it, method: 'HEAD', name: `HEAD ${it.path}` },
      ...(root === '/metrics' ? ['GET', 'HEAD'] : []).map((method) => ({
        ...it,
        method,
        path: root,
        name: `${method} ${root}`,
      })),
    ]
  })
const guarded = [...declared, ...hidden]

/** Asks without a body, so that hardly a handler is reached, and reads no further than the status: a stream has no end. */
async function statusOf(
  { method, path, operation }: PlacedOperation,
  headers: Readonly<Record<string, string>>,
  deviceId = OWN_DEVICE,
): Promise<number> {
  const example = (name: string): string => {
    if (name === 'deviceId') return String(deviceId)
    const shown = operation.parameters?.find((it) => it.in === 'path' && it.name === name)?.example
    return typeof shown === 'string' ? shown : '1'
  }
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(example(name)))
  const enough = new AbortController()
  const answer = await fetch(api.client.address + filled, { method, headers, signal: enough.signal })
  enough.abort()
  return answer.status
}

const verdictOf = (status: number) => (status === 401 || status === 403 ? status : 'in')

function declaredBy({ operation }: PlacedOperation): Declared {
  const role = ROLES.find((known) => known === operation['x-role'])
  if (role === undefined) throw new Error(`${operation.operationId ?? '?'} does not say who may call it`)
  return { role, devices: operation['x-devices'], forPeople: operation.security?.length === 1 }
}

describe.each(guarded)('$name', (placed) => {
  it.each(ASKERS)('lets $who in as declared', async ({ headers, expected }) => {
    expect(verdictOf(await statusOf(placed, headers))).toBe(expected(declaredBy(placed)))
  })

  it('gives an API key of another device nothing that is of this one', async () => {
    const verdict = verdictOf(await statusOf(placed, { 'x-api-key': 'zk_admin_own' }, OTHER_DEVICE))
    const { devices, forPeople } = declaredBy(placed)
    expect(verdict).toBe(!forPeople && (devices === 'filtered' || devices === 'none') ? 'in' : 403)
  })

  it('is about the device that its path names, if it names one', () => {
    expect(placed.operation['x-devices'] === 'path').toBe(placed.path.includes('{deviceId}'))
  })
})

describe.each(operations.filter((it) => !guarded.includes(it)))('$name', (placed) => {
  it.each(ASKERS)('is open to everyone, $who too', async ({ headers }) => {
    expect(verdictOf(await statusOf(placed, headers))).toBe('in')
  })
})

describe.each([
  '/openapi.json',
  '/api/v1/openapi.json',
  '/docs',
  '/docs/',
  '/docs/json',
  '/api/v1/docs',
  '/health/live',
  '/health/ready',
])('%s, which the document does not show', (path) => {
  it.each(ASKERS)('is open to everyone, $who too', async ({ headers }) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(api.client.address + path, { method, headers, redirect: 'manual' })
      await answer.body?.cancel()
      expect([200, 302]).toContain(answer.status)
    }
  })
})

describe('the queue page, which the document does not show', () => {
  const CARRIER = { name: 'maintenance', metaValues: { version: 'bullmq' } }
  let inQueueMode: Listening
  beforeAll(async () => {
    inQueueMode = await listening({
      carriers: [CARRIER as unknown as Services['carriers'][number]],
      apiKeys: { findCaller: async (secret) => callerOfKey(secret) },
    })
  })
  afterAll(() => inQueueMode[Symbol.asyncDispose]())

  it.each(ASKERS)('knows its own login alone: not $who', async ({ headers }) => {
    for (const path of ['', '/', '/api/queues', '/static/css/main.css', '/queue/maintenance', '/logout']) {
      const place = `/admin/queues${path}`
      const statuses = [inQueueMode, api].map(
        async ({ client }) => (await client.get(place, { headers })).status,
      )
      expect({ place, statuses: await Promise.all(statuses) }).toEqual({ place, statuses: [401, 404] })
    }
  })
})
