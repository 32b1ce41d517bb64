// A trace for a bug report: nobody can be told from it, and what belongs together still does.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Entry, PacketEntry, RecordEntry } from '../../trace/entry.ts'
import { jsonLine } from '../../trace/lines.ts'
import { Redactor } from '../../trace/redact.ts'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'
import { frames, pcap } from '../support/capture-files.ts'
import { factOf, recorded, traced, readLog } from '../support/traced.ts'

let plain: readonly Entry[]
let redacted: Entry[]
let text: string

beforeAll(async () => {
  const spoken = await recorded(
    async (terminal) => {
      await terminal.info()
      await terminal.readPeople()
      await readLog(terminal)
      await terminal.templates.list()
      await terminal.people.add({
        pin: '88123',
        name: 'Zoë Unheard',
        password: '73519864',
        cardNumber: 13_579_246,
      })
      await terminal.messages.write({
        id: 3,
        from: { year: 2026, month: 3, day: 2, hour: 8, minute: 0, second: 0 },
        validMinutes: 60,
        tag: 254,
        text: 'Zoë, call home',
      })
      await terminal.screen.write(1, 'Welcome Zora')
    },
    { commKey: TEST_COMM_KEY, fingers: 1 },
    { commKey: TEST_COMM_KEY },
  )
  plain = (await traced(pcap(frames(spoken)))).entries
  const redactor = new Redactor()
  redacted = plain.map((entry) => redactor.entry(entry))
  text = redacted.map((entry) => jsonLine(entry, true)).join('\n')
})

const all = (entries: readonly Entry[], kind: string): string[] =>
  entries.flatMap((entry) =>
    entry.type === 'packet' || entry.type === 'record'
      ? entry.facts.filter((fact) => fact.kind === kind).map(({ value }) => String(value))
      : [],
  )

describe('a redacted trace', () => {
  it.each(['pin', 'name', 'card', 'serial'])('holds no %s of anybody', (kind) => {
    const real = [...new Set(all(plain, kind))].filter((value) => value.length > 3)
    expect(real.length).toBeGreaterThan(0)
    expect(real.filter((value) => text.includes(JSON.stringify(value)))).toEqual([])
  })

  it('holds no address, no key, no password, no text and no bytes of data', () => {
    for (const secret of [
      '10.0.0.5',
      '192.168.1.201',
      String(TEST_COMM_KEY),
      '73519864',
      '13579246',
      'Zoë',
      '88123',
      'call home',
    ])
      expect([secret, text.includes(secret)]).toEqual([secret, false])
    const packets = redacted.filter((entry) => entry.type === 'packet')
    expect(packets.filter(({ bytes }) => bytes.length > 8)).toEqual([])
  })

  it('names the same person the same each time, in the list, in the log and where they are written', () => {
    const records = (entries: readonly Entry[]): RecordEntry[] =>
      entries.filter((entry) => entry.type === 'record')
    const pairs = records(plain).map((entry, i): [unknown, unknown] => [
      factOf(entry, 'pin'),
      factOf(records(redacted)[i], 'pin'),
    ])
    const names = new Map(pairs.filter(([pin]) => pin !== undefined))
    expect(names.size).toBeGreaterThan(8)
    expect(new Set(names.values()).size).toBe(names.size)
    const differs = pairs.filter(([pin, pseudonym]) => pin !== undefined && names.get(pin) !== pseudonym)
    expect(differs).toEqual([])
    const written = (entries: readonly Entry[]): PacketEntry | undefined =>
      entries.filter((entry) => entry.type === 'packet').find(({ name }) => name === 'USER_WRQ')
    expect(names.get('88123')).toBe(factOf(written(redacted), 'pin'))
  })

  it('keeps what a bug report needs: commands, numbers, lengths, checksums, times, firmware, model', () => {
    const kept = (entries: readonly Entry[]): unknown[] =>
      entries
        .filter((entry) => entry.type === 'packet')
        .map(({ name, answers, session, replyId, checksum, length, atMs }) => ({
          name,
          answers,
          session,
          replyId,
          checksum,
          length,
          atMs,
        }))
    expect(kept(redacted)).toEqual(kept(plain))
    expect(text).toContain('Ver 6.60')
    expect(text).toContain('"option":"~Platform","value":"JZ4725_TFT"')
    expect(text).toContain('"wallTime":"2026-')
    expect(text).toContain('"client":"client-1:51000","terminal":"terminal-1:4370"')
  })
})

it('shows no key and no password without being asked to redact either', () => {
  const whole = plain.map((entry) => jsonLine(entry, true)).join('\n')
  expect(whole).not.toContain('73519864')
  expect(whole).not.toContain(Buffer.from('73519864').toString('hex'))
  const secret = plain.filter((entry) => entry.type === 'packet').filter(({ name }) => name === 'AUTH')
  expect(secret.map(({ bytes }) => bytes.length)).toEqual([8])
})
