// What a release would upload: both packages packed from sources alone, looked through, and tried by the two tools that
// judge packages.
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PUBLISHED, ROOT, packBoth, type Packed, type Published } from './packed.ts'
import { PROGRAM_WITHIN_MS, run } from './programs.ts'

// A test runs up to three programs, each with its own deadline.
vi.setConfig({ testTimeout: 3 * PROGRAM_WITHIN_MS })

const made = new DisposableStack()
let packed: Packed
/** Folders whose files are shipped as they are. */
const BESIDE_THE_CODE: Record<Published, readonly string[]> = {
  'zk-proto': [],
  'zk-sim': ['page', 'recorded'],
}
const unpacked: Record<Published, string> = { 'zk-proto': '', 'zk-sim': '' }
const contents: Record<Published, string[]> = { 'zk-proto': [], 'zk-sim': [] }

beforeAll(async () => {
  packed = made.use(await packBoth())
  for (const name of PUBLISHED) {
    const folder = join(packed.folder, name)
    mkdirSync(folder)
    await run('tar', ['-xzf', packed.tarballs[name]], { cwd: folder })
    unpacked[name] = join(folder, 'package')
    contents[name] = filesBelow(unpacked[name])
  }
}, 2 * PROGRAM_WITHIN_MS)
afterAll(() => made.dispose())

describe.each(PUBLISHED)('the tarball of %s', (name) => {
  const manifest = (): Record<string, unknown> =>
    JSON.parse(readFileSync(join(unpacked[name], 'package.json'), 'utf8'))

  it('holds the build of every source file, the documents, and nothing else', () => {
    const sources = filesBelow(join(packed.clone, 'packages', name, 'src'))
    expect(sources.length).toBeGreaterThan(10)
    const built = sources.flatMap((path) =>
      ['.d.ts', '.js'].map((end) => `dist/${path.replace(/\.ts$/, end)}`),
    )
    const beside = BESIDE_THE_CODE[name].flatMap((folder) =>
      filesBelow(join(packed.clone, 'packages', name, folder)).map((path) => `${folder}/${path}`),
    )
    const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
    expect(contents[name]).toEqual([...documents, ...built, ...beside].toSorted())
  })

  it('points to no source map, since it brings none', () => {
    const pointing = contents[name].filter(
      (path) =>
        path.startsWith('dist/') &&
        readFileSync(join(unpacked[name], path), 'utf8').includes('sourceMappingURL'),
    )
    expect(pointing).toEqual([])
  })

  it('leads to its build, and depends on published versions alone', () => {
    expect(JSON.stringify(manifest())).not.toMatch(/\.\/src\/|workspace:/)
    expect(manifest()['dependencies']).toEqual(
      name === 'zk-sim' ? { '@org/zk-proto': version('zk-proto') } : undefined,
    )
    expect(manifest()['engines']).toEqual({ node: '>=20.19' })
  })

  it('tells in its changelog what is new in the version it has', () => {
    const changelog = readFileSync(join(unpacked[name], 'CHANGELOG.md'), 'utf8')
    expect(changelog.match(/^## (.+)$/m)?.[1]).toBe(manifest()['version'])
  })

  it('passes publint without a remark', async () => {
    const tarball = readFileSync(packed.tarballs[name])
    const { messages, pkg } = await publint({
      strict: true,
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
    })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  it('passes attw as a package of ES modules', async () => {
    const printed = await run(
      join(ROOT, 'node_modules/.bin/attw'),
      [packed.tarballs[name], '--profile', 'esm-only', '--format', 'json'],
      { cwd: packed.folder },
    )
    const { analysis }: { analysis: { types: unknown } } = JSON.parse(printed)
    expect(analysis.types).toMatchObject({ kind: 'included' })
  })
})

function version(name: Published): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'),
  )
  return version
}

/** Paths from the folder, with slashes, sorted. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}
