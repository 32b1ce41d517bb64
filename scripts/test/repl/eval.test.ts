// `--eval` for scripts: what it prints, as text and as JSON, how it fails, and what it asks nobody.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { startTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { errorJson, json } from '../../repl/printing.ts'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const ENV = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }

/** Runs to the end, beside the terminals of this process. */
async function run(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: Record<string, string> } = {},
) {
  const child = spawn(process.execPath, ['scripts/repl.ts', ...args], {
    cwd: ROOT,
    env: { ...ENV, ...options.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(options.input ?? '')
  const [status] = (await once(child, 'close')) as [number]
  return { stdout, stderr, status }
}

const sim = (expression: string, ...more: string[]) => run(['--sim', '--eval', expression, ...more])

describe('an expression', () => {
  it('is awaited and printed readably, or as JSON', async () => {
    expect(await sim('await device.readOption("~Platform")')).toEqual({
      stdout: "'JZ4725_TFT'\n",
      stderr: '',
      status: 0,
    })
    const { stdout } = await sim('await device.info()', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ model: 'K20', people: { count: 20 } })
  })

  it('may be statements that return a value, or a call that is not awaited', async () => {
    expect((await sim('const one = await device.readCapacity(); return one.people')).stdout).toBe('20\n')
    expect((await sim('device.readCapacity()', '--json')).stdout).toContain('"people":20')
  })

  it('that gives a read is printed item by item', async () => {
    const { stdout, status } = await sim('device.readAttendance()', '--json')
    expect(status).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number })
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 1_000 }, (_, i) => i))
  })

  it('may be a dot-command, as a table or as JSON', async () => {
    expect((await sim('.log 2')).stdout).toMatch(/… 998 before these\nrecord {2}time/)
    const { stdout } = await sim('.people', '--json')
    const people = JSON.parse(stdout) as Record<string, unknown>[]
    expect(people).toHaveLength(20)
    expect(Object.keys(people[0] ?? {})).not.toContain('password')
    expect(JSON.parse((await sim('.raw GET_TIME', '--json')).stdout)).toMatchObject({
      code: 2000,
      name: 'ACK_OK',
      dataBytes: 4,
    })
  })

  it('that fails tells why on stderr, with exit code 1', async () => {
    const text = await sim('await device.people.edit("nobody", { name: "x" })')
    expect([text.stdout, text.status]).toEqual(['', 1])
    expect(text.stderr).toContain('ZkUsageError [ZK_VALUE_OUT_OF_RANGE]')
    const asJson = await sim('await device.people.edit("nobody", { name: "x" })', '--json')
    expect(JSON.parse(asJson.stderr)).toMatchObject({
      error: { code: 'ZK_VALUE_OUT_OF_RANGE', details: { reason: 'no_such_pin' } },
    })
    expect((await sim('nothing.there')).stderr).toContain('ReferenceError: nothing is not defined')
    expect((await sim('1 +')).status).toBe(1)
    expect((await sim('.nothing')).stderr).toContain('there is no .nothing')
    expect(
      (
        await sim(
          'setTimeout(() => { throw new Error("late") }, 1); await new Promise((r) => setTimeout(r, 5_000))',
        )
      ).status,
    ).toBe(1)
  })

  it.each([
    'device.logs.clearAttendance()',
    'device.people.remove("1001")',
    'device.door.unlock(3)',
    'device.power.restart()',
    '.raw CLEAR_DATA 05',
    'device.send(14)',
    '.door unlock',
  ])('%s is refused where nobody can be asked, and nothing is sent', async (expression) => {
    await using terminal = await startTerminal({ people: 3, punches: 30 })
    const to = ['--host', terminal.host, '--port', String(terminal.port)]
    const { stderr, status } = await run([...to, '--eval', expression, '--json'])
    expect(status).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'NOT_CONFIRMED', message: expect.stringContaining('--yes') as unknown },
    })
    expect([terminal.memory.log.count, terminal.memory.people.list().length]).toEqual([30, 3])
  })

  it('that is dangerous is done with --yes', async () => {
    await using terminal = await startTerminal({ people: 3, punches: 30 })
    const to = ['--host', terminal.host, '--port', String(terminal.port)]
    expect((await run([...to, '--yes', '--eval', 'device.logs.clearAttendance()'])).status).toBe(0)
    expect(terminal.memory.log.count).toBe(0)
  })

  it('leaves the terminal enabled and disconnected, whether it succeeds or fails', async () => {
    await using terminal = await startTerminal({ people: 3, punches: 30 })
    const to = ['--host', terminal.host, '--port', String(terminal.port)]
    await run([...to, '--eval', 'await device.power.disable(); return 1'])
    await run([...to, '--eval', 'await device.power.disable(); throw new Error("no")'])
    await run([...to, '--eval', 'await device.send(1003); process.exit(4)'])
    expect(terminal.stats.sessions).toMatchObject([
      { endedBy: 'exit', leftDisabled: false },
      { endedBy: 'exit', leftDisabled: false },
      { endedBy: 'exit', leftDisabled: false },
    ])
    expect(terminal.memory.isEnabled).toBe(true)
  })
})

