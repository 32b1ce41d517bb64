// `zk doctor` before everything that a terminal's address may hold: terminals that are well and not, other programs, nobody.
import { spawn } from 'node:child_process'
import { createServer as createHttpServer } from 'node:http'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, ZK_ERRORS } from '@org/zk-proto'
import { profileNamed, startTerminal, TerminalMemory, type TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import type { Check, StepName } from '../../zk/doctor/check.ts'
import type { Report } from '../../zk/doctor/report.ts'
import { freePort, stranger } from './support/strangers.ts'
import { typed } from './support/typed.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const HOST = '127.0.0.1'
const PATIENCE = { timeout: 30_000 }
/** Steps that end in silence are waited for so long, in seconds. */
const QUICK = ['--timeout', '2']

interface Examined {
  readonly code: number
  readonly report: Report
  readonly said: string
  readonly step: (name: StepName) => Check
}

async function examined(port: number, ...options: string[]): Promise<Examined> {
  const zone = options.includes('--timezone') ? [] : ['--timezone', 'UTC']
  const args = ['doctor', HOST, '--port', String(port), '--json', ...zone, ...options]
  const { code, stdout, stderr } = await typed(args)
  expect(stderr).toBe('')
  const report = JSON.parse(stdout) as Report
  return {
    code,
    report,
    said: report.checks.map(({ said, advice }) => `${said} ${advice}`).join('\n'),
    step(name) {
      const found = report.checks.filter(({ step }) => step === name).at(-1)
      if (found === undefined) throw new Error(`no step ${name}`)
      return found
    },
  }
}

async function examinedTerminal(terminal: TerminalOptions, ...options: string[]) {
  await using running = await startTerminal(terminal)
  const found = await examined(running.port, ...options)
  await expect.poll(() => running.stats.openSessions, PATIENCE).toBe(0)
  return { ...found, running }
}

const verdicts = ({ report }: Pick<Examined, 'report'>) =>
  Object.fromEntries(report.checks.map(({ step, verdict }) => [step, verdict]))

describe('a terminal that is well', () => {
  it('is examined step by step, over TCP and over UDP, and nothing is changed on it', async () => {
    await using terminal = await startTerminal({ people: 20, punches: 3_000 })
    const held = () => {
      const { people, punches, options } = terminal.memory.truth()
      return { people, punches, options }
    }
    const before = held()
    const { code, report, step } = await examined(terminal.port)
    expect(code).toBe(0)
    expect(verdicts({ report })).toEqual({
      name: 'ok',
      port: 'ok',
      handshake: 'ok',
      key: 'ok',
      device: 'ok',
      sizes: 'ok',
      clock: 'ok',
      read: 'ok',
      'udp too': 'ok',
    })
    expect(report).toMatchObject({ verdict: 'ok', way: 'tcp', facts: { model: 'K20' } })
    for (const { ms } of report.checks) expect(ms).toBeGreaterThanOrEqual(0)
    expect(step('sizes').details).toMatchObject({ people: 20, records: 3_000 })
    // A small read: not the whole log.
    expect(step('read').details['recordsRead']).toBeGreaterThan(0)
    expect(step('read').details['recordsRead']).toBeLessThan(3_000)
    expect(held()).toEqual(before)
    const asked = Object.keys(terminal.stats.requests)
    expect(asked.filter((name) => !/^(connect|exit|read|prepareBulk|freeBulk)/.test(name))).toEqual([])
    expect(terminal.stats).toMatchObject({ buffersNotFreed: 0, leftDisabled: 0, openSessions: 0 })
  })

  it('is shown with a line a step, what to do under it, and the verdict', async () => {
    await using terminal = await startTerminal({ people: 2, punches: 5, serialNumber: 'SHOWN-4711' })
    const { code, stdout } = await typed(['doctor', 'localhost', '--port', String(terminal.port)])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ {2}ok {9}name +\d+ ms {2}The name leads to .*: 127\.0\.0\.1$/m)
    expect(stdout).toContain('serial number SHOWN-4711')
    expect(stdout).toContain('→ Whoever reaches its port may read it')
    expect(stdout).toMatch(/^Verdict: (ok|warning)\. The terminal can be used over TCP/m)
    expect(stdout).not.toContain('\u001b')
  })

  it('is examined over one way alone where that is wanted', async () => {
    const tcp = await examinedTerminal({}, '--tcp')
    expect(verdicts(tcp)).not.toHaveProperty('udp too')
    const udp = await examinedTerminal({}, '--udp')
    expect(udp.report).toMatchObject({ verdict: 'ok', way: 'udp' })
    expect(udp.step('read').way).toBe('udp')
  })

  it('may have an empty log', async () => {
    const { step, code } = await examinedTerminal({ people: 0, punches: 0 })
    expect(step('read')).toMatchObject({ verdict: 'ok', said: expect.stringContaining('empty') })
    expect(code).toBe(0)
  })
})

