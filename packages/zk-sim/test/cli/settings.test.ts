// What the arguments ask for, and what of it cannot be used: each in one clear sentence.
import { describe, expect, it } from 'vitest'
import { OPTION_LIST } from '../../src/cli/option-table.ts'
import { OptionError, readSettings } from '../../src/cli/settings.ts'

describe('the arguments', () => {
  it('may be none: an ordinary terminal at port 4370 of this machine', () => {
    expect(readSettings([])).toEqual({
      host: '127.0.0.1',
      port: 4370,
      memories: {
        kind: 'made-up',
        profile: expect.objectContaining({ name: 'typical' }) as unknown,
        people: 50,
        count: 1,
        seed: 1,
        serial: undefined,
        punches: 1_000,
        zone: 'UTC',
        driftSeconds: 0,
      },
      commKey: undefined,
      faults: undefined,
      paceMs: 0,
      livePerMinute: 0,
      page: undefined,
      saveFile: undefined,
      truthFile: undefined,
      stats: false,
      trace: false,
      json: false,
    })
  })

  it('may begin with two dashes, as some runners hand them on', () => {
    expect(readSettings(['--', '--port', '5'])).toMatchObject({ port: 5 })
  })

  it('ask for no punches of nobody', () => {
    expect(() => readSettings(['--people', '0', '--punches', '5'])).toThrow('--punches 5 needs somebody')
    expect(readSettings(['--people', '0'])).toMatchObject({ memories: { people: 0 } })
  })

  it('name an address to listen on: an empty one would be every address', () => {
    expect(() => readSettings(['--host', ''])).toThrow('--host: expected an address or a name')
  })

  it('may hold negative numbers', () => {
    expect(readSettings(['--drift', '-30.5'])).toMatchObject({ memories: { driftSeconds: -30.5 } })
    expect(readSettings(['--drift=-30'])).toMatchObject({ memories: { driftSeconds: -30 } })
  })

  it('make room in a log', () => {
    const made = readSettings(['--capacity', '1000000', '--punches', '1000000'])
    expect(made).toMatchObject({
      memories: { punches: 1_000_000, profile: { capacity: { records: 1_000_000 } } },
    })
  })

  it('load instead of making up', () => {
    expect(readSettings(['--load', 'x.json', '--capacity', '7', '--comm-key', '9'])).toMatchObject({
      memories: { kind: 'file', file: 'x.json', capacity: 7 },
      commKey: 9,
    })
  })

  it.each([
    ['8080', { host: '127.0.0.1', port: 8080 }],
    ['0', { host: '127.0.0.1', port: 0 }],
    ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
  ])('open a page at %s', (http, page) => {
    expect(readSettings(['--http', http])).toMatchObject({ page })
  })

  it.each([
    ['30', 30],
    ['30/min', 30],
    ['0.5', 0.5],
  ])('let people punch %s times a minute', (live, livePerMinute) => {
    expect(readSettings(['--live', live])).toMatchObject({ livePerMinute })
  })

  it('ask for help or the version before anything else', () => {
    expect(readSettings(['--port', '70000', '--help'])).toBe('help')
    expect(readSettings(['--version'])).toBe('version')
  })

  it.each([
    [['--colour', 'red'], "Unknown option '--colour'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--port'], '--port'],
    [['--json=yes'], '--json'],
    [['--port', '70000'], '--port: expected 0 to 65535, got 70000'],
    [['--port', '65500', '--count', '100'], '--port 65500 with --count 100 goes beyond 65535'],
    [['--count', '501'], '--count: expected 1 to 500, got 501'],
    [['--people', 'many'], '--people: expected a whole number, got "many"'],
    [['--people', '1001'], '--people: expected 0 to 1000, got 1001'],
    [['--punches', '1.5'], '--punches: expected a whole number, got 1.5'],
    [['--punches', '100001'], '--punches 100001: the log has room for 100000; --capacity makes it larger'],
    [['--profile', 'abacus'], '--profile: no profile "abacus"; there are old, compact'],
    [['--zone', 'Mars/Olympus'], '--zone: Invalid time zone specified: Mars/Olympus'],
    [['--comm-key', '4294967296'], '--comm-key: expected 0 to 4294967295, got 4294967296'],
    [['--serial', 'a b'], '--serial'],
    [['--pace', '-1'], '--pace: expected 0 to 60000, got -1'],
    [['--live', 'often'], '--live: expected a number, got "often"'],
    [['--live', '5', '--people', '0'], '--live needs somebody'],
    [['--http', 'example.org:80'], '--http: expected PORT or ADDRESS:PORT'],
    [['--http', '70000'], '--http: expected 0 to 65535'],
    [['--recorded', '--people', '3'], '--people cannot stand beside --recorded'],
    [['--recorded', '--profile', 'old'], '--profile cannot stand beside --recorded'],
    [['--load', 'x.json', '--count', '2'], '--count cannot stand beside --load'],
    [['--load', 'x.json', '--seed', '2'], '--seed cannot stand beside --load'],
    [['--save', 'x.json', '--truth', 'x.json'], '--save and --truth name the same file'],
  ])('%j cannot be used', (args, message) => {
    const read = (): unknown => readSettings(args)
    expect(read).toThrow(OptionError)
    expect(read).toThrow(message)
    expect(read).toThrow(/^[^\n]+$/)
  })
})

describe('the table of options', () => {
  it('says of each what it does, and names as contrary only options that there are', () => {
    const names = OPTION_LIST.map(({ name }) => name)
    for (const { about, not = [] } of OPTION_LIST) {
      expect(about).toMatch(/^[A-Za-z].*[^.]$/)
      for (const other of not) expect(names).toContain(other)
    }
  })
})
