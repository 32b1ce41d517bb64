// What is shipped for running the service (Dockerfile, compose.yaml, .env.example, systemd units) held against what it speaks of:
// the tree, the declared configuration, the routes, the limits of a stop. That the image's install and start work:
// deployment-install.test.ts.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, matchesGlob } from 'node:path'
import { CONFIG } from '@org/core'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openApiDocument } from '../docs/openapi-document.ts'
import { copiesOf, environmentOf, execForm, parseDockerfile, textsOf } from './support/dockerfile.ts'

const root = new URL('../..', import.meta.url).pathname
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const Manifest = Type.Object({ packageManager: Type.String() })
const { packageManager } = Value.Parse(Manifest, JSON.parse(read('package.json')))
const variables = Object.keys(CONFIG.properties)
/** What the service cannot do without when several processes share it. */
const NEEDED = [
  'DATABASE_URL',
  'REDIS_URL',
  ...Object.entries(CONFIG.properties)
    .filter(([, schema]) => Reflect.get(schema, 'neededInQueueMode') === true)
    .map(([name]) => name),
]
/** What Node itself listens to. */
const OF_NODE = ['NODE_ENV']
const FLAGS = /NODE_FLAGS = \['(.+)'\]/.exec(read('scripts/toolchain/run.mjs'))?.[1] ?? 'no flags found'
/** What a process takes to stop, and may wait before it begins. */
const stopLimitMs =
  Number(
    /STOP_WITHIN_MS = ([\d_]+)/.exec(read('packages/core/src/run-process.ts'))?.[1]?.replaceAll('_', ''),
  ) +
  1_000 * Number(Reflect.get(Object(Reflect.get(CONFIG.properties, 'DRAIN_SECONDS')), 'maximum') ?? 0)

const stages = parseDockerfile(read('Dockerfile'))
const final = stages.filter(({ name }) => name === 'service' || name === 'simulator')
const service = stages.find(({ name }) => name === 'service')
if (service === undefined) throw new Error('the Dockerfile has no stage service')

describe('the Dockerfile', () => {
  it('builds the service when no target is named, on node:24-slim alone', () => {
    expect(stages.at(-1)?.name).toBe('service')
    const names = stages.map(({ name }) => name)
    const images = stages.map(({ from }) => from).filter((from) => !names.includes(from))
    expect(new Set(images)).toEqual(new Set(['node:24-slim']))
  })

  const copies = stages.flatMap((stage) => copiesOf(stage).map((copy) => ({ into: stage.name, ...copy })))
  const ofTree = copies.filter(({ stage }) => stage === undefined)

  it.each(ofTree)('copies into $into what there is and what may go in: $sources', ({ sources }) => {
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([])
    expect(sources.filter(isIgnored)).toEqual([])
  })

  it('copies from no stage that there is not', () => {
    const from = copies.flatMap(({ stage }) => stage ?? [])
    expect(from.length).toBeGreaterThan(1)
    expect(stages.map(({ name }) => name)).toEqual(expect.arrayContaining(from))
  })

  it('keeps out what is no source: installs, builds, tests, secrets', () => {
    const paths = ['.env', '.git', 'node_modules', 'data', 'packages/core/dist', 'packages/api/test']
    expect(paths.filter((path) => !isIgnored(path))).toEqual([])
  })

  it('installs by every manifest of the workspace, with the package manager of the project, nothing of development', () => {
    const [manifests] = stages
    const copied = copiesOf(manifests ?? service).flatMap(({ sources }) => sources)
    expect(copied).toEqual(expect.arrayContaining(globSync('packages/*/package.json', { cwd: root })))
    const runs = stages.flatMap((stage) => textsOf(stage, 'RUN'))
    expect(runs[0]).toBe(`npm install --global ${packageManager}`)
    for (const run of runs.slice(1)) expect(run).toMatch(/^pnpm install --prod --frozen-lockfile --filter /)
  })

  it.each(final)('runs $name as nobody special, in exec form, with a health check', (stage) => {
    const [user = ''] = textsOf(stage, 'USER')
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    for (const command of [...textsOf(stage, 'CMD'), ...textsOf(stage, 'HEALTHCHECK')])
      expect(execForm(command)[0]).toBe('node')
    expect(textsOf(stage, 'CMD')).toHaveLength(1)
    expect(textsOf(stage, 'HEALTHCHECK')).toHaveLength(1)
  })

  it('starts files that are in the image, as `npm run` starts them', () => {
    expect(execForm(textsOf(service, 'CMD')[0] ?? '')).toEqual(['node', FLAGS, 'packages/api/src/main.ts'])
    const copied = copiesOf(service).flatMap(({ sources }) => sources)
    const files = [...textsOf(service, 'CMD'), ...textsOf(service, 'HEALTHCHECK')].flatMap((command) =>
      execForm(command).filter((word) => /\.m?[jt]s$/.test(word)),
    )
    expect(files).toHaveLength(2)
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
    expect(files.filter((file) => !copied.some((source) => file.startsWith(source)))).toEqual([])
  })

  it('has every package of ours in the image that api and worker import', () => {
    const copied = copiesOf(service).flatMap(({ sources }) => sources)
    const Dependencies = Type.Object({
      dependencies: Type.Optional(Type.Record(Type.String(), Type.String())),
    })
    const need = (name: string): string[] => {
      const manifest: unknown = JSON.parse(read(`packages/${name}/package.json`))
      const ours = Object.keys(Value.Parse(Dependencies, manifest).dependencies ?? {})
        .filter((dependency) => dependency.startsWith('@org/'))
        .map((dependency) => dependency.slice('@org/'.length))
      return [name, ...ours.flatMap(need)]
    }
    for (const name of new Set([...need('api'), ...need('worker')]))
      expect(copied).toContain(`packages/${name}/src`)
  })

  it('sets variables that are declared', () => {
    for (const stage of stages)
      for (const name of Object.keys(environmentOf(stage))) expect([...variables, ...OF_NODE]).toContain(name)
  })

  it('asks for health on a path that there is', async () => {
    const [, path = ''] = /READY_PATH = '(.+)'/.exec(read('scripts/deploy/healthcheck.mjs')) ?? []
    const Document = Type.Object({ paths: Type.Record(Type.String(), Type.Unknown()) })
    const { paths } = Value.Parse(Document, JSON.parse(await openApiDocument()))
    expect(Object.keys(paths)).toContain(path)
  })
})

