// docs/simulator.md, run: its commands start terminals that can be read, its curl lines reach the page, its programs compile and print
// what they say they print.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format } from 'node:util'
import { connect } from '@org/zk-proto'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { blocksOf, pageAt } from '../../../scripts/toolchain/page-blocks.ts'
import { examplesOf, isAsForetold, Workshop } from '../../../scripts/toolchain/page-examples.ts'
import { CliProcess } from './support/cli-process.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const page = pageAt('docs/simulator.md')
const blocks = blocksOf(page)
const examples = examplesOf(page.text)
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'
const COMPILING_MS = 180_000
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trimEnd().split('\n'))
const folder = mkdtempSync(join(tmpdir(), 'zk-sim-guide-'))
const workshop = new Workshop(ROOT, 'simulator-guide')
afterAll(() => {
  workshop.remove()
  rmSync(folder, { recursive: true })
})

/** A command's words as a shell splits them, at ports of the system's choice. */
function wordsOf(command: string): string[] {
  const [, options = ''] = /^npx @org\/zk-sim ?(.*)$/.exec(command) ?? []
  const words = [...options.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  return [...words, '--port', '0', ...(words.includes('--http') ? ['--http', '0'] : [])]
}

describe('the commands of the guide', () => {
  it.each(commands)('%s', async (command) => {
    expect(command).toMatch(/^npx @org\/zk-sim\b/)
    await using cli = new CliProcess([...wordsOf(command), '--json'], folder)
    const ready = await cli.ready()
    const commKey = command.includes('--comm-key') ? 123_456 : 0
    await using client = await connect({ host: ready.host, port: ready.port, commKey, transport: 'tcp' })
    expect((await client.readCapacity()).people).toBeGreaterThan(0)
    await client.close()
    expect(await cli.interrupt()).toMatchObject({ code: 0 })
    if (!command.includes('--truth')) return
    const [shown = ''] = blocks.filter(({ language }) => language === 'text ready').map(({ text }) => text)
    const names = [...shown.matchAll(/"(\w+)":/g)].map(([, name]) => name)
    expect(Object.keys(ready)).toEqual(expect.arrayContaining(names))
    expect(JSON.stringify(JSON.parse(readFileSync(join(folder, 'truth.json'), 'utf8')))).toContain('"pin"')
  })
})

it.skipIf(embeddedOnly)('the lines for the hand do what the buttons do', async () => {
  const [served = ''] = commands.filter((command) => command.includes('--http'))
  await using cli = new CliProcess([...wordsOf(served), '--json'], folder)
  const shown = String((await cli.ready())['page']).replace(/\/$/, '')
  const lines = blocks
    .filter(({ language }) => language === 'sh hand')
    .flatMap(({ text }) => text.trimEnd().split('\n'))
  expect(lines.length).toBeGreaterThan(6)
  const answers: string[] = []
  for (const line of lines) {
    const here = line.replace('http://127.0.0.1:8080', shown).replace('curl', 'curl -w "\\n%{http_code}"')
    const { stdout } = spawnSync('bash', ['-c', here], { encoding: 'utf8', timeout: 60_000 })
    const [answer = '', status] = stdout.split('\n')
    expect({ line, status }).toEqual({ line, status: '200' })
    answers.push(answer)
  }
  // Twenty as it was started, and the card that was presented.
  expect(JSON.parse(answers.at(-1) ?? '')).toMatchObject({ on: true, punches: 21, door: { held_open: true } })
  expect(await cli.interrupt()).toMatchObject({ code: 0 })
})

describe('the programs of the guide', () => {
  it.each(examples)('under “$heading” prints what it says', async (example) => {
    const path = workshop.write(`${slug(example.heading)}.ts`, example.code)
    const printed: string[] = []
    const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
      printed.push(...format(...values).split('\n'))
    })
    try {
      await import(path)
    } finally {
      log.mockRestore()
    }
    const asForetold = printed.map((line, at) =>
      isAsForetold(line, example.prints[at] ?? '') ? example.prints[at] : line,
    )
    expect(asForetold).toEqual(example.prints)
    expect(example.prints.length).toBeGreaterThan(0)
  })

  it('compile', { timeout: COMPILING_MS }, () => {
    using program = new Workshop(ROOT, 'simulator-guide-types')
    for (const { heading, code } of examples) program.write(`${slug(heading)}.ts`, code)
    const compilerOptions = { noEmit: true, composite: false }
    const project = { extends: '../../tsconfig.base.json', compilerOptions, include: ['.'] }
    program.write('tsconfig.json', JSON.stringify(project))
    const { stdout, status } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', program.folder], {
      encoding: 'utf8',
      timeout: COMPILING_MS,
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })
})

const slug = (heading: string): string => heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
