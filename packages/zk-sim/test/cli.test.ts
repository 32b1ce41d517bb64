// The command line as a process: one ready line, then what happens; files, stats and trace; a clean end; and one clear line
// for an option that cannot be used.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@org/zk-proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TerminalTruth } from '../src/memory.ts'
import { CliProcess } from './support/cli-process.ts'

const SMALL = ['--port', '0', '--people', '4', '--punches', '30']

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-sim-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function json<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}

describe('the command line', () => {
  it('starts a terminal, says so in one line, serves it, writes the truth, and ends on Ctrl-C', async () => {
    const truthFile = join(folder, 'truth.json')
    const args = [...SMALL, '--profile', 'strict', '--comm-key', '77', '--serial', 'T-1', '--drift', '-30']
    const more = ['--zone', 'Asia/Jakarta', '--json', '--truth', truthFile]
    await using cli = new CliProcess(['--', ...args, ...more])
    const ready = await cli.ready()
    expect(ready).toMatchObject({
      event: 'ready',
      ready: true,
      host: '127.0.0.1',
      profile: 'strict',
      serial_number: 'T-1',
      people: 4,
      punches: 30,
      zone: 'Asia/Jakarta',
      page: null,
      terminals: [{ port: ready.port, serial_number: 'T-1' }],
    })
    const client = await connect({ ...ready, transport: 'tcp', commKey: 77 })
    expect((await client.readPeople()).people).toHaveLength(4)
    await client.close()
    expect(await cli.interrupt()).toMatchObject({ code: 0, stderr: '' })
    const truth = await json<TerminalTruth>(truthFile)
    expect([truth.serialNumber, truth.people.length, truth.punches.length]).toEqual(['T-1', 4, 30])
  })

  it('says in words for people what runs where', async () => {
    await using cli = new CliProcess(['--port', '0', '--recorded'])
    expect(await cli.line(0)).toMatch(
      /^zk-sim: typical terminal SIM0000000001 at 127\.0\.0\.1:\d+ \(tcp, udp\), 135 people, 5000 punches; Ctrl-C ends it$/,
    )
    const { code, stdout } = await cli.interrupt('SIGTERM')
    expect([code, stdout.split('\n')]).toEqual([0, [cli.lines[0], '']])
  })

  it('starts several terminals, each with its own serial number, seed and port', async () => {
    const file = join(folder, 'several.json')
    await using cli = new CliProcess([...SMALL, '--count', '3', '--serial', 'S', '--json', '--truth', file])
    const { terminals } = await cli.ready()
    expect(terminals).toMatchObject([
      { serial_number: 'S-1' },
      { serial_number: 'S-2' },
      { serial_number: 'S-3' },
    ])
    const ports = (terminals as { port: number }[]).map(({ port }) => port)
    expect(new Set(ports).size).toBe(3)
    const client = await connect({ host: '127.0.0.1', port: ports[2] ?? 0 })
    expect((await client.info()).serialNumber).toBe('S-3')
    await client.close()
    expect((await cli.interrupt()).code).toBe(0)
    const truths = await json<TerminalTruth[]>(file)
    expect(truths.map(({ serialNumber }) => serialNumber)).toEqual(['S-1', 'S-2', 'S-3'])
    expect(truths[0]?.punches).not.toEqual(truths[1]?.punches)
  })

  it('takes consecutive ports from the one that was named', async () => {
    // Free at this moment, as the system says; should another program take one of them meanwhile, further ones are tried.
    for (let tries = 0; ; tries += 1) {
      const first = 20_000 + ((process.pid * 7 + tries * 101) % 10_000)
      await using cli = new CliProcess([...SMALL, '--port', String(first), '--count', '4', '--json'])
      const started = await Promise.race([cli.ready(), cli.ended])
      if ('code' in started && tries < 20 && cli.stderr.includes('in use')) continue
      expect(started).toMatchObject({ terminals: [0, 1, 2, 3].map((next) => ({ port: first + next })) })
      return
    }
  })

  it('keeps what it holds, and goes on from there', async () => {
    const file = join(folder, 'kept.json')
    await using first = new CliProcess([...SMALL, '--save', file, '--comm-key', '5', '--json'])
    const client = await connect({ ...(await first.ready()), commKey: 5 })
    await client.people.add({ pin: '4711', name: 'Kept' })
    await client.close()
    expect((await first.interrupt()).code).toBe(0)
    await using second = new CliProcess(['--port', '0', '--load', file, '--json'])
    const ready = await second.ready()
    expect(ready).toMatchObject({ people: 5, punches: 30 })
    const again = await connect({ ...ready, commKey: 5 })
    const { people } = await again.readPeople()
    await again.close()
    expect(people.map(({ pin }) => pin)).toContain('4711')
    expect((await second.interrupt()).code).toBe(0)
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('keeps several terminals as a list, and loads them all', async () => {
    const file = join(folder, 'fleet.json')
    await using first = new CliProcess([...SMALL, '--count', '2', '--save', file])
    await first.line(0)
    await first.interrupt()
    await using second = new CliProcess(['--port', '0', '--load', file, '--json'])
    expect((await second.ready())['terminals']).toMatchObject([
      { serial_number: 'SIM0000000001', people: 4 },
      { serial_number: 'SIM0000000002', people: 4 },
    ])
  })

  it('lets people punch, a line each', async () => {
    await using cli = new CliProcess([...SMALL, '--live', '3000/min', '--json'])
    await cli.line(3)
    const [ready, first, second] = cli.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(ready).toMatchObject({ event: 'ready' })
    expect(first).toMatchObject({ event: 'punch', serial_number: 'SIM0000000001', index: 30, denied: false })
    expect(second).toMatchObject({ event: 'punch', index: 31 })
    expect((await cli.interrupt()).code).toBe(0)
    await using text = new CliProcess([...SMALL, '--live', '3000'])
    expect(await text.line(1)).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:]{8} {2}port \d+, punch 30, 0*100\d \S.*, check in, /,
    )
  })

  it('tells of faults that struck, and takes the script from a file too', async () => {
    const file = join(folder, 'faults.txt')
    await writeFile(file, 'cut(afterBytes=100, times=1); seed=7\n')
    for (const script of ['cut(afterBytes=100, times=1)', file]) {
      await using cli = new CliProcess([...SMALL, '--faults', script, '--json', '--stats'])
      await expect(readInfoOf(await cli.ready())).rejects.toThrow(/./)
      await cli.until(() => cli.lines.length > 1)
      expect(JSON.parse(cli.lines[1] ?? '')).toMatchObject({ event: 'fault', fault: 'cut', times: 1 })
      await cli.interrupt()
      expect(JSON.parse(cli.lines.at(-1) ?? '')).toMatchObject({ event: 'stats', faults: { cut: 1 } })
    }
  })

  it('prints at the end, and when asked, what it was asked and how it was left', async () => {
    await using cli = new CliProcess([...SMALL, '--stats'])
    const [, port = ''] = /:(\d+) /.exec(await cli.line(0)) ?? []
    const client = await connect({ host: '127.0.0.1', port: Number(port), transport: 'tcp' })
    await client.info()
    cli.child.kill('SIGUSR2')
    await cli.until(() => cli.lines.some((line) => line.startsWith('  sessions ')))
    expect(cli.lines).toContainEqual(expect.stringMatching(/^ {2}sessions +1, 1 open, at most 1 at once$/))
    await client.close()
    const { stdout } = await cli.interrupt()
    for (const line of [
      /left disabled +0/,
      /buffers not freed +0/,
      /sessions +1, 0 open/,
      /requests +.*readOption/,
    ])
      expect(stdout).toMatch(line)
  })

  it('traces every packet in words, and no secret', async () => {
    await using cli = new CliProcess([...SMALL, '--trace', '--comm-key', '123456', '--json'])
    const client = await connect({ ...(await cli.ready()), transport: 'tcp', commKey: 123_456 })
    await client.info()
    await client.readPeople()
    await client.people.add({ pin: '4711', name: 'Traced', password: '80808' })
    await client.close()
    await cli.interrupt()
    const { stderr } = await cli.ended
    const lines = stderr.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} tcp 127\.0\.0\.1:\d+ > CONNECT session 0 reply 0$/)
    expect(stderr).toMatch(
      /< ACK_UNAUTH session \d+ reply \d+\n.*> AUTH session \d+ reply \d+, 4 bytes \(not shown\)\n/,
    )
    expect(stderr).toMatch(/> OPTIONS_RRQ .* "~SerialNumber"\n.*< ACK_OK .* "~SerialNumber=SIM0000000001"\n/)
    expect(stderr).toMatch(/> USER_WRQ .*, 72 bytes \(not shown\)\n/)
    expect(stderr).not.toMatch(/123456|80808/)
  })

  it('names the terminal in each line of the trace where there are several', async () => {
    await using cli = new CliProcess([...SMALL, '--count', '2', '--trace', '--json'])
    const { terminals } = await cli.ready()
    const [, second] = terminals as { port: number }[]
    const client = await connect({ host: '127.0.0.1', port: second?.port ?? 0, transport: 'tcp' })
    await client.close()
    await cli.until(() => cli.stderr.includes('> gone\n'))
    for (const line of cli.stderr.trimEnd().split('\n')) expect(line).toMatch(/^SIM0000000002 \d\d:/)
  })

  it('lists its options, and says its version', async () => {
    const help = await new CliProcess(['--help']).ended
    expect(help.code).toBe(0)
    for (const option of [
      '--port N',
      '--profile NAME',
      '--recorded',
      '--comm-key N',
      'visible-light',
      '--faults',
    ])
      expect(help.stdout).toContain(option)
    expect(help.stdout.split('\n').filter((line) => line.length > 110)).toEqual([])
    expect(await new CliProcess(['--version']).ended).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  })

  it.each([
    [['--colour', 'red'], "Unknown option '--colour'"],
    [['--comm-key', '4294967296'], '--comm-key: expected 0 to 4294967295, got 4294967296'],
    [['--port', '0', '--faults', 'lose=2'], 'character 1: '],
    [['--port', '0', '--faults', 'gremlins'], 'gremlins'],
  ])('ends with code 2 and one line for %j', async (args, message) => {
    const { code, stdout, stderr } = await new CliProcess(args).ended
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^zk-sim: [^\n]+\n$/)
    expect([code, stdout]).toEqual([2, ''])
  })

  it('ends with code 2 for a file that was not kept by it', async () => {
    const file = join(folder, 'not-kept.json')
    for (const [content, message] of [
      ['{', 'JSON'],
      ['{}', 'format'],
      ['[]', 'expected 1 to 500 terminals, got 0'],
    ] as const) {
      await writeFile(file, content)
      const { code, stderr } = await new CliProcess(['--port', '0', '--load', file]).ended
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(new RegExp(`^zk-sim: --load ${file}: .*${message}.*\\n$`)),
      ])
    }
  })

  it.each([
    ['it cannot write what it holds', ['--truth', join('no', 'such', 'folder.json')], 'ENOENT'],
    ['it cannot keep what it holds', ['--save', join('no', 'such', 'folder.json')], 'ENOENT'],
    ['there is no file to load', ['--load', join('no', 'such.json')], 'ENOENT'],
  ])('ends with code 1 when %s', async (_, args, message) => {
    const { code, stdout, stderr } = await new CliProcess(['--port', '0', ...args]).ended
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(message)])
  })

  it('ends with code 1 when the port is taken, and starts none of several', async () => {
    await using first = new CliProcess([...SMALL, '--json'])
    const { port } = await first.ready()
    const { code, stderr } = await new CliProcess(['--port', String(port - 1), '--count', '2']).ended
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^zk-sim: cannot listen on 127\.0\.0\.1:\d+: [^\n]+\n$/),
    ])
  })

  it('ends cleanly when nobody reads its lines any more', async () => {
    await using cli = new CliProcess([...SMALL, '--live', '6000'])
    await cli.line(1)
    cli.child.stdout?.destroy()
    expect(await cli.ended).toMatchObject({ code: 0, stderr: '' })
  })
})

async function readInfoOf({ host, port }: { host: string; port: number }): Promise<void> {
  const client = await connect({ host, port, transport: 'tcp' })
  try {
    await client.info()
  } finally {
    await client.close()
  }
}
