// Who may import whom: the walls of the house, declared once. scripts/test/layers.test.ts reads every import of every file
// with a real parser and fails when one goes against them; docs/architecture.md draws the same picture in words.
import { readFileSync } from 'node:fs'
import { dirname, posix } from 'node:path'
import { parseSync } from 'oxc-parser'

/** Package → packages of ours that its src may import. What is not named is forbidden; nobody imports sideways. */
export const PACKAGE_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'zk-proto': [],
  data: [],
  'zk-sim': ['zk-proto', 'zk-proto/wire'],
  core: ['zk-proto', 'data'],
  api: ['zk-proto', 'core', 'data'],
  worker: ['zk-proto', 'core', 'data'],
}

/** The processes open their own database and hand it to core: all that api and worker may take from data, and where. */
const DATA_DOOR = { packages: ['api', 'worker'], file: 'main.ts', name: 'openDatabase' }

/** Inside zk-proto a file imports from its own storey or from below. First match counts; a file on no storey is an error. */
const ZK_PROTO_STOREYS: readonly { readonly name: string; readonly files: RegExp }[] = [
  {
    name: 'bytes, layouts, codes',
    files: /^(errors|bytes|layout|wall-time|name-encoding|codes|packet|framing|comm-key)\.ts$/,
  },
  { name: 'records', files: /^records\// },
  { name: 'commands', files: /^commands\// },
  { name: 'session', files: /^session\// },
  { name: 'procedures', files: /^procedures\// },
  { name: 'transport', files: /^transport\// },
  {
    name: 'terminal',
    files: /^(terminal|terminal-[a-z-]+|connect|probe|watch|copy-people|attendance-(read|choice))\.ts$/,
  },
  { name: 'entrances', files: /^(index|wire)\.ts$/ },
]
/** transport stands beside the conversations: it drives a session and knows none of them. */
const NOT_FOR_TRANSPORT = /^(records|commands|procedures)\//

/**
 * Of zk-proto api and worker take types, and these tables and their look-ups, so that a code's name is declared once. A terminal
 * they reach through core.
 */
const CODE_TABLES = [
  'PUNCH_STATES',
  'VERIFY_MODES',
  'ZK_ERRORS',
  'punchStateName',
  'verifyModeName',
  'privilegeLevel',
]

/** Sockets, timers and clocks: in zk-proto only below transport/, so that a session can be tested with a virtual clock. */
const HANDS =
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|performance|process|fetch|Temporal)\b|\bDate\b(?!\.UTC\b)/

/** What the library may take from Node outside transport/: computing, no input or output. */
const HANDLESS_MODULES = ['node:crypto']

/** Adapters of core's ports are chosen in one place. */
const ADAPTER = /(^|\/)([a-z-]+-(memory|redis|database|bullmq)|bullmq-[a-z-]+)\.ts$/
const ADAPTER_CHOOSERS = ['adapters.ts']
/** Technologies that only adapters and the place that chooses them know. */
const TECHNOLOGIES = ['ioredis', 'bullmq', 'mysql2', 'kysely', 'node:net', 'node:dgram', 'node:sqlite']
const TECHNOLOGY_ROOMS = /^(services|adapters|redis|health)\.ts$|^terminals\/network-bounds\.ts$/
/** Rooms of core that must not know others: an operation is called, it does not call the service or a queue. */
const CLOSED_ROOMS: readonly { readonly from: RegExp; readonly to: RegExp; readonly why: string }[] = [
  {
    from: /^(operations|terminals|jobs)\//,
    to: /^services\.ts$/,
    why: 'only index.ts and types know the service as a whole',
  },
  { from: /^(jobs|terminals)\//, to: /^operations\//, why: 'operations stand above jobs and terminals' },
]

export interface SourceFile {
  /** From the project's root, with slashes: packages/core/src/services.ts */
  readonly path: string
  readonly source: string
}

export interface Import {
  readonly from: string
  /** What is taken that exists when the code runs. */
  readonly names: readonly string[]
  readonly types: readonly string[]
  /** Nothing but types is taken. */
  readonly typesOnly: boolean
}

/** The manifest's runtime dependencies of each package, for "nobody imports what they did not declare". */
export type Dependencies = Readonly<Record<string, readonly string[]>>

/** Every import that goes against the walls, as sentences; empty when the house stands. */
export function violations(files: readonly SourceFile[], dependencies: Dependencies): string[] {
  return files.flatMap((file) => [...check(file, dependencies)])
}

export function importsOf(file: SourceFile): Import[] {
  const { module, errors } = parseSync(file.path, file.source)
  const first = errors[0]
  if (first !== undefined) throw new Error(`${file.path}: ${first.message}`)
  const imports: Import[] = module.staticImports.map((statement) => {
    const values = statement.entries.filter((entry) => !entry.isType)
    return {
      from: statement.moduleRequest.value,
      names: values.map((entry) => entry.importName.name ?? '*'),
      types: statement.entries.filter((entry) => entry.isType).map((entry) => entry.importName.name ?? '*'),
      typesOnly: statement.entries.length > 0 && values.length === 0,
    }
  })
  for (const statement of module.staticExports) {
    for (const entry of statement.entries) {
      if (entry.moduleRequest === null) continue
      const taken = [entry.importName.name ?? '*']
      const [names, types] = entry.isType ? [[], taken] : [taken, []]
      imports.push({ from: entry.moduleRequest.value, names, types, typesOnly: entry.isType })
    }
  }
  // import('…') as a call and as a type, and require('…') by whatever name it was made.
  for (const [, quoted] of withoutComments(file).matchAll(
    /\b(?:import|require)\s*\(\s*['"`]([^'"`]+)['"`]\s*\)/g,
  )) {
    if (quoted !== undefined) imports.push({ from: quoted, names: ['*'], types: [], typesOnly: false })
  }
  return imports
}

function* check(file: SourceFile, dependencies: Dependencies): Generator<string> {
  const place = /^packages\/([^/]+)\/src\/(.+)$/.exec(file.path)
  const packageName = place?.[1]
  const inside = place?.[2]
  if (packageName === undefined || inside === undefined) return
  const allowed = PACKAGE_IMPORTS[packageName]
  if (allowed === undefined) {
    yield `${file.path}: the package ${packageName} stands on no plan; name it in scripts/toolchain/layers.ts`
    return
  }
  if (/\bcreateRequire\b/.test(withoutComments(file)))
    yield `${file.path} makes a require of its own; use import`
  for (const taken of importsOf(file)) {
    const { from } = taken
    const against = (why: string) => `${file.path} imports ${from}: ${why}`
    if (from.startsWith('.')) {
      const target = posix.join(dirname(inside), from)
      if (target.startsWith('..'))
        yield against('a file imports only from its own package, others by their exports')
      else yield* checkInside({ packageName, inside, target, typesOnly: taken.typesOnly, against })
    } else if (from.startsWith('@org/')) {
      const target = from.slice('@org/'.length)
      if (!allowed.includes(target)) yield against(`${packageName} may import ${list(allowed)} of ours`)
      else yield* checkDoors(packageName, inside, target, taken, against)
      if (!(dependencies[packageName] ?? []).includes(`@org/${target.split('/')[0]}`))
        yield against('it is not in the dependencies')
    } else if (from.startsWith('node:')) {
      if (
        packageName === 'zk-proto' &&
        !HANDLESS_MODULES.includes(from) &&
        !inside.startsWith('transport/')
      ) {
        yield against('sockets, timers and files are for transport/ alone')
      }
    } else {
      const name = from
        .split('/')
        .slice(0, from.startsWith('@') ? 2 : 1)
        .join('/')
      if (packageName === 'zk-proto') yield against('the library has no dependency')
      else if (!(dependencies[packageName] ?? []).includes(name))
        yield against('it is not in the dependencies')
    }
  }
  if (packageName === 'core' && !ADAPTER.test(inside) && !TECHNOLOGY_ROOMS.test(inside)) {
    for (const { from } of importsOf(file)) {
      if (TECHNOLOGIES.includes(from))
        yield `${file.path} imports ${from}: that is for adapters; use the port`
    }
  }
  if (packageName === 'zk-proto' && !inside.startsWith('transport/')) {
    const hand = HANDS.exec(withoutComments(file))?.[0]
    if (hand !== undefined) yield `${file.path} uses ${hand}: timers and clocks are for transport/ alone`
  }
}

interface InsideImport {
  readonly packageName: string
  readonly inside: string
  readonly target: string
  readonly typesOnly: boolean
  readonly against: (why: string) => string
}

function* checkInside({ packageName, inside, target, typesOnly, against }: InsideImport): Generator<string> {
  if (
    packageName === 'core' &&
    ADAPTER.test(target) &&
    !ADAPTER.test(inside) &&
    !ADAPTER_CHOOSERS.includes(inside)
  ) {
    yield against(`adapters are chosen in ${list(ADAPTER_CHOOSERS)} alone; use the port`)
  }
  if (packageName === 'core' && !typesOnly) {
    for (const { from, to, why } of CLOSED_ROOMS) if (from.test(inside) && to.test(target)) yield against(why)
  }
  if (packageName !== 'zk-proto') return
  const own = storey(inside)
  const other = storey(target)
  if (own === -1)
    yield against(`${inside} stands on no storey of zk-proto; name it in scripts/toolchain/layers.ts`)
  else if (other === -1) yield against('that file stands on no storey of zk-proto')
  else if (other > own)
    yield against(`${ZK_PROTO_STOREYS[own]?.name} do not know ${ZK_PROTO_STOREYS[other]?.name}`)
  else if (inside.startsWith('transport/') && NOT_FOR_TRANSPORT.test(target))
    yield against('transport only drives a session')
}

/** What api and worker may take of data and of zk-proto, by name. */
function* checkDoors(
  packageName: string,
  inside: string,
  target: string,
  { names, types, typesOnly }: Import,
  against: (why: string) => string,
): Generator<string> {
  if (!DATA_DOOR.packages.includes(packageName)) return
  if (
    target === 'data' &&
    (inside !== DATA_DOOR.file || types.length > 0 || names.join() !== DATA_DOOR.name)
  ) {
    yield against(
      `${packageName} takes only ${DATA_DOOR.name} from data, in ${DATA_DOOR.file}; rows are reached through core`,
    )
  }
  if (
    target === 'zk-proto' &&
    !typesOnly &&
    (names.length === 0 || names.some((name) => !CODE_TABLES.includes(name)))
  ) {
    yield against(
      `${packageName} takes types and code tables (${list(CODE_TABLES)}) from zk-proto; terminals are reached through core`,
    )
  }
}

function storey(file: string): number {
  return ZK_PROTO_STOREYS.findIndex(({ files }) => files.test(file))
}

function withoutComments(file: SourceFile): string {
  const { comments } = parseSync(file.path, file.source)
  let text = file.source
  for (const { start, end } of comments.toReversed()) text = text.slice(0, start) + text.slice(end)
  return text
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ')
}

/** The runtime dependencies that a package's manifest names. */
export function readDependencies(manifestPath: string): string[] {
  const manifest: unknown = JSON.parse(readFileSync(manifestPath, 'utf8'))
  if (typeof manifest !== 'object' || manifest === null) throw new Error(`${manifestPath} is no manifest`)
  const dependencies: unknown = Reflect.get(manifest, 'dependencies') ?? {}
  if (typeof dependencies !== 'object' || dependencies === null)
    throw new Error(`${manifestPath}: dependencies is no object`)
  return Object.keys(dependencies)
}
