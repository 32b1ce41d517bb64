// The search for secrets in the tests' logs: it finds what it is to find, and knows every secret that tests use.
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '@org/core'
import { madeUpMemory } from '@org/zk-sim'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { searchLogs } from '../toolchain/log-leaks.ts'
import { freshTestSecret, TEST_COMM_KEY, TEST_SECRETS } from '../toolchain/test-secrets.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const TOKEN = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"1","use":"access"}').toString('base64url')}.c2lnbmF0dXJl`
const API_KEY = `zk_${Buffer.alloc(32, 7).toString('base64url')}`

/** Texts in the place of a secret that are none: values to be refused, and rows of a table of errors. */
const NO_SECRETS: ReadonlySet<string> = new Set([
  '  pass word  ',
  '123456789',
  '4294967296',
  '4294967295',
  'too short',
  '503 DEVICE_AUTH_FAILED final; 400 DEVICE_AUTH_FAILED final',
])

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-log-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** What is found in a file of a log with these values in the second of three lines. */
async function found(line: string): Promise<string[]> {
  const file = join(folder, '4711.log')
  writeFileSync(file, `{"msg":"before"}\n${line}\n{"msg":"after"}\n`)
  const { lines, leaks } = await searchLogs(folder)
  expect(lines).toBe(3)
  for (const leak of leaks) expect(leak).toMatchObject({ file, line: 2 })
  return leaks.map(({ secret }) => secret)
}

const template = madeUpMemory({ people: 1, fingers: 1 }).templates.list()[0]?.bytes ?? new Uint8Array()

describe('the search of the logs', () => {
  it.each([
    ['password of an account', 'in a sentence', { msg: 'wrong password danish123' }],
    ['password of an account', 'in a body', { body: { email: 'a@b.c', secret: 'password123' } }],
    ['password at a terminal', 'in a field', { person: { code: '73519864' } }],
    ['comm key', 'as a number', { key: TEST_COMM_KEY }],
    ['comm key', 'in a sentence', { msg: `tried ${TEST_COMM_KEY}` }],
    ['secret of the configuration', 'in a field', { env: freshTestSecret() }],
    ['secret of the configuration', 'in an address', { url: 'http://127.0.0.1:1/hooks/very-secret-path' }],
    ['token (JWT)', 'in a header', { headers: { authorization: `Bearer ${TOKEN}` } }],
    ['API key', 'in a field', { apiKey: API_KEY }],
    ['hash of a password', 'in a row', { row: { hash: '$argon2id$v=19$m=19456,t=2,p=1$abc$def' } }],
    ['template', 'in hex', { bytes: Buffer.from(template).toString('hex') }],
    ['template', 'in base64', { bytes: Buffer.from(template).toString('base64') }],
    ['template', 'as a buffer', { bytes: Buffer.from(template) }],
    ['template', 'as bytes', { bytes: template }],
  ])('finds a %s %s, and tells the line without it', async (secret, _how, logged) => {
    expect(await found(JSON.stringify(logged))).toEqual([secret])
  })

  it('finds nothing where there is nothing', async () => {
    const innocent = {
      jobId: 'sync-device-1-20240205143000',
      ms: 3714.285906,
      key: '[redacted]',
      count: 73519,
    }
    expect(await found(JSON.stringify(innocent))).toEqual([])
  })

  it('goes through every file, in folders too', async () => {
    mkdirSync(join(folder, 'below'))
    for (const name of ['1.log', '2.log', 'below/3.log']) writeFileSync(join(folder, name), `${TOKEN}\n`)
    const { lines, leaks } = await searchLogs(folder)
    expect({ lines, leaks: leaks.length }).toEqual({ lines: 3, leaks: 3 })
  })

  it('finds what the log lets through that does not cut a name out, and not what it cuts', async () => {
    let told = ''
    const log = createLog('debug', { write: (line) => void (told += line.trimEnd()) })
    log.debug({ password: 'danish123', device: { commKey: TEST_COMM_KEY } }, 'cut')
    expect(await found(told)).toEqual([])
    log.debug({ innocentName: 'danish123' }, 'let through')
    expect(await found(told)).toEqual(['password of an account'])
  })
})

describe('the list of secrets', () => {
  const sources = globSync('{packages/{core,api,worker},scripts}/test/**/*.ts', { cwd: ROOT })
    .filter((path) => !path.includes('log-secrets') && !path.endsWith('.d.ts'))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
  const used = (pattern: RegExp) =>
    sources.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([, it = '']) => ({ path, it })))
  const isListed = (text: string) => TEST_SECRETS.some(({ pattern }) => pattern.test(text))

  it('has every password that an account has in tests', () => {
    const passwords = used(/password['"]?: '([^']{9,})'/gi)
    expect(passwords.length).toBeGreaterThan(20)
    expect(passwords.filter(({ it }) => !isListed(it) && !NO_SECRETS.has(it))).toEqual([])
  })

  it('has every secret of a configuration', () => {
    const secrets = used(/(?:SECRET|TOKEN|_KEY)\w*(?::| =) '([^']{9,})'/g)
    expect(secrets.length).toBeGreaterThan(3)
    expect(secrets.filter(({ it }) => !isListed(it) && !NO_SECRETS.has(it))).toEqual([])
  })

  it('has the comm key of every terminal, but for the short ones of which nothing can be told', () => {
    const keys = used(/commKey(?::| =) ([\d_]{4,})/g).filter(
      ({ path }) => !path.endsWith('core/test/log.test.ts'),
    )
    expect(keys).toEqual([])
  })
})
