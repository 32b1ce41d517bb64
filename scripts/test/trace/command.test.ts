// `zk-trace` as it is typed: files, standard input, text and JSON, what it says of what it cannot read, and a large capture.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { frames, pcap } from '../support/capture-files.ts'
import { recorded, readLog } from '../support/traced.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
let folder: string
let file: string
let capture: Buffer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zk-trace-'))
  file = join(folder, 'morning.pcap')
  const spoken = await recorded(async (terminal) => {
    await terminal.readPeople()
    await readLog(terminal)
  })
  capture = pcap(frames(spoken))
  writeFileSync(file, capture)
})
afterAll(() => rmSync(folder, { recursive: true }))

function run(args: readonly string[], input?: Uint8Array) {
  return spawnSync(process.execPath, ['scripts/zk-trace.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    timeout: 110_000,
    maxBuffer: 64 * 1024 * 1024,
  })
}

describe('zk-trace', () => {
  it('prints a capture in words, ten records of each table, and exits with 0', () => {
    const { stdout, stderr, status } = run([file])
    expect([stderr, status]).toEqual(['', 0])
    const lines = stdout.split('\n')
    expect(lines[0]).toBe('#1 tcp 10.0.0.5:51000 > 192.168.1.201:4370')
    expect(lines[1]).toBe('08:00:00.020 #1 > CONNECT session 0 reply 0')
    expect(stdout).toContain('table attendance: 300 records, attendance/40, 12004 bytes')
    expect(stdout).toContain('… and 290 more')
  })

  it('takes standard input, pnpm’s dashes, and a number of records', () => {
    const { stdout, status } = run(['--', '-', '--records', '2'], capture)
    expect(status).toBe(0)
    expect(stdout).toContain('… and 298 more')
  })

  it('prints JSON, one object a line, every record among them', () => {
    const { stdout, status } = run([file, '--json'])
    expect(status).toBe(0)
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toEqual({
      type: 'conversation',
      time: '2026-03-02T08:00:00.020Z',
      conversation: 1,
      transport: 'tcp',
      client: '10.0.0.5:51000',
      terminal: '192.168.1.201:4370',
    })
    expect(lines[2]).toMatchObject({
      type: 'packet',
      direction: 'from_terminal',
      role: 'reply',
      name: 'ACK_OK',
      answers: 'CONNECT',
      checksum: 'right',
      reply_id: 0,
    })
    expect(lines.filter(({ type, table }) => type === 'record' && table === 'attendance')).toHaveLength(300)
    expect(lines.every((line) => !('bytes' in line))).toBe(true)
  })

  it('shows bytes on demand, in both forms, but none of people', () => {
    const text = run([file, '--bytes']).stdout
    expect(text).toContain('      e80317fc 00000000\n')
    expect(text).toMatch(/DATA to DATA_WRRQ .*\n {6}dd05[\da-f]{4} [\da-f]{8} … 580 bytes/)
    expect(run([file, '--bytes', '--json']).stdout).toContain('"bytes":"e80317fc00000000"')
  })

  it('leaves people and places out with --redact', () => {
    const { stdout } = run([file, '--redact'])
    expect(stdout).toContain('#1 tcp client-1:51000 > terminal-1:4370')
    expect(stdout).toMatch(/uid=uid-1 pin=pin-1 name=name-1/)
    expect(stdout).not.toContain('192.168.1.201')
  })

  it('prints what it takes', () => {
    const { stdout, status } = run(['--help'])
    expect(status).toBe(0)
    expect(stdout).toContain('--redact')
    expect(stdout).toContain('hexdump -C')
  })

  it.each([
    [[], /expected one FILE/],
    [['a', 'b'], /expected one FILE/],
    [['x.pcap', '--port', '0'], /--port: expected a whole number from 1 to 65535/],
    [['x.pcap', '--records', '-1'], /records/],
    [['x.pcap', '--colour'], /Unknown option '--colour'/],
    [['x.pcap', '--encoding', 'klingon'], /--encoding: "klingon" is no name encoding/],
  ])('refuses %j with exit code 2', (args, message) => {
    const { stdout, stderr, status } = run(args)
    expect([stdout, status]).toEqual(['', 2])
    expect(stderr).toMatch(message)
  })

  it('says what it cannot read, and exits with 1', () => {
    expect(run([join(folder, 'nothing.pcap')])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('ENOENT') as unknown,
    })
    const cut = join(folder, 'cut.pcap')
    writeFileSync(cut, capture.subarray(0, 3_000))
    const read = run([cut])
    expect(read.status).toBe(1)
    expect(read.stderr).toMatch(/ends inside .*; what came before stands/)
    expect(read.stdout).toContain('CONNECT')
    expect(run([file, '--port', '4711'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('is it another --port?') as unknown,
    })
  })

  it('ends quietly when whoever reads has had enough', async () => {
    const child = spawn(process.execPath, ['scripts/zk-trace.ts', file, '--json'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (bytes: Buffer) => {
      said += bytes.toString()
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const [code] = (await once(child, 'exit')) as [number | null]
    expect([code, said]).toEqual([0, ''])
  })
})

it('reads a large capture in the memory of a small one', async () => {
  const large = join(folder, 'large.pcap')
  const out = createWriteStream(large)
  const records = capture.subarray(24)
  out.write(capture.subarray(0, 24))
  const times = Math.ceil(100_000_000 / records.length)
  for (let i = 0; i < times; i += 1) if (!out.write(records)) await once(out, 'drain')
  out.end()
  await once(out, 'finish')
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=96', 'scripts/zk-trace.ts', large, '--records', '0'],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let tables = 0
  let rest = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    tables += lines.filter((line) => line.includes('table attendance: 300 records')).length
  })
  const [code] = (await once(child, 'close')) as [number | null]
  expect([code, tables]).toEqual([0, times])
}, 300_000)