describe('one way alone', () => {
  it('is enough: UDP that is not served is no fault', async () => {
    const { report, step } = await examinedTerminal({ transports: ['tcp'] })
    expect(report.verdict).toBe('ok')
    expect(step('udp too')).toMatchObject({ verdict: 'ok', said: expect.stringContaining('not needed') })
  })

  it('is a warning where it is UDP, with how to register such a terminal', async () => {
    const { report, code } = await examinedTerminal({ transports: ['udp'] })
    expect(code).toBe(0)
    expect(report).toMatchObject({ verdict: 'warning', way: 'udp' })
    const [, port] = report.checks
    expect(port).toMatchObject({ step: 'port', way: 'tcp', verdict: 'warning' })
    expect(port?.advice).toContain('"transport": "udp"')
  })
})

describe('the comm key', () => {
  it('is taken from standard input, and right', async () => {
    await using terminal = await startTerminal({ commKey: TEST_COMM_KEY })
    const args = ['doctor', HOST, '--port', String(terminal.port), '--comm-key-stdin']
    const { code, stdout } = await typed(args, { stdin: `${TEST_COMM_KEY}\n` })
    expect(code).toBe(0)
    expect(stdout).toContain('The comm key is right')
    expect(stdout).not.toContain(String(TEST_COMM_KEY))
  })

  it('that is wanted and not given is told, and no second try is made', async () => {
    const { code, step, running } = await examinedTerminal({ commKey: TEST_COMM_KEY })
    expect(code).toBe(1)
    expect(step('handshake').verdict).toBe('ok')
    expect(step('key')).toMatchObject({ verdict: 'failed', code: 'ZK_KEY_REQUIRED' })
    expect(step('key').advice).toContain('--comm-key-stdin')
    expect(step('udp too').verdict).toBe('not tried')
    expect(running.stats.sessions).toHaveLength(1)
  })

  it('that is wrong is told apart from one that is missing', async () => {
    const { code, step } = await examinedTerminal({ commKey: TEST_COMM_KEY }, '--comm-key', '4711')
    expect([code, step('key').code]).toEqual([1, 'ZK_KEY_WRONG'])
    expect(step('key').advice).toContain('Do not guess')
  })

  it('that is given and not wanted is a warning', async () => {
    const { code, step } = await examinedTerminal({}, '--comm-key', '4711')
    expect([code, step('key').verdict]).toEqual([0, 'warning'])
  })
})

