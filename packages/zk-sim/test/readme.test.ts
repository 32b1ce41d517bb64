// The README keeps its word: every command in it starts a terminal that can be read, its tables say what the program
// declares, its example runs.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '@org/zk-proto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { EXAMPLES } from '../src/cli/help.ts'
import { OPTION_LIST } from '../src/cli/option-table.ts'
import { FAULT_NAMES, faultDeclared } from '../src/faults/fault-table.ts'
import { profiles } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { Workshop } from '../../../scripts/toolchain/page-examples.ts'
import { PYZK_METHODS } from '../../../scripts/toolchain/pyzk-methods.ts'
import { CliProcess } from './support/cli-process.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const commands = [...readme.matchAll(/^npx @org\/zk-sim ?(.*)$/gm)].map(([, options = '']) => options)

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-sim-readme-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The rows of the table under a heading, cell by cell. */
function tableUnder(heading: string): string[][] {
  const chapter = readme.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = chapter.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** A command's words as a shell splits them. */
function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}

describe('the commands of the README', () => {
  it('are those of --help, and some more', () => {
    expect(commands).toEqual(expect.arrayContaining(EXAMPLES.map(([, options]) => options)))
    expect(EXAMPLES).toHaveLength(10)
  })

  it.each(commands)('npx @org/zk-sim %s', async (options) => {
    const args = words(options)
    // Ports of the system's choice, since the usual ones may be taken where this runs.
    const free = ['--port', '0', ...(args.includes('--http') ? ['--http', '0'] : []), '--json']
    await using cli = new CliProcess([...args, ...free], folder)
    const ready = await cli.ready()
    const commKey = args.includes('--comm-key') ? 123_456 : 0
    const isBroken = args.includes('--faults')
    const reading = (async () => {
      const client = await connect({ host: ready.host, port: ready.port, commKey })
      const { people } = await client.readPeople()
      await client.close()
      return people.length
    })()
    // What is read over a line that is broken on purpose is another test's matter.
    expect(await reading.catch(() => (isBroken ? ready['people'] : 'nothing'))).toBe(ready['people'])
    expect(await cli.interrupt()).toMatchObject({ code: 0 })
  })
})

describe('the tables of the README', () => {
  it('hold every option', () => {
    expect(tableUnder('Options')).toEqual(
      OPTION_LIST.map(({ name, value, about, unless = '' }) => [
        value === undefined ? `\`--${name}\`` : `\`--${name} ${value}\``,
        about,
        unless,
      ]),
    )
  })

  it('hold every fault', () => {
    expect(tableUnder('Faults')).toEqual(
      FAULT_NAMES.map((name) => {
        const { about, transports, parameters, examples } = faultDeclared(name)
        return [
          `\`${name}\``,
          about,
          transports.map((transport) => transport.toUpperCase()).join(', '),
          Object.keys(parameters)
            .map((parameter) => `\`${parameter}\``)
            .join(', '),
          `\`${examples[0] ?? ''}\``,
        ]
      }),
    )
  })

  it('hold every model with its forms', () => {
    const bytes = (layout: string): string => /\d+/.exec(layout)?.[0] ?? ''
    expect(
      tableUnder('Models').map(([name, people, log, punch, transports]) => [
        name,
        ...[people, log, punch].map((cell) => cell?.replace(' bytes', '')),
        transports,
      ]),
    ).toEqual(
      profiles.map(({ name, personLayout, attendanceLayout, punchEventBytes, transports }) => [
        `\`${name}\``,
        bytes(personLayout),
        bytes(attendanceLayout),
        String(punchEventBytes),
        transports.map((transport) => transport.toUpperCase()).join(', '),
      ]),
    )
  })
})

describe('the programs of other people that the README shows', () => {
  const [, javaScript = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
  const [, python = ''] = /```py\n([\s\S]*?)```/.exec(readme) ?? []

  it.each(['zkteco-js', 'node-zklib'])('read the terminal as they stand (%s)', async (name) => {
    // Below this package, where theirs are found.
    using workshop = new Workshop(fileURLToPath(new URL('..', import.meta.url)), `readme-${name}`)
    await using terminal = await startTerminal({ people: 7, punches: 30, paceMs: 2 })
    const program = javaScript
      .replace('zkteco-js', name)
      .replace('4370, 5000, 5001', `${terminal.port}, 20000, 0`)
    const printed: unknown[][] = []
    const log = vi
      .spyOn(console, 'log')
      .mockImplementation((...values: unknown[]) => void printed.push(values))
    try {
      const file = workshop.write('program.cjs', `module.exports = async () => {${program}}`)
      const run = createRequire(import.meta.url)(file) as () => Promise<void>
      await run()
    } finally {
      log.mockRestore()
    }
    expect(printed.at(-1)).toEqual([7, 30])
  })

  it('call only what pyzk has; Python itself is not run', () => {
    const called = [...python.matchAll(/\bconnection\.(\w+)\(|\)\.(connect)\(/g)].map(
      ([, it, connects]) => it ?? connects,
    )
    expect(called).toHaveLength(4)
    expect(called.filter((name) => !PYZK_METHODS.includes(name ?? ''))).toEqual([])
  })
})

it('the example of the README prints what the terminal holds', async () => {
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const entrance = new URL('../src/index.ts', import.meta.url).href
  const file = join(folder, 'example.mjs')
  await writeFile(file, code.replace("'@org/zk-sim'", `'${entrance}'`))
  const printed: unknown[][] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => void printed.push(values))
  try {
    await import(file)
  } finally {
    log.mockRestore()
  }
  await using terminal = await startTerminal({ people: 20, punches: 500 })
  expect(printed).toEqual([[20, 500], [terminal.memory.log.count + 1]])
})
