// docs/migrating.md leaves no method of the other clients out, and what it offers instead compiles and runs: each cell against a
// terminal of its own. Its programs of TypeScript are run with those of the library's README (packages/zk-proto/test/readme.test.ts);
// what they replace is run here, unmodified from npm.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startTerminal } from '@org/zk-sim'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as library from '@org/zk-proto'
import { exampleMemory } from '../../packages/zk-proto/test/support/example-terminal.ts'
import { NodeZklib, ZktecoJs } from '../../packages/zk-sim/test/support/other-clients.ts'
import { blocksOf, pageAt } from '../toolchain/page-blocks.ts'
import { Workshop } from '../toolchain/page-examples.ts'
import { PYZK_METHODS } from '../toolchain/pyzk-methods.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const page = pageAt('docs/migrating.md')
const HOST = '192.168.1.201'
const COMPILING_MS = 180_000
/** Packets of a client that takes one `data` event for one packet must come one by one. */
const PACE_MS = 2
/** Others may be busy on the same machine. */
const PATIENT = { timeout: 60_000 }
const workshop = new Workshop(ROOT, 'migrating')
afterAll(() => workshop.remove())

interface Row {
  /** The heading of the table's first column. */
  readonly of: string
  readonly method: string
  /** What stands in "here"; empty where nothing is needed. */
  readonly code: string
}

const rows = tables().flatMap(({ heading, cells }): Row[] =>
  cells.map(([method = '', here = '']) => ({
    of: heading,
    method: method.replaceAll('`', ''),
    code: /^`(.*)`$/.exec(here)?.[1] ?? '',
  })),
)

/** Tables of methods: those whose second column is "here". */
function tables(): { heading: string; cells: string[][] }[] {
  const found: { heading: string; cells: string[][] }[] = []
  for (const block of page.text.matchAll(/^\|.*(?:\n\|.*)+/gm)) {
    const lines = block[0].split('\n').map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    const [[heading = '', second] = []] = lines
    if (second === 'here') found.push({ heading, cells: lines.slice(2) })
  }
  return found
}

function methodsOf(client: { prototype: object }): string[] {
  return Object.getOwnPropertyNames(client.prototype).filter((name) => name !== 'constructor')
}

const methodsUnder = (...headings: string[]): string[] =>
  rows.filter(({ of }) => headings.includes(of)).map(({ method }) => method)

describe('the page on migrating', () => {
  it('has every method of node-zklib, of zkteco-js and of pyzk, once, and none that there is not', () => {
    expect(methodsUnder('both').toSorted()).toEqual(methodsOf(NodeZklib).toSorted())
    expect(methodsUnder('both', 'zkteco-js alone').toSorted()).toEqual(methodsOf(ZktecoJs).toSorted())
    expect(methodsUnder('pyzk').toSorted()).toEqual(PYZK_METHODS.toSorted())
  })

  it('says of each what changes, or shows the same call', () => {
    const idle = tables().flatMap(({ cells }) =>
      cells.filter(([, here, changes]) => here === '' && changes === ''),
    )
    expect(idle).toEqual([])
  })

  it('offers instead what compiles', { timeout: COMPILING_MS }, () => {
    workshop.write('rows.ts', moduleOfRows())
    const compilerOptions = { noEmit: true, composite: false }
    const project = { extends: '../../tsconfig.base.json', compilerOptions, include: ['.'] }
    workshop.write('tsconfig.json', JSON.stringify(project))
    const { stdout, status } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', workshop.folder], {
      encoding: 'utf8',
      timeout: COMPILING_MS,
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })

  it.each(rows.filter(({ code }) => code !== ''))(
    'offers instead of $method ($of) what works',
    async (row) => {
      await using simulated = await startTerminal({ memory: exampleMemory() })
      const { host, port, stats, hand } = simulated
      const module = (await import(workshop.write('run.ts', moduleOfRows()))) as RowModule
      const run = module.rows[`${row.of} ${row.method}`]
      if (run === undefined) throw new Error('no such row')
      const said = vi.spyOn(console, 'log').mockReturnValue()
      // Whoever listens has something to hear.
      const comer = setInterval(() => {
        if (row.code.includes('liveEvents') && stats.requests['registerEvents'] !== undefined)
          hand.present('1042')
      }, 20)
      try {
        await using terminal = await library.connect({ host, port })
        await run(terminal, port)
        for (const [value] of said.mock.calls) expect(value).not.toBeNull()
      } finally {
        clearInterval(comer)
        said.mockRestore()
      }
    },
  )
})