describe('what is not well with a terminal', () => {
  it('a clock that is some minutes off, and one that shows another zone', async () => {
    const off = await examinedTerminal({ driftSeconds: -720 })
    expect(off.step('clock')).toMatchObject({
      verdict: 'warning',
      said: expect.stringContaining('12 min slow'),
    })
    expect(off.step('clock').advice).toContain('Set it')
    expect([off.code, off.report.verdict]).toEqual([0, 'warning'])
    expect((await examinedTerminal({ driftSeconds: -720 }, '--clock-minutes', '15')).report.verdict).toBe(
      'ok',
    )
    const elsewhere = await examinedTerminal({ zone: 'Asia/Kathmandu' })
    expect(elsewhere.step('clock').advice).toContain('another time zone')
    expect((await examinedTerminal({ zone: 'Asia/Kathmandu' }, '--timezone', 'Asia/Kathmandu')).code).toBe(0)
  })

  it('a log that is nearly full', async () => {
    const typical = profileNamed('typical')
    const profile = { ...typical, capacity: { ...typical.capacity, records: 1_000 } }
    const { code, step } = await examinedTerminal({ profile, punches: 950 })
    expect(step('sizes')).toMatchObject({
      verdict: 'warning',
      details: { records: 950, recordsCapacity: 1_000 },
    })
    expect(step('sizes').advice).toContain('loses punches')
    expect(code).toBe(0)
  })

  it('records of a form that nobody knows', async () => {
    const memory = new TerminalMemory({ profile: profileNamed('typical') })
    for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(randomBytes(40)).fill(0xee, 0, 36))
    const { code, step } = await examinedTerminal({ memory })
    expect(code).toBe(1)
    expect(step('read')).toMatchObject({
      verdict: 'failed',
      code: 'ZK_BAD_RECORD',
      details: { totalBytes: 1_640 },
    })
    expect(step('read').advice).toContain('--report')
  })

  it('silence in the middle', async () => {
    const { code, step, said } = await examinedTerminal(
      { faults: 'unanswered(to=readVersion, times=always)' },
      ...QUICK,
      '--tcp',
    )
    expect(code).toBe(1)
    expect(step('device')).toMatchObject({ verdict: 'failed', code: 'ZK_TIMEOUT' })
    expect(step('read').verdict).toBe('not tried')
    expect(said).toContain('fell silent in the middle')
  })

  it('a connection that ends in the middle, and bytes that arrive changed', async () => {
    const cut = await examinedTerminal({ faults: 'cut(afterBytes=60, times=always)' }, '--tcp')
    expect(cut.code).toBe(1)
    expect(cut.said).toContain('ended in the middle')
    const flipped = await examinedTerminal({ faults: 'flip=1; seed=7' }, ...QUICK, '--tcp')
    expect(flipped.code).toBe(1)
    expect(flipped.report.verdict).toBe('failed')
  })

  it('a client that it serves already, where it serves one', async () => {
    const profile = { ...profileNamed('typical'), maxSessions: 1 }
    await using terminal = await startTerminal({ profile })
    await using _other = await connect({ host: HOST, port: terminal.port, transport: 'tcp' })
    const { code, said, report } = await examined(terminal.port)
    expect(code).toBe(1)
    expect(said).toMatch(/serves? (another|one) client/)
    expect(report.way).toBeNull()
  })

  it('a firmware that lets no clients in', async () => {
    const { code, step } = await examinedTerminal({
      profile: { ...profileNamed('typical'), refusesClients: 2_002 },
    })
    expect([code, step('handshake').code]).toEqual([1, 'ZK_CLIENTS_REFUSED'])
  })

  it.each([
    'stall=0',
    'stall=40',
    'cut=0',
    'late=900',
    'segment=1',
    'coalesce',
    'miscount=-1000000',
    'refuseBuffer(code=65535, times=always)',
    'missize=4000000000',
    'restart=0',
  ])(
    'a terminal with the fault %s is left in good order, and every failure has its advice',
    async (faults) => {
      const { report, running } = await examinedTerminal({ faults, punches: 200 }, '--timeout', '3')
      const withoutAdvice = report.checks.filter(
        ({ verdict, advice }) => verdict === 'failed' && (advice ?? '').length < 20,
      )
      expect(withoutAdvice).toEqual([])
      const codes = report.checks.flatMap(({ code }) => (code === null ? [] : [code]))
      expect(codes.filter((code) => !Object.hasOwn(ZK_ERRORS, code))).toEqual([])
      expect([running.stats.leftDisabled, running.memory.isEnabled]).toEqual([0, true])
    },
  )
})