/** Whether .dockerignore keeps a path of the tree out: the last line that fits it, or a folder above it, decides. */
function isIgnored(path: string): boolean {
  const parts = path.split('/')
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  let ignored = false
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const pattern = line.replace(/^!/, '')
    // Docker's star means names that begin with a dot too.
    if (pattern === '*' || above.some((folder) => matchesGlob(folder, pattern)))
      ignored = !line.startsWith('!')
  }
  return ignored
}

const Check = Type.Object({ test: Type.Array(Type.String()) })
const ComposedService = Type.Object({
  image: Type.String(),
  build: Type.Optional(Type.Object({ target: Type.String() })),
  command: Type.Optional(Type.Array(Type.String())),
  environment: Type.Optional(Type.Record(Type.String(), Type.String())),
  env_file: Type.Optional(Type.String()),
  ports: Type.Optional(Type.Array(Type.String())),
  volumes: Type.Optional(Type.Array(Type.String())),
  profiles: Type.Optional(Type.Array(Type.String())),
  container_name: Type.Optional(Type.String()),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  healthcheck: Type.Optional(Check),
  restart: Type.String(),
  stop_grace_period: Type.Optional(Type.String({ pattern: '^[0-9]+s$' })),
})
const Composition = Type.Object({
  services: Type.Record(Type.String(), ComposedService),
  volumes: Type.Record(Type.String(), Type.Unknown()),
})
const composeText = read('compose.yaml')
const { services, volumes } = Value.Parse(Composition, parse(composeText, { merge: true }))
const composed = (name: string) => services[name] ?? expect.fail(`compose.yaml has no service ${name}`)
const template = read('.env.example')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => /^([A-Z_]+)=(.*)$/.exec(line)?.slice(1) ?? expect.fail(`no setting: ${line}`))
/** What compose.yaml takes from .env, and how. */
const taken = [...composeText.matchAll(/(?<!\$)\$\{(\w+)(:\?|:-)?/g)].map(([, name = '', how = '']) => ({
  name,
  how,
}))

describe('compose.yaml', () => {
  it('has the servers that the service is made for, the API, workers and a simulator that must be asked for', () => {
    expect(Object.keys(services).toSorted()).toEqual(['api', 'mysql', 'redis', 'worker', 'zk-sim'])
    expect(composed('mysql').image).toBe('mysql:8.4')
    expect(composed('redis').image).toBe('redis:7')
    expect(composed('worker').image).toBe(composed('api').image)
    expect(composed('zk-sim').profiles).toEqual(['demo'])
    for (const name of ['api', 'worker', 'zk-sim'])
      expect(stages.map((stage) => stage.name)).toContain(composed(name).build?.target)
  })

  it.each(['api', 'worker'])(
    'gives %s everything that queue mode needs, and nothing that is not declared',
    (name) => {
      const { environment = {}, env_file } = composed(name)
      expect(Object.keys(environment)).toEqual(expect.arrayContaining(NEEDED))
      for (const variable of Object.keys(environment)) expect(variables).toContain(variable)
      for (const variable of NEEDED) expect(environment[variable]).toMatch(/\$\{\w+:\?[^}]+\}/)
      expect(env_file).toBe('.env')
    },
  )

  it('starts nothing without its secrets, and knows none by itself', () => {
    for (const { name, how } of taken)
      expect([name, how]).toEqual([name, name.startsWith('API_') ? ':-' : ':?'])
    const secrets = new Set(taken.filter(({ how }) => how === ':?').map(({ name }) => name))
    expect(template.filter(([name = '', value]) => secrets.has(name) && value !== '')).toEqual([])
    expect(composeText).not.toMatch(/(?:PASSWORD|SECRET|KEY|TOKEN)\w*: (?!\$\{|'yes')/)
  })

  it('is told by .env.example of every setting that it takes, and of none that there is not', () => {
    const names = template.map(([name]) => name)
    expect(names).toEqual(expect.arrayContaining(taken.map(({ name }) => name)))
    for (const name of names) expect([...variables, ...taken.map((it) => it.name)]).toContain(name)
    expect(read('.gitignore')).toMatch(/^\.env$/m)
  })

  it.each(['api', 'worker'])('starts %s when its servers answer, and lets it stop by itself', (name) => {
    const { depends_on, restart, stop_grace_period = '' } = composed(name)
    expect(depends_on).toEqual({
      mysql: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
    })
    expect(restart).toBe('unless-stopped')
    expect(stopLimitMs).toBeGreaterThan(5_000)
    expect(Number.parseInt(stop_grace_period) * 1_000).toBeGreaterThan(stopLimitMs + 5_000)
  })

  it('runs the worker by its own entry and its own health check, as often as it is asked for', () => {
    const { command, healthcheck, ports, container_name } = composed('worker')
    expect(command).toEqual(['node', FLAGS, 'packages/worker/src/main.ts'])
    expect(healthcheck?.test).toEqual(['CMD', 'node', 'scripts/deploy/healthcheck.mjs', 'worker'])
    expect(environmentOf(service)).toHaveProperty('ALIVE_FILE')
    expect([ports, container_name]).toEqual([undefined, undefined])
  })

  it('keeps what is in MySQL and Redis in volumes, and Redis never drops anything by itself', () => {
    for (const name of ['mysql', 'redis']) {
      expect(composed(name).healthcheck).toBeDefined()
      const [volume = ''] = composed(name).volumes ?? []
      expect(Object.keys(volumes)).toContain(volume.split(':')[0])
      expect(composed(name).ports).toBeUndefined()
    }
    const command = composed('redis').command?.join(' ')
    expect(command).toContain('--maxmemory-policy noeviction')
    expect(command).toContain('--appendonly yes')
  })

  it('is reached from this machine alone unless told otherwise', () => {
    expect(composed('api').ports).toEqual(['${API_BIND:-127.0.0.1}:${API_PORT:-3000}:3000'])
    expect(composed('api').environment).toMatchObject({ HOST: '0.0.0.0', PORT: '3000' })
  })
})

const units = globSync('docs/deploy/systemd/*.service', { cwd: root }).toSorted()
const PLACE = '/opt/zkteco-device-api'

describe('the systemd units', () => {
  it('are for the API, for workers, and for everything in one process', () => {
    expect(units.map((path) => basename(path))).toEqual([
      'zkteco-api.service',
      'zkteco-embedded.service',
      'zkteco-worker@.service',
    ])
  })

  it.each(units)(
    '%s starts a file that there is, on our own Node, and sets declared variables alone',
    (path) => {
      const unit = read(path)
      const [, start = ''] = /^ExecStart=(.+)$/m.exec(unit) ?? []
      const [node = '', flags, script = ''] = start.split(' ')
      expect(node).toBe(`${PLACE}/node_modules/node/bin/node`)
      expect(existsSync(node.replace(PLACE, root))).toBe(true)
      expect(flags).toBe(FLAGS)
      expect(existsSync(join(root, script))).toBe(true)
      const set = [...unit.matchAll(/^Environment=(.+)$/gm)].flatMap(([, pairs = '']) => pairs.split(' '))
      for (const pair of set) expect([...variables, ...OF_NODE]).toContain(pair.split('=')[0])
      expect(
        existsSync(join(root, /^Documentation=file:\/\/\/opt\/[^/]+\/(\S+)$/m.exec(unit)?.[1] ?? '')),
      ).toBe(true)
    },
  )

  it.each(units)(
    '%s gives the process no rights, time to stop, and no new start into a wrong configuration',
    (path) => {
      const unit = read(path)
      const [, seconds = '0'] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? []
      expect(Number(seconds) * 1_000).toBeGreaterThan(stopLimitMs + 5_000)
      expect(unit).toMatch(/^(DynamicUser=yes|User=zkteco-device-api)$/m)
      for (const line of [
        'NoNewPrivileges=yes',
        'ProtectSystem=strict',
        'Restart=always',
        'RestartPreventExitStatus=2',
      ])
        expect(unit.split('\n')).toContain(line)
      expect(unit).toMatch(/^EnvironmentFile=-?\/etc\/zkteco-device-api\.env$/m)
    },
  )

  it.skipIf(spawnSync('systemd-analyze', ['--version']).status !== 0).each(units)(
    '%s is a unit that systemd itself takes',
    (path) => {
      const folder = mkdtempSync(join(tmpdir(), 'zk-units-'))
      try {
        const copy = join(folder, basename(path))
        writeFileSync(copy, read(path).replaceAll(PLACE, root.replace(/\/$/, '')))
        const { status, stderr } = spawnSync('systemd-analyze', ['verify', copy], { encoding: 'utf8' })
        expect(stderr).toBe('')
        expect(status).toBe(0)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})
