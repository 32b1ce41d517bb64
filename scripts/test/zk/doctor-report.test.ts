// What a report of `zk doctor` must not hold, whatever the examination met: it is pasted into public issues.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encodePerson,
  madeUpMemory,
  profileNamed,
  startTerminal,
  type TerminalMemory,
  type TerminalOptions,
} from '@org/zk-sim'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import { freePort } from './support/strangers.ts'
import { typed } from './support/typed.ts'

const SERIAL = 'QX7Z31998855'
const PIN = '90817263'
const NAME = 'Wilhelmina Zyx'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-report-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A terminal whose secrets mean nothing else by chance. */
function memoryOfSecrets(): TerminalMemory {
  const memory = madeUpMemory({ people: 3, punches: 0, serialNumber: SERIAL, commKey: TEST_COMM_KEY })
  const facts = {
    uid: 77,
    pin: PIN,
    name: NAME,
    password: '73519864',
    card: 41_862_977,
    privilege: 14,
    group: 1,
  }
  memory.people.store(encodePerson(memory.profile.personLayout, facts))
  // Their name at the place of a record that nobody knows: the head of the log stands in the library's error.
  const record = Buffer.alloc(40, 0xee)
  record.write(`${PIN} ${NAME}`)
  for (let i = 0; i < 41; i += 1) memory.log.append(Buffer.concat([record.subarray(0, 36), randomBytes(4)]))
  // A firmware that tells its own number everywhere.
  memory.options.set('~DeviceName', `K20 ${SERIAL}`)
  memory.options.set('~Platform', `JZ\u001b[2J\n${memory.options.get('MAC')}`)
  return memory
}

/** Everything of a memory that nobody else is to know, as it may be spelled. */
function secretsOf(memory: TerminalMemory): string[] {
  const mac = memory.options.get('MAC') ?? ''
  const { people } = memory.truth()
  const own = people.flatMap(({ name, pin }) => [name, pin])
  const texts = [
    ...own,
    SERIAL,
    SERIAL.toLowerCase(),
    mac,
    PIN,
    NAME,
    String(TEST_COMM_KEY),
    '73519864',
    '41862977',
  ]
  return [...texts, '127.0.0.1', 'localhost', TEST_COMM_KEY.toString(16)]
    .filter((text) => text.length >= 4)
    .flatMap((text) => [
      text,
      Buffer.from(text).toString('hex'),
      Buffer.from(text).toString('base64').replace(/=+$/, ''),
    ])
}

const TERMINALS: readonly (readonly [string, () => TerminalOptions, readonly string[]])[] = [
  ['an unknown form of records', () => ({}), []],
  ['a wrong key', () => ({}), ['4711']],
  ['a connection cut in the middle', () => ({ faults: 'cut(afterBytes=200, times=always)' }), []],
  ['damaged packets', () => ({ faults: 'flip=0.3; seed=3' }), []],
  ['silence', () => ({ faults: 'unanswered(to=prepareBulk, times=always)' }), []],
]

it.each(TERMINALS)('holds no secret of the terminal after %s', async (_, options, key) => {
  const memory = memoryOfSecrets()
  await using terminal = await startTerminal({ memory, ...options() })
  const text = join(folder, 'report.txt')
  const json = join(folder, 'report.json')
  const given = ['--port', String(terminal.port), '--timeout', '3', '--comm-key-stdin']
  const stdin = key[0] ?? String(TEST_COMM_KEY)
  for (const [host, file] of [
    ['127.0.0.1', text],
    ['localhost', json],
  ] as const) {
    const { stderr, stdout } = await typed(['doctor', host, ...given, '--json', '--report', file], { stdin })
    expect(stderr).toBe('')
    for (const passedOn of [readFileSync(file, 'utf8'), stdout]) {
      const found = secretsOf(memory).filter((secret) =>
        passedOn.toLowerCase().includes(secret.toLowerCase()),
      )
      expect(found).toEqual([])
      expect(passedOn).toContain('handshake')
      expect(passedOn).not.toContain('\u001b')
    }
    expect(statSync(file).mode & 0o077).toBe(0)
  }
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ target: { host: 'a host name' } })
})

it('holds what helps: model, firmware, sizes, and the last four characters of the serial number', async () => {
  await using terminal = await startTerminal({ serialNumber: SERIAL, punches: 10 })
  const file = join(folder, 'report.txt')
  await typed(['doctor', '127.0.0.1', '--port', String(terminal.port), '--report', file])
  const report = readFileSync(file, 'utf8')
  for (const fact of ['K20', 'Ver 6.60', '…8855', '10 of 100000', '00:17:61…', '127.x.x.x'])
    expect(report).toContain(fact)
})

it('is not written over a file that is there, unless --yes says so, and never half', async () => {
  await using terminal = await startTerminal({ profile: profileNamed('typical') })
  const file = join(folder, 'report.txt')
  writeFileSync(file, 'mine')
  const args = ['doctor', '127.0.0.1', '--port', String(terminal.port), '--report', file]
  expect(await typed(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes replaces it') })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect((await typed([...args, '--yes'])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toContain('zk doctor')
  const nowhere = join(folder, 'no', 'folder.txt')
  const lost = await typed(['doctor', '127.0.0.1', '--port', String(await freePort()), '--report', nowhere])
  expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('no such folder') })
})
