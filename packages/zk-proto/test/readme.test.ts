// The README and the guide, run: every example is type-checked and executed against simulated terminals, prints what it says
// it prints, and leaves the terminal as it should. Every public method and function stands in one of them.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startTerminal, TerminalMemory } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import * as library from '../src/index.ts'
import { AttendanceColumns, connect, Punch, Terminal } from '../src/index.ts'
import { examplesOf, isAsForetold, moduleOf, Workshop } from '../../../scripts/toolchain/page-examples.ts'
import type { Example } from '../../../scripts/toolchain/page-examples.ts'
import { exampleMemory, SURROUNDINGS } from './support/example-terminal.ts'

const root = new URL('../../..', import.meta.url).pathname
const PAGES = ['packages/zk-proto/README.md', 'docs/zk-proto.md', 'docs/migrating.md']
const FULL = '192.168.1.201'
const EMPTY = '192.168.1.202'
/** Others may be busy on the same machine. */
const COMPILING_MS = 120_000
const workshop = new Workshop(root, 'readme')
afterAll(() => workshop.remove())

const pages = PAGES.map((page) => ({ page, examples: examplesOf(readFileSync(join(root, page), 'utf8')) }))
const allCode = pages.flatMap(({ examples }) => examples.map(({ code }) => code)).join('\n')

describe.each(pages)('$page', ({ page, examples }) => {
  let full: SimulatedTerminal
  let empty: SimulatedTerminal
  beforeEach(async () => {
    full = await startTerminal({ memory: exampleMemory() })
    empty = await startTerminal({ memory: new TerminalMemory({ seed: 2 }) })
  })
  afterEach(async () => {
    await full.stop()
    await empty.stop()
  })

  it.each(examples)('under “$heading” ($place) does and prints what it says', async (example) => {
    const name = moduleName(page, example)
    const ports = { [FULL]: full.port, [EMPTY]: empty.port }
    const path = workshop.write(name, moduleOf(example, { ports, folder: workshop.folder }))
    const surroundings = SURROUNDINGS[`${example.heading} ${example.place}`]
    const printed: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(...format(...values).split('\n'))
    })
    const meanwhile = surroundings?.meanwhile?.(full)
    try {
      await import(path)
    } finally {
      log.mockRestore()
    }
    await meanwhile
    const asForetold = printed.map((line, at) =>
      isAsForetold(line, example.prints[at] ?? '') ? (example.prints[at] ?? '') : line,
    )
    expect(asForetold).toEqual(example.prints)
    surroundings?.afterwards?.(full, empty)
  })
})

describe('the examples', () => {
  it('assert something: each prints, or leaves something at the terminal to compare', () => {
    const idle = pages
      .flatMap(({ examples }) => examples)
      .filter(
        ({ prints, heading, place }) =>
          prints.length === 0 && SURROUNDINGS[`${heading} ${place}`]?.afterwards === undefined,
      )
    expect(idle.map(({ heading, place }) => `${heading} ${place}`)).toEqual([])
  })

  it(
    'type-check, one program each',
    () => {
      using program = new Workshop(root, 'readme-types')
      for (const { page, examples } of pages) {
        for (const example of examples) {
          const stage = { ports: { [FULL]: 4370, [EMPTY]: 4371 }, folder: program.folder }
          program.write(moduleName(page, example), moduleOf(example, stage))
        }
      }
      const settings = {
        extends: '../../tsconfig.base.json',
        compilerOptions: { noEmit: true, composite: false },
        include: ['.'],
      }
      program.write('tsconfig.json', JSON.stringify(settings))
      const compiler = join(root, 'node_modules/.bin/tsc')
      const { stdout, status } = spawnSync(compiler, ['-p', program.folder], {
        encoding: 'utf8',
        timeout: COMPILING_MS,
      })
      expect(stdout).toBe('')
      expect(status).toBe(0)
    },
    COMPILING_MS,
  )
})

describe('the documentation is complete', () => {
  it('with every method of a terminal and of its facets', async () => {
    await using simulated = await startTerminal({ memory: exampleMemory() })
    await using terminal = await connect({ host: simulated.host, port: simulated.port })
    const facets = Object.entries(terminal).filter(([, facet]) => typeof facet === 'object' && facet !== null)
    expect(facets.length).toBeGreaterThan(9)
    const calls = [
      ...namesOn(Terminal.prototype).map((name) => `.${name}`),
      ...facets.flatMap(([facet, object]) =>
        namesOn(Object.getPrototypeOf(object) as object).map((name) => `.${facet}.${name}`),
      ),
    ]
    expect(calls.length).toBeGreaterThan(60)
    expect(calls.filter((call) => !new RegExp(`${call.replaceAll('.', '\\.')}\\b`).test(allCode))).toEqual([])
  })

  it('with every function and table that the package exports', () => {
    const classesOfResults: readonly unknown[] = [Terminal, Punch, AttendanceColumns]
    const exported = Object.entries(library).filter(([, value]) => !classesOfResults.includes(value))
    expect(
      exported.map(([name]) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(allCode)),
    ).toEqual([])
  })

  it('and tells the right number of captures', () => {
    const captures = readdirSync(new URL('captures', import.meta.url)).filter((name) =>
      name.endsWith('.json'),
    )
    const readme = readFileSync(join(root, 'packages/zk-proto/README.md'), 'utf8')
    expect(readme).toContain(`published, ${captures.length} of them`)
  })

  it('with every fact of a punch, of columns and of a summary', () => {
    const text = readFileSync(join(root, 'packages/zk-proto/README.md'), 'utf8')
    const facts = [...namesOn(Punch.prototype), ...namesOn(AttendanceColumns.prototype), 'summary']
    expect(facts.filter((fact) => !new RegExp(`\\b${fact}\\b`).test(text))).toEqual([])
  })
})

function moduleName(page: string, { heading, place }: Example): string {
  const words = `${page} ${heading} ${place}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return `${words}.ts`
}

/** Public names of methods and accessors. */
function namesOn(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
}
