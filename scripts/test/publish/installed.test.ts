// The packages as somebody gets them: the tarballs installed into empty projects and used there, on the oldest Node they
// promise and on the newest, with what the README shows first.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startTerminal, type PunchTruth } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ROOT, packBoth, type Packed, type Published } from './packed.ts'
import { PROGRAM_WITHIN_MS, run, start } from './programs.ts'

/** The lowest version of `engines`, and the oldest TypeScript that the README promises types for. */
const OLDEST_NODE = '20.19.0'
const OLDEST_TYPESCRIPT = '5.7.2'
const EXAMPLE = 'first-example'

// A test runs up to three programs, each with its own deadline.
vi.setConfig({ testTimeout: 3 * PROGRAM_WITHIN_MS })

const made = new DisposableStack()
let packed: Packed
/** The folders of the programs `node` that are tried. */
const nodes = { oldest: '', newest: dirname(process.execPath) }
/** Its compiler. */
let oldestCompiler = ''
/** A project with the library alone, and one with the simulator too. */
const projects = { library: '', both: '' }

beforeAll(async () => {
  packed = made.use(await packBoth())
  nodes.oldest = await installNode(OLDEST_NODE)
  oldestCompiler = await installCompiler(OLDEST_TYPESCRIPT)
  projects.library = await installPackages('library', ['zk-proto'])
  projects.both = await installPackages('both', ['zk-proto', 'zk-sim'])
}, 5 * PROGRAM_WITHIN_MS)
afterAll(() => made.dispose())

const versions = [
  ['oldest', `v${OLDEST_NODE}`],
  ['newest', process.version],
] as const

describe.each(versions)('on the %s Node, %s', (which, version) => {
  const inProject = (project: keyof typeof projects) => ({
    cwd: projects[project],
    firstInPath: nodes[which],
  })

  it('the first example of the README reads every punch of a terminal', async () => {
    expect((await run('node', ['--version'], inProject('library'))).trim()).toBe(version)
    await using terminal = await startTerminal({ people: 20, punches: 500 })
    writeExample('library', terminal.port)
    const printed = await run('node', [`${EXAMPLE}.mjs`], inProject('library'))
    expect(printed).toBe(asPrinted(terminal.memory.truth().punches))
  })

  it('the simulator runs as a command and is read by the library beside it', async () => {
    const truthFile = join(projects.both, `truth-${which}.json`)
    const args = ['--port', '0', '--people', '20', '--punches', '500', '--truth', truthFile, '--json']
    await using simulator = await start('npx', ['--no-install', 'zk-sim', ...args], inProject('both'))
    const ready: { ready: boolean; port: number } = JSON.parse(simulator.firstLine)
    expect(ready).toMatchObject({ ready: true, people: 20, punches: 500 })
    writeExample('both', ready.port)
    const printed = await run('node', [`${EXAMPLE}.mjs`], inProject('both'))
    const truth: { punches: PunchTruth[] } = JSON.parse(readFileSync(truthFile, 'utf8'))
    expect(truth.punches).toHaveLength(500)
    expect(printed).toBe(asPrinted(truth.punches))
  })

  it('the simulator finds what lies beside its code: records, pages, its version', async () => {
    const args = ['--recorded', '--punches', '100', '--port', '0', '--http', '0', '--json']
    await using simulator = await start('npx', ['--no-install', 'zk-sim', ...args], inProject('both'))
    const ready: { page: string } = JSON.parse(simulator.firstLine)
    expect(ready).toMatchObject({ ready: true, punches: 100 })
    const page = await fetch(ready.page, { signal: AbortSignal.timeout(PROGRAM_WITHIN_MS) })
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<!doctype html>')])
    const version = await run('npx', ['--no-install', 'zk-sim', '--version'], inProject('both'))
    expect(packed.tarballs['zk-sim']).toContain(`-${version.trim()}.tgz`)
  })

  it('every module of both packages loads', async () => {
    cpSync(join(import.meta.dirname, 'load-every-module.mjs'), join(projects.both, 'load-every-module.mjs'))
    const printed = await run('node', ['load-every-module.mjs'], inProject('both'))
    const { loaded, failed }: { loaded: number; failed: string[] } = JSON.parse(printed)
    expect(failed).toEqual([])
    expect(loaded).toBeGreaterThan(100)
  })
})

