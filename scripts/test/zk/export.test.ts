// `zk export` on both engines: the same bytes as the API's export, and files that are whole or not there.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { buildApp } from '@org/api'
import { createServices, readConfig, SYSTEM, type Services } from '@org/core'
import { startTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { MODES } from '../../../packages/core/test/support/modes.ts'
import { openScratch, quiet, scratchFolder } from '../../../packages/core/test/support/scratch-service.ts'
import { typed } from './support/typed.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const PASSWORD = 'danish123'

async function installation(engine: 'sqlite' | 'mysql', env: Readonly<Record<string, string>>) {
  const ending = new AsyncDisposableStack()
  const folder = ending.use(await scratchFolder()).path
  const { url, database } = ending.use(await openScratch(engine, folder))
  const settings: Record<string, string> = {
    DATA_DIR: folder,
    DATABASE_URL: url,
    OVERLOAD_DELAY_MS: '0',
    ...env,
  }
  const config = readConfig({ ...settings, ADMIN_EMAIL: 'a@example.com', ADMIN_PASSWORD: PASSWORD })
  const services = ending.adopt(await createServices(config, database, { role: 'both', log: quiet }), (it) =>
    it.close(),
  )
  const terminal = ending.use(await startTerminal({ punches: 1_500, serialNumber: 'EXPORT-1' }))
  const input = { name: 'Gate', ip: terminal.host, port: terminal.port }
  const { device } = await services.devices.register(input, SYSTEM)
  const mode = 'auto'
  const { signal } = new AbortController()
  await services.syncAttendance({ deviceId: device.id, mode, signal, progress: () => undefined })
  await services.accounts.ensureFirstAdmin()
  const out = `${folder}/out`
  mkdirSync(out)
  return {
    services,
    out,
    deviceId: device.id,
    settings,
    zk: (args: readonly string[], stop?: AbortSignal) =>
      typed(['export', ...args], { env: settings, ...(stop !== undefined && { stop }) }),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

/** The API, asked by an admin for its export. */
async function exportingApi(services: Services) {
  const app = await buildApp(services)
  const login = await app.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    payload: { email: 'a@example.com', password: PASSWORD },
  })
  const { data } = login.json<{ data: { access_token: string } }>()
  const headers = { authorization: `Bearer ${data.access_token}` }
  return {
    async sent(query: string): Promise<string> {
      const answer = await app.inject({ url: `/api/v1/attendance/export?${query}`, headers })
      expect(answer.statusCode).toBe(200)
      return answer.body
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}

describe.each(MODES)('%s', (_name, engine, env) => {
  it('writes the bytes that the API sends, by the same filters', async () => {
    await using at = await installation(engine, env())
    await using api = await exportingApi(at.services)
    const all = await at.zk([])
    expect({ code: all.code, stderr: all.stderr }).toEqual({ code: 0, stderr: '' })
    expect(all.stdout).toBe(await api.sent('format=csv'))
    expect(all.stdout.split('\r\n').length).toBeGreaterThan(1_500)
    const [, , pin = ''] = all.stdout.split('\r\n')[1]?.split(',') ?? []
    const day = /\d{4}-\d\d-\d\dT/.exec(all.stdout)?.[0].slice(0, 10) ?? ''
    for (const [args, query] of [
      [['--format', 'ndjson', '--sort', 'timestamp'], 'format=ndjson&sort=timestamp'],
      [['--user', pin, '--denied', 'all'], `user_id=${pin}&denied=all`],
      [['--from', day, '--to', `${day}T23:00:00Z`], `from=${day}&to=${day}T23:00:00Z`],
      [['--device', 'gate', '--state', '0'], `device_id=${at.deviceId}&state=0`],
      [
        ['--device', String(at.deviceId), '--time-status', 'invalid'],
        `device_id=${at.deviceId}&time_status=invalid`,
      ],
    ] as const) {
      const { stdout, code } = await at.zk(args)
      expect(code).toBe(0)
      expect(stdout).toBe(await api.sent(query))
    }
  })

  it('refuses what the API refuses, and writes nothing', async () => {
    await using at = await installation(engine, env())
    const args = ['--from', 'soon', '--state', '300', '--user', '', '--output', `${at.out}/x.csv`]
    const { code, stderr, stdout } = await at.zk(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^pnpm zk: .*--from must be a date .*\(Z or \+07:00\) or without; .*\n$/)
    expect(stderr).toContain('--state must be <= 255')
    expect(stderr).toContain('--user must')
    expect(await at.zk(['--device', 'nowhere', '--output', `${at.out}/x.csv`])).toMatchObject({ code: 1 })
    expect(readdirSync(at.out)).toEqual([])
  })

  it('names a file when it is whole, for its owner alone, and replaces none unless told to', async () => {
    await using at = await installation(engine, env())
    await using api = await exportingApi(at.services)
    const file = `${at.out}/all.ndjson`
    expect(await at.zk(['--output', file])).toEqual({ code: 0, stdout: '', stderr: '' })
    const text = readFileSync(file, 'utf8')
    expect(text).toBe(await api.sent('format=ndjson'))
    expect(statSync(file).mode & 0o077).toBe(0)
    writeFileSync(file, 'mine')
    expect(await at.zk(['--output', file])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--yes replaces it'),
    })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect((await at.zk(['--output', file, '--yes'])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect((await at.zk(['--output', `${at.out}/book.xlsx`])).code).toBe(0)
    expect(readFileSync(`${at.out}/book.xlsx`).subarray(0, 4)).toEqual(Buffer.from('PK\u0003\u0004'))
    expect(await at.zk(['--output', `${at.out}/no/where.csv`])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no such folder'),
    })
    expect(readdirSync(at.out).toSorted()).toEqual(['all.ndjson', 'book.xlsx'])
  })

  it('leaves no file when it is stopped', async () => {
    await using at = await installation(engine, env())
    const stop = new AbortController()
    stop.abort()
    expect((await at.zk(['--output', `${at.out}/all.csv`], stop.signal)).code).toBe(130)
    expect(readdirSync(at.out)).toEqual([])
  })
})

it('ends quietly when its reader has seen enough', async () => {
  await using at = await installation('sqlite', {})
  const child = spawn('sh', ['-c', `"${process.execPath}" scripts/zk.ts export; echo "code $?" >&2`], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...at.settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  child.stdout.once('data', () => child.stdout.destroy())
  await once(child, 'close')
  expect(complaint).toBe('code 0\n')
})