describe('what is no terminal', () => {
  it('a host on which nothing listens', async () => {
    const { code, step, report } = await examined(await freePort())
    expect(code).toBe(1)
    expect(step('port')).toMatchObject({ verdict: 'failed', code: 'ZK_CONNECT_FAILED' })
    expect(step('port').advice).toContain('Menu → Comm → Ethernet')
    expect(step('read').verdict).toBe('not tried')
    expect(report).toMatchObject({ verdict: 'failed', way: null, facts: null })
  })

  it('a web server, an SSH server, something else', async () => {
    const web = createHttpServer((_, response) => response.end('hello')).listen(0, HOST)
    await once(web, 'listening')
    const address = web.address()
    const { step, code } = await examined(typeof address === 'object' && address !== null ? address.port : 0)
    web.closeAllConnections()
    web.close()
    expect(step('handshake')).toMatchObject({ verdict: 'failed', code: 'ZK_NOT_A_TERMINAL' })
    expect(step('handshake').said).toContain('A web server answers')
    expect(code).toBe(1)
    await using ssh = await stranger((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
    expect((await examined(ssh.port)).step('handshake').said).toContain('An SSH server answers')
    await using noise = await stranger((socket) => socket.write(Buffer.alloc(64, 0xa5)))
    expect((await examined(noise.port)).step('handshake').said).toContain('Something answers')
  })

  it('a listener that says nothing, and one that hangs up', async () => {
    await using silent = await stranger((socket) => socket.resume())
    const kept = await examined(silent.port, ...QUICK)
    expect(kept.step('port').verdict).toBe('ok')
    expect(kept.step('handshake')).toMatchObject({ verdict: 'failed', code: 'ZK_TIMEOUT' })
    expect(kept.step('handshake').advice).toContain('serves another client')
    await using hasty = await stranger((socket) => socket.end())
    expect((await examined(hasty.port)).step('handshake').code).toBe('ZK_BUSY')
  })

  it('a name that leads nowhere', async () => {
    const { code, stdout } = await typed(['doctor', 'no-such-host.invalid', '--json', ...QUICK])
    expect(code).toBe(1)
    const report = JSON.parse(stdout) as Report
    expect(report.checks[0]).toMatchObject({ step: 'name', verdict: 'failed' })
    expect(report.checks.slice(1).every(({ verdict }) => verdict === 'not tried')).toBe(true)
  })
})

it('ends cleanly at Ctrl-C, whatever step it is at', async () => {
  for (const faults of [
    'unanswered(to=prepareBulk, times=always)',
    'unanswered(to=readVersion, times=always)',
  ]) {
    await using terminal = await startTerminal({ faults })
    const stop = new AbortController()
    const running = typed(['doctor', HOST, '--port', String(terminal.port)], { stop: stop.signal })
    await expect.poll(() => terminal.stats.sessions.length, PATIENCE).toBe(1)
    await sleep(300)
    stop.abort()
    expect((await running).code).toBe(130)
    await expect.poll(() => terminal.stats.openSessions, PATIENCE).toBe(0)
    expect([terminal.stats.leftDisabled, terminal.memory.isEnabled]).toEqual([0, true])
  }
})

it('ends cleanly at Ctrl-C as a process too', async () => {
  await using terminal = await startTerminal({ faults: 'unanswered(to=prepareBulk, times=always)' })
  const args = ['scripts/toolchain/run.mjs', 'scripts/zk.ts', 'doctor', HOST, '--port', String(terminal.port)]
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  await expect.poll(() => terminal.stats.requests['prepareBulk'] ?? 0, { timeout: 60_000 }).toBeGreaterThan(0)
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  expect([code, complaint]).toEqual([130, ''])
  await expect.poll(() => terminal.stats.openSessions, PATIENCE).toBe(0)
  expect(terminal.memory.isEnabled).toBe(true)
})
