// The walls of the house, tried on every file and on imports that must be refused.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PACKAGE_IMPORTS, importsOf, readDependencies, violations } from '../toolchain/layers.ts'

const root = new URL('../..', import.meta.url).pathname
const dependencies = Object.fromEntries(
  Object.keys(PACKAGE_IMPORTS).map((name) => [
    name,
    readDependencies(join(root, 'packages', name, 'package.json')),
  ]),
)
const files = globSync('packages/*/src/**/*.ts', { cwd: root }).map((path) => ({
  path: path.replaceAll('\\', '/'),
  source: readFileSync(join(root, path), 'utf8'),
}))

describe('imports run one way', () => {
  it('in every file of every package', () => {
    expect(files.length).toBeGreaterThan(50)
    expect(violations(files, dependencies)).toEqual([])
  })

  it('and packages are entered by their exports alone', () => {
    const tests = globSync(['packages/*/test/**/*.ts', 'scripts/**/*.ts'], { cwd: root })
    const deep = tests.flatMap((path) =>
      importsOf({ path, source: readFileSync(join(root, path), 'utf8') })
        .filter(
          ({ from }) => from.startsWith('@org/') && !/^@org\/[a-z-]+(\/wire|\/beside-http)?$/.test(from),
        )
        .map(({ from }) => `${path}: ${from}`),
    )
    expect(deep).toEqual([])
  })
})

describe('no rule is switched off', () => {
  it('by comment, and nothing is left for later', () => {
    const sources = globSync(['packages/*/{src,test}/**/*.ts', 'scripts/**/*.{ts,mjs}'], { cwd: root })
    const marks = new RegExp(
      ['(ox|es)lint-disable', '@ts-(ignore|nocheck|expect-error)', '\\b(T[O]DO|FIX[M]E|X[X]X)\\b'].join('|'),
    )
    const found = sources.filter((path) => marks.test(readFileSync(join(root, path), 'utf8')))
    expect(found).toEqual([])
  })
})

describe('the check refuses', () => {
  const refused: readonly (readonly [title: string, path: string, source: string])[] = [
    [
      'a package that imports sideways',
      'packages/api/src/app.ts',
      "import { startWorker } from '@org/worker'",
    ],
    ['core that knows the api', 'packages/core/src/services.ts', "import type { App } from '@org/api'"],
    ['data that knows core', 'packages/data/src/punches.ts', "export { Punch } from '@org/core'"],
    [
      'the service that imports the simulator',
      'packages/core/src/services.ts',
      "await import('@org/zk-sim')",
    ],
    ['a reach into another package', 'packages/core/src/services.ts', "import '../../data/src/schema.ts'"],
    ['a deep entrance', 'packages/core/src/services.ts', "import '@org/data/src/schema.ts'"],
    ['rows reached past core', 'packages/api/src/routes/auth.ts', "import { openDatabase } from '@org/data'"],
    [
      'more than the door to data',
      'packages/api/src/main.ts',
      "import { openDatabase, type Punches } from '@org/data'",
    ],
    [
      'an adapter used in place of its port',
      'packages/core/src/operations/a.ts',
      "import '../terminals/lease-redis.ts'",
    ],
    ['npm in the library', 'packages/zk-proto/src/bytes.ts', "import 'debug'"],
    ['an undeclared dependency', 'packages/core/src/log.ts', "import 'left-pad'"],
    [
      'records that know commands',
      'packages/zk-proto/src/records/person.ts',
      "import '../commands/people.ts'",
    ],
    [
      'a session that knows the procedures',
      'packages/zk-proto/src/session/session.ts',
      "import '../procedures/handshake.ts'",
    ],
    [
      'a transport that knows commands',
      'packages/zk-proto/src/transport/tcp.ts',
      "import '../commands/door.ts'",
    ],
    [
      'a procedure that knows the transport',
      'packages/zk-proto/src/procedures/handshake.ts',
      "import '../transport/tcp.ts'",
    ],
    [
      'a socket outside transport',
      'packages/zk-proto/src/session/session.ts',
      "import { connect } from 'node:net'",
    ],
    ['a timer outside transport', 'packages/zk-proto/src/session/session.ts', 'setTimeout(() => {}, 1)'],
    ['a clock outside transport', 'packages/zk-proto/src/terminal.ts', 'export const now = () => Date.now()'],
    [
      'a clock by another way',
      'packages/zk-proto/src/session/session.ts',
      'export const at = () => new Date',
    ],
    ['the network by fetch', 'packages/zk-proto/src/terminal.ts', "export const page = fetch('http://x')"],
    [
      'a module of Node that does things',
      'packages/zk-proto/src/bytes.ts',
      "import { get } from 'node:http'",
    ],
    [
      'a type taken in passing',
      'packages/core/src/services.ts',
      "export type A = import('@org/api').RunningApi",
    ],
    ['a require by hand', 'packages/core/src/services.ts', "createRequire(import.meta.url)('@org/api')"],
    ['rows entered without a name', 'packages/api/src/main.ts', "import '@org/data'"],
    [
      'a terminal reached past core',
      'packages/api/src/routes/door.ts',
      "import { connect } from '@org/zk-proto'",
    ],
    ['a technology in an operation', 'packages/core/src/operations/a.ts', "import { Redis } from 'ioredis'"],
    ['a socket in an operation', 'packages/core/src/operations/a.ts', "import { connect } from 'node:net'"],
    [
      'an operation that knows the service',
      'packages/core/src/operations/a.ts',
      "import { createServices } from '../services.ts'",
    ],
    [
      'a job that knows an operation',
      'packages/core/src/jobs/a.ts',
      "import { syncAttendance } from '../operations/sync-attendance.ts'",
    ],
    [
      'half of an adapter',
      'packages/core/src/operations/a.ts',
      "import { Carriers } from '../jobs/bullmq-carriers.ts'",
    ],
    ['a file that stands nowhere', 'packages/zk-proto/src/odds-and-ends.ts', "import './bytes.ts'"],
  ]
  it.each(refused)('%s', (_title, path, source) => {
    expect(violations([{ path, source }], dependencies)).not.toEqual([])
  })

  it('and lets through what the plan allows', () => {
    const allowed = [
      { path: 'packages/api/src/main.ts', source: "import { openDatabase } from '@org/data'" },
      {
        path: 'packages/core/src/adapters.ts',
        source: "import './terminals/lease-redis.ts'; import '@org/zk-proto'",
      },
      {
        path: 'packages/zk-proto/src/transport/tcp.ts',
        source: "import { connect } from 'node:net'; setTimeout(() => {}, 1)",
      },
      {
        path: 'packages/zk-proto/src/terminal.ts',
        source: "// setTimeout is not used\nimport './transport/tcp.ts'",
      },
    ]
    expect(violations(allowed, dependencies)).toEqual([])
  })
})
