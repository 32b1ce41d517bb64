// What the REPL knows of the library: help for every method, a question before every dangerous one, every option on the page.
import { readFileSync } from 'node:fs'
import { Terminal, connect } from '@org/zk-proto'
import { COMMANDS, CODES } from '@org/zk-proto/wire'
import { startTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { markdownRows } from '../../by-hand/options.ts'
import { DANGEROUS_CALLS, dangerOfCall, dangerOfCommand } from '../../repl/danger.ts'
import { DOT_COMMANDS } from '../../repl/dot-commands.ts'
import { helpFor } from '../../repl/help.ts'
import { historyFile, mayBeKept } from '../../repl/history.ts'
import { readMembers } from '../../repl/methods.ts'
import { REPL_OPTIONS } from '../../repl/options.ts'
import { parseRaw, rawShown } from '../../repl/raw.ts'
import { tableLines, widthOf } from '../../repl/table.ts'
import { TRACE_OPTIONS } from '../../trace/options.ts'
import { TEST_COMM_KEY } from '../../toolchain/test-secrets.ts'

const members = readMembers()
const all = [...members.own, ...members.facets.flatMap((facet) => facet.members)]
const page = readFileSync(new URL('../../../docs/by-hand.md', import.meta.url), 'utf8')

const namesOn = (prototype: object): string[] =>
  Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')

describe('help', () => {
  it('has a line for every public method and accessor of a terminal and of its facets', async () => {
    await using simulated = await startTerminal({ people: 1, punches: 1 })
    await using terminal = await connect({ host: simulated.host, port: simulated.port })
    const facets = Object.entries(terminal).filter(([, facet]) => typeof facet === 'object' && facet !== null)
    const there = [
      ...namesOn(Terminal.prototype),
      ...facets.flatMap(([name, facet]) =>
        namesOn(Object.getPrototypeOf(facet) as object).map((one) => `${name}.${one}`),
      ),
    ]
    expect(there.length).toBeGreaterThan(60)
    expect(all.map(({ path }) => path).toSorted()).toEqual(there.toSorted())
    expect(all.filter(({ about }) => about.length < 4).map(({ path }) => path)).toEqual([])
    expect(members.facets.filter(({ about }) => about === '')).toEqual([])
  })

  it('knows which argument takes a signal: every call that has options has them last', () => {
    for (const { path, parameters, optionsAt, kind } of all) {
      const names = parameters === '' ? [] : parameters.split(', ')
      expect([path, kind === 'fact' || path === 'close' ? undefined : names.length - 1]).toEqual([
        path,
        optionsAt,
      ])
    }
  })

  it('is given for a command, a facet, a method, and for a name that is nearly one', () => {
    const about = (name: string): string => helpFor(name, members, DOT_COMMANDS).join('\n')
    expect(about('')).toContain('.people [TEXT|all]')
    expect(about('device')).toContain('device.readAttendance(options)')
    expect(about('.log')).toContain('the last N punches')
    expect(about('raw')).toContain('readClock 201')
    expect(about('device.people.add(1)')).toMatch(/Adds a person .* ZK_NOT_ENCODABLE/s)
    expect(about('unlok')).toContain('There is no help')
    expect(about('unlock')).toContain('device.door.unlock')
  })
})

describe('danger', () => {
  it('is declared for every method whose name says that it takes away, opens or ends something', () => {
    const HARMLESS = ['screen.clear']
    const named = all
      .map(({ path }) => path)
      .filter((path) => /(?:^|\.)(?:clear|remove|delete|reset|unlock|restart|off$|sleep)/u.test(path))
    expect(named.filter((path) => !HARMLESS.includes(path) && !DANGEROUS_CALLS.has(path))).toEqual([])
    expect([...DANGEROUS_CALLS.keys()].filter((path) => !all.some((one) => one.path === path))).toEqual([])
  })

  it('is seen in every command that is never sent twice, in those that end the work, and in those that nobody knows', () => {
    for (const { code, name, repeat } of COMMANDS.filter((command) => command.repeat === 'unsafe'))
      expect([name, repeat, dangerOfCommand(code)]).not.toContain(undefined)
    for (const code of [CODES.RESTART, CODES.POWEROFF, CODES.SLEEP, CODES.WRITE_MIFARE, 4711])
      expect(dangerOfCommand(code)).toBeTypeOf('string')
    for (const code of [CODES.GET_TIME, CODES.OPTIONS_RRQ, CODES.ATTLOG_RRQ, CODES.GET_FREE_SIZES])
      expect(dangerOfCommand(code)).toBeUndefined()
    expect(dangerOfCall('send', [CODES.CLEAR_DATA])).toBeTypeOf('string')
    expect(dangerOfCall('enrolment.enrol', [{}, 1, { replace: true }])).toBeTypeOf('string')
    expect(dangerOfCall('people.list', [])).toBeUndefined()
  })
})

describe('.raw', () => {
  it.each([
    ['GET_TIME', { code: 201, data: Uint8Array.of() }],
    ['cmd_get_time', { code: 201, data: Uint8Array.of() }],
    ['readClock', { code: 201, data: Uint8Array.of() }],
    ['201', { code: 201, data: Uint8Array.of() }],
    ['0xC9 0A 0b', { code: 201, data: Uint8Array.of(10, 11) }],
    ['OPTIONS_RRQ 7e4f5300', { code: 11, data: Uint8Array.of(0x7e, 0x4f, 0x53, 0) }],
  ])('takes %s', (text, request) => {
    expect(parseRaw(text)).toEqual(request)
  })

  it.each([
    ['', /COMMAND \[HEX\]/],
    ['GET', /no command is called "GET"; there are GET_/],
    ['70000', /0 to 65535/],
    ['GET_TIME abc', /two digits a byte/],
    ['GET_TIME xy', /two digits a byte/],
  ])('refuses %j', (text, message) => {
    expect(() => parseRaw(text)).toThrow(message)
  })

  it('shows no byte of an answer that holds people or templates', () => {
    const answer = {
      code: 2000,
      name: 'ACK_OK',
      sessionField: 1,
      data: new Uint8Array(76).fill(0x41),
      transferred: true,
    }
    const shown = rawShown({ code: CODES.USERTEMP_RRQ, data: Uint8Array.of(5) }, answer, 'auto')
    expect(shown.data).toBe('(not shown)')
  })
})

it('keeps no line with a key, a password or a card in the history', () => {
  for (const line of [
    'device.people.add({ pin: "1", password: "73519864" })',
    '.raw AUTH 00',
    '.raw 1102 00',
    'x.commKey',
    'x = { cardNumber: 5 }',
    `a(${TEST_COMM_KEY})`,
  ])
    expect([line, mayBeKept(line, [String(TEST_COMM_KEY)])]).toEqual([line, false])
  expect(mayBeKept('await device.info()', [])).toBe(true)
  expect(historyFile({ ZK_REPL_HISTORY: '' })).toBeUndefined()
  expect(historyFile({ ZK_REPL_HISTORY: '/x' })).toBe('/x')
})

it('draws tables with wide letters, cut texts, no control characters, and a bound', () => {
  const rows = [{ n: '王小明' }, { n: 'Ann\u001b[2J' }, { n: 'x'.repeat(60) }, { n: 'left' }]
  const lines = tableLines(
    rows,
    [
      { title: 'name', of: ({ n }) => n },
      { title: '#', of: () => 1, right: true },
    ],
    { most: 3, bold: (text) => text },
  )
  expect(lines.at(-1)).toBe('… and 1 more')
  expect(lines[2]).toContain('Ann\\u001b[2J')
  expect(new Set(lines.slice(0, 4).map(widthOf)).size).toBe(1)
  expect(lines[3]).toMatch(/^x{39}…/)
})

it('has every option and every dot-command on the page', () => {
  const squeezed = page.replaceAll(/ +\|/g, ' |')
  for (const row of [...markdownRows(REPL_OPTIONS), ...markdownRows(TRACE_OPTIONS)])
    expect(squeezed).toContain(row)
  for (const { name } of DOT_COMMANDS) expect(page).toContain(`\`.${name}`)
})
