// The guide to the REST API: its lines are run in their order against a service with simulated terminals, each request must go
// well, each answer shown must have the form of the one that came, and no endpoint is left out.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { openApiDocument } from '../docs/openapi-document.ts'
import { ADMIN, embeddedService } from './support/embedded-service.ts'
import { differences, isObject } from './support/same-form.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const guide = await readFile(join(ROOT, 'docs/http-api.md'), 'utf8')
/** Not an endpoint of its own list. */
const THE_DOCUMENT = 'GET /openapi.json'
const MARKER = '=== block ==='
const embeddedOnly = process.env['TEST_EMBEDDED_ONLY'] === '1'
const COMPILING_MS = 120_000

interface Fence {
  readonly language: string
  readonly text: string
}

/** The OpenAPI document, as far as it is read here. */
interface Document {
  readonly paths: Readonly<Record<string, object>>
}

const fences: Fence[] = [...guide.matchAll(/^```([a-z ]+)\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', text = '']) => ({ language, text }),
)

/** Some lines, and the answer that the guide shows behind them. */
interface Block {
  readonly lines: string
  readonly shown: unknown
}

const blocks = fences.flatMap(({ language, text }, at): Block[] => {
  if (language !== 'sh') return []
  const next = fences[at + 1]
  return [{ lines: text, shown: next?.language === 'json' ? JSON.parse(next.text) : undefined }]
})

// Without curl there is nothing to run: it is looked for only where the tests may install what they need.
it.skipIf(embeddedOnly)('works line by line, and shows what comes', { timeout: 300_000 }, async () => {
  await using opened = new AsyncDisposableStack()
  const terminal = opened.use(await startTerminal({ people: 20, punches: 500, fingers: 20 }))
  const second = opened.use(await startTerminal({ serialNumber: 'SIM2', people: 0, punches: 0 }))
  const service = opened.use(await embeddedService())

  const settings = {
    API: `${service.address}/api/v1`,
    EMAIL: ADMIN.email,
    PASSWORD: ADMIN.password,
    TERMINAL_PORT: String(terminal.port),
    SECOND_PORT: String(second.port),
  }
  const setup = fences.find(({ language }) => language === 'sh setup')?.text ?? ''
  expect([...setup.matchAll(/^(\w+)=/gm)].map(([, name]) => name)).toEqual(Object.keys(settings))

  expect(blocks.length).toBeGreaterThan(25)
  const marked = blocks.map(({ lines }) => `echo '${MARKER}'\necho '${MARKER}' >&2\n${lines}`)
  // Each request also says its status, on the side.
  const wrapped = `curl() { command curl -w '%{stderr}%{http_code}\\n' "$@"; }\n${marked.join('\n')}`
  const { status, stdout, stderr } = await run(wrapped, service.folder, settings)
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  const answers = stdout.split(`${MARKER}\n`).slice(1)
  const statuses = stderr.split(`${MARKER}\n`).slice(1)
  expect([answers.length, statuses.length]).toEqual([blocks.length, blocks.length])
  for (const [at, { lines, shown }] of blocks.entries()) {
    const refused = isObject(shown) && shown['status'] === false
    const came = statuses[at]?.trim().split('\n') ?? []
    const expected = refused ? /^4\d\d$/ : /^(?:2\d\d|304)$/
    expect({ lines, unexpected: came.filter((each) => !expected.test(each)) }).toEqual({
      lines,
      unexpected: [],
    })
    const saysSomething = /\S/.test(answers[at] ?? '') || / -o \S+\.\w+\n$/.test(lines)
    expect({ lines, saysSomething }).toEqual({ lines, saysSomething: true })
    const unlike = shown === undefined ? [] : differences(shown, JSON.parse(answers[at] ?? ''))
    expect({ lines, unlike }).toEqual({ lines, unlike: [] })
  }
})

it('shows every endpoint, or names it as one that it does not show', async () => {
  const document = JSON.parse(await openApiDocument()) as Document
  const endpoints = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  )
  expect(endpoints.length).toBeGreaterThan(40)
  const asForm = new Map(
    endpoints.map((endpoint) => [endpoint, new RegExp(`^${endpoint.replaceAll(/\{\w+\}/g, '[^/ ]+')}$`)]),
  )
  // The most exact one: `/attendance/export` is no `/attendance/{something}`.
  const endpointOf = (asked: string) =>
    endpoints.find((endpoint) => endpoint === asked) ??
    endpoints.find((endpoint) => asForm.get(endpoint)?.test(asked) === true)
  const shown = requestsIn(blocks.map(({ lines }) => lines).join('\n'))
    .filter((asked) => asked !== THE_DOCUMENT)
    .map((asked) => ({ asked, endpoint: endpointOf(asked) }))
  expect(shown.filter(({ endpoint }) => endpoint === undefined)).toEqual([])
  const named = [...guide.matchAll(/^\| `([A-Z]+ \/\S+)` /gm)].map(([, endpoint = '']) => endpoint)
  const told = [...new Set(shown.map(({ endpoint = '' }) => endpoint)), ...named]
  expect(told.toSorted()).toEqual(endpoints.toSorted())
})

it('shows a program that compiles against the generated types', { timeout: COMPILING_MS }, async () => {
  const programs = fences.filter(({ language }) => language === 'ts')
  expect(programs).toHaveLength(1)
  // Where the packages that it imports are found.
  const folder = join(ROOT, '.cache', `http-api-guide-${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(join(folder, 'openapi.json'), await openApiDocument())
    for (const line of fences
      .find(({ language }) => language === 'sh client')
      ?.text.trimEnd()
      .split('\n') ?? [])
      expect({ line, ...typed(line, folder) }).toEqual({ line, status: 0 })
    for (const [at, { text }] of programs.entries()) await writeFile(join(folder, `program-${at}.ts`), text)
    const compilerOptions = { noEmit: true, composite: false, allowImportingTsExtensions: true }
    const project = { extends: '../../tsconfig.base.json', compilerOptions, include: ['.'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
    const { stdout, status } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], {
      encoding: 'utf8',
      timeout: COMPILING_MS,
    })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** Runs a line of npx with the program that is installed here; of npm, that what it installs is what is installed here. */
function typed(line: string, cwd: string): { status: number | null } {
  const [command, program = '', ...args] = line.split(' ')
  if (command === 'npm')
    return { status: args.every((name) => existsSync(join(ROOT, 'node_modules', name))) ? 0 : 1 }
  const { status } = spawnSync(join(ROOT, 'node_modules/.bin', program), args, { cwd, timeout: COMPILING_MS })
  return { status }
}

/** Method and path, below the base path, of every request that the lines make. */
function requestsIn(lines: string): string[] {
  const commands = lines.replaceAll('\\\n', ' ').matchAll(/curl ((?:"[^\n]*?"|'[^\n]*?'|[^\n|)>"'])*)/g)
  return [...commands].map(([, words = '']) => {
    const path = /\$API(\/[^\s"?]*)/.exec(words)?.[1] ?? ''
    const method = /-X ([A-Z]+)/.exec(words)?.[1] ?? (/ -d /.test(words) ? 'POST' : 'GET')
    return `${method} ${path}`
  })
}

/** Runs a script of bash in a folder; asynchronous, since the service that it talks to runs in this process. */
function run(
  script: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, stdout, stderr }))
  })
}