describe('the comm key', () => {
  const serving = () => startTerminal({ people: 1, punches: 1, commKey: TEST_COMM_KEY })

  it.each([
    ['as an option', ['--comm-key', String(TEST_COMM_KEY)], {}, ''],
    ['from the environment', [], { ZK_COMM_KEY: String(TEST_COMM_KEY) }, ''],
    ['from standard input', ['--comm-key-stdin'], {}, `${TEST_COMM_KEY}\n`],
  ] as const)('is taken %s', async (_, args, env, input) => {
    await using terminal = await serving()
    const to = [
      '--host',
      terminal.host,
      '--port',
      String(terminal.port),
      '--eval',
      'device.readOption("~OS")',
    ]
    expect(await run([...to, ...args], { env, input })).toMatchObject({ status: 0, stderr: '' })
  })

  it('that is wrong or missing is told as such, and never repeated', async () => {
    await using terminal = await serving()
    const to = ['--host', terminal.host, '--port', String(terminal.port), '--eval', '1', '--json']
    expect(JSON.parse((await run(to)).stderr)).toMatchObject({ error: { code: 'ZK_KEY_REQUIRED' } })
    expect((await run([...to, '--comm-key', 'x12'])).stderr).toMatch(/--comm-key: expected a whole number/)
    expect((await run([...to, '--comm-key', 'x12'])).stderr).not.toContain('x12')
  })
})

it('works over UDP, through pnpm’s dashes, and shows packets on stderr', async () => {
  const { stdout, stderr, status } = await run(['--', '--sim', '--udp', '--eval', '.trace on; '.slice(0, 9)])
  expect([stdout, stderr, status]).toEqual(['Every packet is shown.\n', '', 0])
})

it('evaluates lines out of a pipe one after the other', async () => {
  const { stdout, status } = await run(['--sim'], {
    input: 'var x = (await device.readCapacity()).people\nx + 1\n.log 1\nawait nothing\n"last"',
  })
  expect(status).toBe(0)
  expect(stdout).toMatch(/21\n… 999 before these[\s\S]*1 of 1000 punches[\s\S]*ReferenceError[\s\S]*'last'/)
})

it.each([
  [['--eval', '1'], /expected --host ADDRESS, or --sim/],
  [['--sim', '--host', '127.0.0.1'], /--host cannot stand beside --sim/],
  [['--sim', '--json'], /--json needs --eval/],
  [['--sim', 'more'], /expected options only/],
  [['--sim', '--port', '70000'], /--port: expected a whole number/],
  [['--host', ''], /expected --host ADDRESS/],
])('refuses %j with exit code 2', (args, message) => {
  const { stderr, status } = spawnSync(process.execPath, ['scripts/repl.ts', ...args], {
    cwd: ROOT,
    env: ENV,
    encoding: 'utf8',
  })
  expect(status).toBe(2)
  expect(stderr).toMatch(message)
})

describe('JSON', () => {
  it('holds whatever a value holds', () => {
    const circle: Record<string, unknown> = { a: 1 }
    circle['self'] = circle
    const value = {
      big: 2n ** 70n,
      at: new Date(0),
      never: new Date(Number.NaN),
      bytes: Uint8Array.of(1, 255),
      numbers: Uint32Array.of(1, 70_000),
      map: new Map([[1, 'one']]),
      set: new Set([1n]),
      none: undefined,
      list: [undefined, Number.NaN, Number.POSITIVE_INFINITY],
      circle,
    }
    expect(JSON.parse(json(value))).toEqual({
      big: '1180591620717411303424',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      bytes: '01ff',
      numbers: [1, 70_000],
      map: [[1, 'one']],
      set: ['1'],
      list: [null, 'NaN', 'Infinity'],
      circle: { a: 1, self: '[circular]' },
    })
    expect(json(undefined)).toBe('null')
  })

  it('tells of errors by code, message and cause, and of what is thrown and is none', () => {
    const error = new Error('outer', { cause: new TypeError('inner') })
    expect(JSON.parse(errorJson(error))).toMatchObject({
      error: { code: 'Error', message: 'outer', cause: { code: 'TypeError', message: 'inner' } },
    })
    expect(JSON.parse(errorJson('text'))).toMatchObject({ error: { message: "'text'" } })
  })
})