describe('the programs that are replaced', () => {
  const blocks = blocksOf(page)
  const [reading = '', listening = ''] = blocks
    .filter(({ language }) => language === 'js')
    .map(({ text }) => text)
  const said: string[] = []
  beforeEach(() => {
    said.length = 0
    vi.spyOn(console, 'log').mockImplementation((...words) => void said.push(words.join(' ')))
  })
  afterEach(() => vi.restoreAllMocks())

  it('read as they are', async () => {
    await using simulated = await startTerminal({ memory: exampleMemory(), paceMs: PACE_MS })
    await runTheirs(reading, simulated.port)
    expect(said.slice(-2)).toEqual(['3 3', '1042 1 0'])
  })

  it('listen as they are', async () => {
    await using simulated = await startTerminal({ memory: exampleMemory(), paceMs: PACE_MS })
    const device = await runTheirs(listening, simulated.port)
    await expect.poll(() => simulated.stats.requests['registerEvents'], PATIENT).toBe(1)
    simulated.hand.present('1042')
    await expect.poll(() => said.at(-1), PATIENT).toBe('1042')
    await device.disconnect()
  })

  it('are two of JavaScript and one of Python', () => {
    const languages = blocks
      .map(({ language }) => language)
      .filter((language) => ['js', 'py'].includes(language))
    expect(languages).toEqual(['js', 'js', 'py'])
  })

  it('call only what pyzk has', () => {
    const programs = blocks.filter(({ language }) => language === 'py')
    expect(programs).toHaveLength(1)
    const called = programs.flatMap(({ text }) =>
      [...text.matchAll(/\b(?:conn|\))\.(\w+)\(/g)].map(([, name]) => name),
    )
    expect(called.length).toBeGreaterThan(4)
    expect(called.filter((name) => !PYZK_METHODS.includes(name ?? ''))).toEqual([])
  })
})

/** Runs one of their programs against a port here, from where their packages are found. Gives its connection. */
async function runTheirs(program: string, port: number): Promise<ZktecoJs> {
  using theirs = new Workshop(join(ROOT, 'packages/zk-sim'), 'migrating')
  const here = program.replaceAll(`'${HOST}', 4370`, `'127.0.0.1', ${port}`)
  const file = theirs.write(`program-${port}.cjs`, `module.exports = async () => {${here}\nreturn device }`)
  const run = createRequire(file)(file) as () => Promise<ZktecoJs>
  return await run()
}

interface RowModule {
  readonly rows: Readonly<Record<string, (terminal: library.Terminal, port: number) => Promise<void>>>
}

/** All that stands in "here" as one module: a function a row. */
function moduleOfRows(): string {
  const withCode = rows.filter(({ code }) => code !== '')
  const all = withCode.map(({ code }) => code).join('\n')
  const names = Object.keys(library).filter((name) => new RegExp(`\\b${name}\\b`).test(all))
  const functions = withCode.map(({ of, method, code }) => {
    const here = code.replaceAll(`host: '${HOST}'`, `host: '127.0.0.1', port`)
    return `  '${of} ${method}': async (terminal, port) => { { ${here} } },`
  })
  return [
    `import { ${names.filter((name) => name !== 'Terminal').join(', ')} } from '@org/zk-proto'`,
    `import type { Terminal } from '@org/zk-proto'`,
    'export const rows: Record<string, (terminal: Terminal, port: number) => Promise<void>> = {',
    ...functions,
    '}',
  ].join('\n')
}