it('the example and every entrance type-check strictly, with no types but our own, from the oldest TypeScript on', async () => {
  expect(readmeOf('both')).toContain(`TypeScript ${OLDEST_TYPESCRIPT.replace(/\.\d+$/, '')} or later`)
  writeExample('both', 4370)
  const folder = projects.both
  cpSync(join(folder, `${EXAMPLE}.mjs`), join(folder, `${EXAMPLE}.ts`))
  const entrances = ['@org/zk-proto', '@org/zk-proto/wire', '@org/zk-sim']
  const program = entrances.map((name, index) => `import * as entrance${index} from '${name}'`)
  const used = entrances.map((_name, index) => `entrance${index}`).join(', ')
  writeFileSync(join(folder, 'entrances.ts'), `${program.join('\n')}\nexport const all = [${used}]\n`)
  for (const target of ['es2022', 'esnext']) {
    const compilerOptions = {
      module: 'nodenext',
      target,
      lib: [target, 'dom'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    }
    const config = { compilerOptions, files: [`${EXAMPLE}.ts`, 'entrances.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    for (const compiler of [oldestCompiler, join(ROOT, 'node_modules/.bin/tsc')]) {
      expect(await run(compiler, ['--project', '.'], { cwd: folder })).toBe('')
    }
  }
})

/** The README of the library as it was installed. */
function readmeOf(project: keyof typeof projects): string {
  return readFileSync(join(projects[project], 'node_modules/@org/zk-proto/README.md'), 'utf8')
}

/** Puts the first example of the installed README into the project, with only the address replaced. */
function writeExample(project: keyof typeof projects, port: number): void {
  const example = /```ts\n([^]*?)```/.exec(readmeOf(project))?.[1] ?? ''
  const aimed = example.replace(/host: '[^']+'/, `host: '127.0.0.1', port: ${port}`)
  expect(aimed).toContain(`port: ${port}`)
  const code = example.split('\n').filter((line) => line !== '' && !line.startsWith('//'))
  expect(code.length).toBeLessThanOrEqual(10)
  writeFileSync(join(projects[project], `${EXAMPLE}.mjs`), aimed)
}

/** What the example prints of these punches. */
function asPrinted(punches: readonly PunchTruth[]): string {
  return punches.map(({ pin, wallTime, state }) => `${pin} ${wallTime} ${state}\n`).join('')
}

/** An empty project with these tarballs. Offline: a package that needs the registry for more than itself fails here. */
async function installPackages(folder: string, names: readonly Published[]): Promise<string> {
  const project = emptyProject(folder)
  await run(
    'npm',
    ['install', '--offline', '--no-audit', '--no-fund', ...names.map((name) => packed.tarballs[name])],
    {
      cwd: project,
    },
  )
  return project
}

/** The compiler of that version, for users who have not moved on; from the registry, as Node is. */
async function installCompiler(version: string): Promise<string> {
  const folder = emptyProject(`typescript-${version}`)
  await run('npm', ['install', '--no-audit', '--no-fund', `typescript@${version}`], { cwd: folder })
  return join(folder, 'node_modules/.bin/tsc')
}

/** The folder of that version's program, from npm's package of the name. */
async function installNode(version: string): Promise<string> {
  const folder = emptyProject(`node-${version}`)
  await run('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder })
  const programs = join(folder, 'node_modules/node/bin')
  if (!existsSync(programs))
    throw new Error(`node@${version} was installed without its program: does npm forbid its install script?`)
  return programs
}

function emptyProject(name: string): string {
  const folder = join(packed.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  return folder
}
