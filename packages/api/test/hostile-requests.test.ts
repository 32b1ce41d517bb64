// Requests that nobody means well: each endpoint is asked with values of every wrong kind in every place, made from its own
// declaration. Whatever comes, it is never our fault (5xx), it fits the document, and it tells nothing about the inside.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { startTerminal } from '@org/zk-sim'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Ask } from './support/client.ts'
import { operationsOf } from './support/document.ts'
import type { Document, PlacedOperation } from './support/document.ts'
import { MODES, wholeService } from './support/whole-service.ts'
import type { WholeService } from './support/whole-service.ts'

/** Texts that break what takes text for something else. */
const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202e\u200b\ufeff',
  '😀'.repeat(20),
  'Ａ１',
  "' OR '1'='1",
  '"; DROP TABLE accounts; --',
  '%00%0a%0d',
  '../../../../etc/passwd',
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  '=1+1',
  '__proto__',
  'constructor',
  'a\r\nset-cookie: x=1',
  'NaN',
  '1e400',
  'x'.repeat(100_000),
  '0000-01-01',
  '0001-01-01T00:00:00Z',
  '9999-12-31',
  '9999-12-31T23:59:59-12:00',
  '+010000-01-01T00:00:00Z',
]

const nested = (depth: number): unknown =>
  JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`) as unknown

const VALUES: readonly unknown[] = [
  ...TEXTS,
  null,
  true,
  0,
  -1,
  1.5,
  Number.MAX_SAFE_INTEGER + 2,
  1e308,
  -0,
  [],
  [[]],
  ['a', 1, null],
  {},
  { $gt: '' },
  { toString: 1, valueOf: 1 },
  { length: 1e9 },
  nested(400),
]

const PERSON_PATH = '/api/v1/attendance/user/{userId}'

/** What must not be in any answer: stacks, SQL, paths, drivers. */
const INSIDE = /\bat .+:\d+:\d+|node_modules|SELECT |INSERT |SQLITE_|ER_[A-Z_]+|\/work\/|\.ts\b/

/** The request's id is random letters, and `…ER_M` among them gives nothing away. */
const withoutRequestId = (answer: Answer): string => answer.text.replaceAll(/req-[\w-]{16}/g, 'req-')

describe.each(MODES)('S-SEC-03 hostile requests in %s', (mode) => {
  let service: WholeService
  let operations: PlacedOperation[]
  beforeAll(async () => {
    service = await wholeService(mode, { worker: false })
    operations = operationsOf((await service.client.get('/openapi.json')).body as Document)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  /** Whoever logs out does so with a login of its own, so that the admin's goes on. */
  let leaver: string | undefined

  /** The client has compared the answer with the document already. */
  async function asked(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const leaves = path.endsWith('/auth/logout')
    if (leaves) leaver ??= await service.account('operator')
    const answer = await service.client.ask(method, path, { token: leaves ? leaver : service.admin, ...ask })
    if (leaves && answer.status === 200) leaver = undefined
    if (answer.status >= 500) throw new Error(`${method} ${path.slice(0, 200)}: ${answer.text}`)
    return answer
  }

  const fill = (path: string, value = '1') => path.replaceAll(/\{\w+\}/g, () => value)

  it('in bodies, as a whole and field by field', async () => {
    let count = 0
    for (const { path, method, operation } of operations) {
      const media = operation.requestBody?.content['application/json']
      if (media === undefined) continue
      const isDevice = path.endsWith('/devices')
      const good = { ...(media.example as object), ...(isDevice && { ip: '127.0.0.1', port: 1 }) }
      for (const value of VALUES) {
        const bodies = [value, ...Object.keys(good).map((field) => ({ ...good, [field]: value }))]
        for (const body of bodies) {
          const answer = await asked(method, fill(path), { body })
          expect(withoutRequestId(answer)).not.toMatch(INSIDE)
          count += 1
        }
      }
    }
    expect(count).toBeGreaterThan(200)
  })

  it('in paths', async () => {
    let count = 0
    for (const { path, method } of operations.filter((it) => it.path.includes('{'))) {
      for (const value of [
        ...TEXTS.filter((it) => it.isWellFormed() && it.length < 10_000),
        '-1',
        '0',
        '1e9',
        '99999999999999999999',
      ]) {
        const answer = await asked(method, fill(path, encodeURIComponent(value)))
        expect(withoutRequestId(answer)).not.toMatch(INSIDE)
        // A PIN may be any text: what nobody has is an empty list.
        const isNobodysList = path === PERSON_PATH && JSON.stringify(answer.data) === '[]'
        expect({ path, value, isRight: answer.status >= 400 || isNobodysList }).toMatchObject({
          isRight: true,
        })
        count += 1
      }
    }
    expect(count).toBeGreaterThan(50)
  })

  it('in queries', async () => {
    let count = 0
    for (const { path, method, operation } of operations) {
      for (const { name } of operation.parameters?.filter((it) => it.in === 'query') ?? []) {
        for (const value of TEXTS.filter((it) => it.isWellFormed() && it.length < 10_000)) {
          for (const query of [
            `${name}=${encodeURIComponent(value)}`,
            `${name}=1&${name}=2`,
            `${name}[a]=1`,
            `${name}=%ff`,
          ]) {
            const answer = await asked(method, `${fill(path)}?${query}`)
            expect(withoutRequestId(answer)).not.toMatch(INSIDE)
            count += 1
          }
        }
      }
    }
    expect(count).toBeGreaterThan(500)
  })

  it('of JSON that a machine makes up', async () => {
    const bodies = operations.filter(({ operation }) => operation.requestBody !== undefined)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.jsonValue({ maxDepth: 4 }),
        async ({ method, path }, body) => {
          const answer = await asked(method, fill(path), { body })
          expect(withoutRequestId(answer)).not.toMatch(INSIDE)
        },
      ),
      { numRuns: 200, seed: 42 },
    )
  })

  it('cannot change what all objects have', async () => {
    for (const body of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}'])
      await asked('POST', '/api/v1/auth/login', { raw: { body, type: 'application/json' } })
    await asked('GET', '/api/v1/attendance?__proto__[polluted]=1&constructor[prototype][polluted]=1')
    expect({}).not.toHaveProperty('polluted')
  })

  it('refuses names of devices that no line can show', async () => {
    for (const name of ['a\nb', 'a\u0000b', '\u001b[2J', '\u0085', '\ud800', ' ', '']) {
      const answer = await asked('POST', '/api/v1/devices', { body: { name, ip: '127.0.0.1', port: 1 } })
      expect(answer.faults).toEqual(['name'])
    }
  })

  it('stores names of devices as they came, whatever else is in them', async () => {
    const names = TEXTS.filter(
      (name) => name.trim() !== '' && name.length <= 100 && !/\p{Cc}|\p{Cs}/u.test(name),
    )
    expect(names.length).toBeGreaterThan(8)
    for (const [i, name] of names.entries()) {
      await using terminal = await startTerminal({ people: 1, punches: 1, serialNumber: `HOSTILE${i}` })
      const body = {
        name,
        location: name,
        serial_number: name.slice(0, 60),
        ip: '127.0.0.1',
        port: terminal.port,
      }
      const made = await asked('POST', '/api/v1/devices', { body })
      expect(made.data).toMatchObject({ name, location: name, serial_number: body.serial_number })
      const { id } = made.data as { id: number }
      expect((await asked('GET', `/api/v1/devices/${id}`)).data).toMatchObject({ name })
      const found = await asked('GET', `/api/v1/devices?search=${encodeURIComponent(name)}`)
      expect(found.data).toEqual(expect.arrayContaining([expect.objectContaining({ id })]))
    }
  })

  it('do not end who asks, so that they were not all refused at the gate', async () => {
    expect((await asked('GET', '/api/v1/auth/me')).status).toBe(200)
  })

  it('with headers that lie', async () => {
    const tricks: Record<string, string>[] = [
      { 'x-http-method-override': 'DELETE' },
      { 'x-original-url': '/api/v1/health/live' },
      { 'x-forwarded-for': '1.1.1.1', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      { accept: 'text/html' },
      { 'accept-encoding': 'nonsense' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'if-none-match': '*' },
      { range: 'bytes=0-1' },
      { cookie: 'access_token=1' },
      { authorization: `Bearer ${'a.'.repeat(3000)}` },
    ]
    for (const headers of tricks) {
      const answer = await service.client.ask('GET', '/api/v1/queue/stats', { headers })
      expect({ headers, status: answer.status }).toEqual({ headers, status: 401 })
    }
  })

  it('with headers of every wrong kind, on every path', async () => {
    const odd: Record<string, string>[] = [
      { 'if-none-match': '"'.repeat(500) },
      { 'idempotency-key': 'x'.repeat(5_000) },
      { 'idempotency-key': '\u00fc\u00a0' },
      { 'last-event-id': '-1' },
      { 'x-api-key': "zk_' OR 1=1" },
      { 'x-request-id': 'req-../../etc/passwd' },
      { range: 'bytes=-1,0-', accept: '*/*;q=nonsense' },
    ]
    for (const { path, method } of operations)
      for (const headers of odd) {
        const answer = await asked(method, fill(path), { headers })
        expect(withoutRequestId(answer)).not.toMatch(INSIDE)
        expect(answer.headers.get('x-request-id')).toMatch(/^req-[\w-]{3,64}$/)
      }
    const stream = '/api/v1/attendance/stream'
    for (const id of ['-1', 'x', '1e3', '9'.repeat(40), '1, 2'])
      expect((await asked('GET', stream, { headers: { 'last-event-id': id } })).status).toBe(400)
  })

  it('with bodies of another kind than JSON, on every path that takes one', async () => {
    const boundary = '--x\r\ncontent-disposition: form-data; name="email"\r\n\r\na\r\n--x--\r\n'
    for (const { path, method } of operations.filter(({ operation }) => operation.requestBody !== undefined))
      for (const [type, body] of [
        ['multipart/form-data; boundary=x', boundary],
        ['application/x-www-form-urlencoded', 'email=a&password=b'],
        ['text/plain', '{}'],
        ['application/xml', '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
        ['application/jsonx', '{}'],
        ['application/ld+json', '{}'],
        ['/', '{}'],
      ] as const) {
        const answer = await asked(method, fill(path), { raw: { body, type } })
        expect({ path, type, status: answer.status }).toEqual({ path, type, status: 415 })
      }
  })

  it('with JSON that is broken, endless or too deep, on every path that takes some', async () => {
    const bodies = [
      '{',
      '{"a":1}}',
      '{"a":1,}',
      "{'a':1}",
      '\ufeff{}x',
      'NaN',
      `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
      `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      `{"a":1${'0'.repeat(100_000)}}`,
      Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    ]
    for (const { path, method } of operations.filter(({ operation }) => operation.requestBody !== undefined))
      for (const body of bodies) {
        const answer = await asked(method, fill(path), { raw: { body, type: 'application/json' } })
        expect({ path, status: answer.status }).toEqual({ path, status: 400 })
      }
  })

  it('by methods that a path does not have', async () => {
    for (const { path } of operations)
      for (const method of ['OPTIONS', 'PROPFIND', 'SEARCH', 'PURGE', 'MKCOL']) {
        const answer = await service.client.ask(method, fill(path))
        expect({ path, method, status: answer.status }).toEqual({ path, method, status: 405 })
        expect(answer.headers.get('allow')).toMatch(/^[A-Z, ]+$/)
      }
  })

  it.each([
    [
      'two lengths',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}',
    ],
    [
      'a length and chunks',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}',
    ],
    ['a negative length', 'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n{}'],
    [
      'a chunk of no size',
      'POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    ],
    ['a line break in its path', 'GET /api/v1/\nqueue HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['no host', 'GET /health/live HTTP/1.1\r\n\r\n'],
    ['TLS where there is none', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000'],
  ])('of bytes that are hardly HTTP: %s', async (_, bytes) => {
    const { hostname, port } = new URL(service.client.address)
    const socket = connect(Number(port), hostname)
    socket.end(bytes)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect((await service.client.get('/health/live')).status).toBe(200)
  })
})
