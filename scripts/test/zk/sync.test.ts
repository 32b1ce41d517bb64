// `zk sync` in both modes: run here where nobody else runs, by the service or a worker where one does.
import { createServices, readConfig, SYSTEM } from '@org/core'
import { startWorker } from '@org/worker'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { MODES } from '../../../packages/core/test/support/modes.ts'
import { openScratch, quiet, scratchFolder } from '../../../packages/core/test/support/scratch-service.ts'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import { typed } from './support/typed.ts'
import { underTerminal } from './support/under-terminal.ts'

const SERIAL = 'SYNC-4711'
const PATIENCE = { timeout: 60_000 }

interface Installation extends AsyncDisposable {
  readonly terminal: SimulatedTerminal
  readonly deviceId: number
  readonly settings: Readonly<Record<string, string>>
  zk(...args: string[]): ReturnType<typeof typed>
  stopped(stop: AbortSignal, ...args: string[]): ReturnType<typeof typed>
  /** Services of another process, with a worker where it is wanted. */
  service(options: { readonly works: boolean }): Promise<AsyncDisposable>
  punches(): Promise<number>
  jobs(): Promise<readonly string[]>
}

async function installation(
  engine: 'sqlite' | 'mysql',
  env: Readonly<Record<string, string>>,
  faults?: string,
  options: Pick<TerminalOptions, 'punches' | 'paceMs'> = {},
): Promise<Installation> {
  const ending = new AsyncDisposableStack()
  const folder = ending.use(await scratchFolder()).path
  const { url, database } = ending.use(await openScratch(engine, folder))
  const settings = { DATA_DIR: folder, DATABASE_URL: url, LIVE_WATCH: 'false', DEVICE_IDLE_MS: '0', ...env }
  const terminal = ending.use(
    await startTerminal({
      serialNumber: SERIAL,
      punches: 120,
      ...options,
      ...(faults !== undefined && { faults }),
    }),
  )
  const service = async ({ works }: { readonly works: boolean }) => {
    const open = new AsyncDisposableStack()
    const services = open.adopt(
      await createServices(readConfig(settings), database, { role: 'both', log: quiet }),
      (it) => it.close(),
    )
    if (works) open.adopt(startWorker(services), (it) => it.stop())
    return { services, [Symbol.asyncDispose]: () => open.disposeAsync() }
  }
  const deviceId = await (async () => {
    await using first = await service({ works: false })
    const input = { name: 'Gate', ip: terminal.host, port: terminal.port }
    return (await first.services.devices.register(input, SYSTEM)).device.id
  })()
  return {
    terminal,
    deviceId,
    settings,
    service,
    zk: (...args) => typed(args, { env: settings }),
    stopped: (stop, ...args) => typed(args, { env: settings, stop }),
    punches: async () =>
      (await database.punches.list({ denied: 'all' }, 'timestamp', { offset: 0, limit: 1 })).total ?? 0,
    jobs: async () => {
      const { rows } = await database.jobs.list({}, { offset: 0, limit: 100 })
      return rows.map(({ state }) => state)
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

describe.each(MODES)('%s', (_name, engine, env) => {
  const isEmbedded = engine === 'sqlite'

  it('is run by the service or the worker that runs, and prints what the certificate proves', async () => {
    await using at = await installation(engine, env())
    await using _running = await at.service({ works: true })
    const { code, stdout, stderr } = await at.zk('sync', 'gate')
    expect(stderr).toBe('')
    expect(stdout).toBe(
      [
        `Device ${at.deviceId} (Gate) is synced`,
        '  announced     120',
        '  read          120 (from record 0)',
        '  new           120',
        '  known         0',
        '',
      ].join('\n'),
    )
    expect(code).toBe(0)
    expect(await at.punches()).toBe(120)
    const again = JSON.parse((await at.zk('sync', SERIAL, '--full', '--json')).stdout) as Record<
      string,
      unknown
    >
    expect(again).toMatchObject({
      state: 'completed',
      device_id: at.deviceId,
      result: { read: 120, new: 0, known: 120 },
      error: null,
    })
  })

  it('ends with 1, the code and what to do when the sync failed for good', async () => {
    await using at = await installation(engine, env())
    await using _running = await at.service({ works: true })
    at.terminal.memory.commKey = TEST_COMM_KEY
    const { code, stdout, stderr } = await at.zk('sync', String(at.deviceId))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain('(DEVICE_AUTH_FAILED)')
    expect(stderr).toContain(`PATCH /api/v1/devices/${at.deviceId}`)
  })

  it('queues alone with --no-wait, and gives the job that stands already', async () => {
    await using at = await installation(engine, env())
    const first = await at.zk('sync', 'Gate', '--no-wait')
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Queued: sync-device-\d+-\d{14}\n$/),
    })
    expect((await at.zk('sync', 'Gate', '--no-wait')).stdout).toBe(
      first.stdout.replace('\n', ' (it was already)\n'),
    )
    expect(await at.jobs()).toEqual(['waiting'])
    await using _running = await at.service({ works: true })
    await expect.poll(() => at.jobs(), PATIENCE).toEqual(['completed'])
    expect(await at.punches()).toBe(120)
  })

  it('leaves the job running that another process runs, at Ctrl-C and when its time is up', async () => {
    await using at = await installation(engine, env())
    await using _running = await at.service({ works: false })
    const late = await at.zk('sync', 'Gate', '--timeout', '1')
    expect(late).toMatchObject({ code: 1, stderr: expect.stringContaining('has not ended within 1 s') })
    const stop = new AbortController()
    const running = at.stopped(stop.signal, 'sync', 'Gate')
    setTimeout(() => stop.abort(), 1_000)
    expect(await running).toMatchObject({ code: 130, stderr: expect.stringContaining('goes on without') })
    expect(await at.jobs()).toEqual(['waiting'])
  })

  it('knows a device by its id, serial number or name, and tells what is near', async () => {
    await using at = await installation(engine, env())
    for (const called of ['Gat', '99', 'GATE ']) {
      const { code, stderr } = await at.zk('sync', called)
      expect(code).toBe(1)
      expect(stderr).toContain('no device has the id, the serial number or the name')
    }
    expect((await at.zk('sync', 'Gat')).stderr).toContain(`near it: Gate (${at.deviceId})`)
  })

  it.runIf(isEmbedded)(
    'is run here while no service runs, and nobody is left holding the database',
    async () => {
      await using at = await installation(engine, env())
      expect(await at.zk('sync', 'Gate')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('new           120'),
      })
      expect(await at.punches()).toBe(120)
      await expect.poll(() => at.terminal.stats.openSessions, PATIENCE).toBe(0)
      await using _running = await at.service({ works: false })
    },
  )

  it.runIf(isEmbedded)(
    'tells a failure where it runs here in two lines, without what a service would log',
    async () => {
      await using at = await installation(engine, env())
      at.terminal.memory.commKey = TEST_COMM_KEY
      const { code, stdout, stderr } = await at.zk('sync', 'Gate')
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^The sync failed: .* \(DEVICE_AUTH_FAILED\)\n {2}→ .*\n$/)
    },
  )

  it.runIf(isEmbedded)(
    'says that nobody runs it any more when the time of one that runs here is up',
    async () => {
      await using at = await installation(engine, env(), 'unanswered(to=prepareBulk, times=always)')
      const { code, stderr } = await at.zk('sync', 'Gate', '--timeout', '1')
      expect(code).toBe(1)
      expect(stderr).toMatch(
        /has not ended within 1 s; it waits for the next start of the service, or for this/,
      )
      expect(stderr).not.toContain('goes on')
      expect(await at.jobs()).toEqual(['waiting'])
    },
  )

  it.runIf(isEmbedded)(
    'is cancelled at Ctrl-C where it runs here, and leaves the terminal in order',
    async () => {
      await using at = await installation(engine, env(), 'unanswered(to=prepareBulk, times=always)')
      const stop = new AbortController()
      const running = at.stopped(stop.signal, 'sync', 'Gate')
      await expect.poll(() => at.terminal.stats.requests['prepareBulk'] ?? 0, PATIENCE).toBeGreaterThan(0)
      stop.abort()
      expect(await running).toMatchObject({ code: 130, stderr: expect.stringContaining('is cancelled') })
      expect(await at.jobs()).toEqual(['cancelled'])
      await expect.poll(() => at.terminal.stats.openSessions, PATIENCE).toBe(0)
      expect(at.terminal.memory.isEnabled).toBe(true)
    },
  )
})

it('draws a bar at a terminal, and none elsewhere', async () => {
  await using at = await installation('sqlite', {}, undefined, { punches: 5_000, paceMs: 20 })
  const typedLine = `${process.execPath} scripts/zk.ts sync Gate`
  const { code, screen } = await underTerminal(typedLine, at.settings)
  expect(screen).toMatch(/\d+ %  \d+ of \d+/)
  expect(screen).toContain('Device 1 (Gate) is synced')
  expect(code).toBe(0)
})
