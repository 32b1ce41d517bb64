// The page without a browser: who is let in, what its addresses answer, and what each act does at the terminal.
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPage, type Page } from '../src/page/page-server.ts'
import { startTerminal, type SimulatedTerminal } from '../src/simulated-terminal.ts'

interface Answered {
  status: number
  headers: Record<string, unknown>
  text: string
}

let terminals: SimulatedTerminal[]
let page: Page
const punched: string[] = []

beforeAll(async () => {
  const memory = { people: 3, punches: 8, until: '2026-03-04T12:00:00' }
  terminals = [
    await startTerminal({ ...memory, profile: 'access-panel' }),
    await startTerminal({ ...memory, seed: 2 }),
  ]
  page = await openPage(terminals, {
    host: '127.0.0.1',
    port: 0,
    punched: ({ memory: { serialNumber } }, { pin }) => punched.push(`${serialNumber} ${pin}`),
  })
})
afterAll(async () => {
  await page.close()
  for (const terminal of terminals) await terminal.stop()
})

function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, page.url), { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

async function act(path: string, input: unknown = {}, headers: Record<string, string> = {}) {
  const { status, text } = await ask(`/api/terminals/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  })
  const content = JSON.parse(text) as { said?: string; error?: string; terminal?: Record<string, unknown> }
  return { status, ...content }
}

describe('the page lets in', () => {
  const port = () => new URL(page.url).port

  it.each(['127.0.0.1', 'localhost', '192.168.1.20', '[::1]'])(
    'a visitor of the address %s',
    async (host) => {
      expect((await ask('/', { headers: { host: `${host}:${port()}` } })).status).toBe(200)
    },
  )

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'a:b:c', 'me@127.0.0.1'])(
    'nobody who comes by the name %j, which its owner may point anywhere',
    async (host) => {
      const { status, text } = await ask('/api/terminals', { headers: { host } })
      expect([status, text]).toEqual([403, expect.stringContaining('localhost')])
    },
  )

  it('no act of another site, whatever it sends along', async () => {
    const before = terminals[0]?.memory.log.count
    const origins = ['http://evil.example', 'null', 'http://127.0.0.1:1', page.url]
    for (const origin of origins)
      expect(await act('1/present', { pin: '1' }, { origin })).toMatchObject({ status: 403 })
    expect(await act('1/present', { pin: '1' }, { 'sec-fetch-site': 'cross-site' })).toMatchObject({
      status: 403,
    })
    const form = { 'content-type': 'text/plain' }
    expect(await act('1/present', { pin: '1' }, form)).toMatchObject({ status: 403 })
    expect(terminals[0]?.memory.log.count).toBe(before)
  })

  it('an act of its own pages', async () => {
    const origin = page.url.replace(/\/$/, '')
    const own = { origin, 'sec-fetch-site': 'same-origin' }
    expect(await act('1/doorbell', {}, own)).toMatchObject({ status: 200, said: 'The bell rings.' })
  })
})

describe('the page answers', () => {
  it.each([
    '/',
    '/terminals/1',
    '/page.css',
    '/screen.mjs',
    '/list.mjs',
    '/icon.svg',
    '/api/terminals',
    '/api/terminals/2',
  ])('%s under a policy that lets nothing in from elsewhere', async (path) => {
    const { status, headers } = await ask(path)
    expect(status).toBe(200)
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; (?!.*unsafe)/)
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each(['/', '/terminals/2', '/page.css', '/screen.mjs', '/list.mjs', '/icon.svg'])(
    '%s without an address of anybody else in it',
    async (path) => {
      const { text } = await ask(path)
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
        /https?:|\/\/[a-z]|<script>|style=|\son[a-z]+="/,
      )
    },
  )

  it.each([
    ['GET', '/nowhere', 404],
    ['GET', '/terminals/3', 404],
    ['GET', '/api/terminals/0', 404],
    ['GET', '/screen.html', 404],
    ['GET', '/../package.json', 404],
    ['GET', '/%2e%2e/package.json', 404],
    ['PUT', '/', 405],
    ['DELETE', '/api/terminals/1', 405],
  ])('%s %s with %i', async (method, path, status) => {
    expect((await ask(path, { method })).status).toBe(status)
  })

  it('what the terminals are, and what one of them shows', async () => {
    const list = JSON.parse((await ask('/api/terminals')).text) as unknown[]
    expect(list).toHaveLength(2)
    expect(list[1]).toMatchObject({
      number: 2,
      serial_number: 'SIM0000000002',
      on: true,
      people: 3,
      punches: 8,
    })
    const view = JSON.parse((await ask('/api/terminals/1')).text) as Record<string, unknown>
    expect(view).toMatchObject({ model: 'access-panel', terminals: 2, zone: 'UTC', punch_capacity: 100_000 })
    expect(view['last_punches']).toHaveLength(6)
    const people = JSON.parse((await ask('/api/terminals/1/people')).text) as unknown
    expect(people).toEqual(terminals[0]?.memory.people.list().map(({ pin, name }) => ({ pin, name })))
  })
})

describe('an act', () => {
  it('presents somebody, and tells of the punch', async () => {
    punched.length = 0
    const { status, said, terminal } = await act('1/present', { pin: '2', by: 'card', state: 1 })
    expect([status, said]).toEqual([200, expect.stringMatching(/\(2\): check out\.$/)])
    expect(terminal).toMatchObject({ punches: 9, door: { open: true, openings: 1 } })
    expect(terminals[0]?.memory.truth().punches.at(-1)).toMatchObject({ pin: '2', state: 1 })
    expect(punched).toEqual(['SIM0000000001 2'])
  })

  it('says why nothing was recorded', async () => {
    const [first] = terminals
    expect((await act('1/present', { pin: '77' })).said).toContain('Nobody has the pin 77')
    expect((await act('1/stranger', { by: 'face' })).said).toContain('nobody was recognised')
    first?.memory.disable()
    expect((await act('1/present', { pin: '2' })).said).toContain('disabled')
    first?.memory.enable()
    await act('1/pull-plug')
    expect((await act('1/present', { pin: '2' })).said).toContain('no power')
    expect((await act('1/fill-log')).said).toContain('no power')
    expect(first?.isOn).toBe(false)
    expect((await act('1/plug-in')).said).toContain(`at port ${first?.port}`)
    expect(first?.isOn).toBe(true)
  })

  it('works the door, the button beside it and the clock', async () => {
    expect((await act('2/hold-door', { open: true })).terminal).toMatchObject({ door: { held_open: true } })
    expect((await act('2/hold-door', { open: false })).terminal).toMatchObject({ door: { held_open: false } })
    expect((await act('1/exit-button')).said).toBe('The door opens.')
    terminals[1]?.memory.options.set('LockOn', '0')
    expect((await act('2/exit-button')).said).toContain('opens nothing')
    const { said } = await act('2/set-clock', { wall_time: '2030-01-02T03:04' })
    expect(said).toContain('2030-01-02 03:04:0')
  })

  it.each([
    ['1/present', {}, 400, 'pin'],
    ['1/present', { pin: 7 }, 400, 'pin'],
    ['1/present', { pin: 'x'.repeat(25) }, 400, 'pin'],
    ['1/present', { pin: '1', by: 'voice' }, 400, 'by: expected one of finger, card, face, code'],
    ['1/present', { pin: '1', state: -1 }, 400, 'state'],
    ['1/present', { pin: '1', colour: 'red' }, 400, 'colour'],
    ['1/hold-door', { open: 'yes' }, 400, 'open'],
    ['1/set-clock', { wall_time: '2030-02-31T00:00:00' }, 400, '2030-02-31'],
    ['1/set-clock', { wall_time: 'tomorrow' }, 400, 'wall_time'],
    ['1/present', '{', 400, 'JSON'],
    ['1/present', '[1]', 400, 'JSON'],
    ['1/present', `{"pin":"${'1'.repeat(5_000)}"}`, 413, '4096'],
    ['1/dance', {}, 404, 'nothing to do'],
    ['9/present', { pin: '1' }, 404, 'no such terminal'],
  ])('%s with %j is refused in a sentence', async (path, input, status, message) => {
    expect(await act(path, input)).toEqual({ status, error: expect.stringContaining(message) as unknown })
  })
})

it('a page whose port is taken says so', async () => {
  const { port } = new URL(page.url)
  const opening = openPage(terminals, { host: '127.0.0.1', port: Number(port), punched: () => undefined })
  await expect(opening).rejects.toThrow(`cannot listen on 127.0.0.1:${port}: the port is in use`)
})
