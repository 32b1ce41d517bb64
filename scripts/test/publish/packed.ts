// Both published packages as tarballs, packed by pnpm from a copy of the workspace that holds what a fresh clone holds:
// sources and no build. The real dist folders stay as they are for whoever uses them meanwhile.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { run } from './programs.ts'

export const ROOT = new URL('../../..', import.meta.url).pathname

/** The published packages, in the order in which they depend on each other. */
export const PUBLISHED = ['zk-proto', 'zk-sim'] as const
export type Published = (typeof PUBLISHED)[number]

export interface Packed extends Disposable {
  /** A folder for whatever the test needs; removed at the end with everything in it. */
  readonly folder: string
  /** The sources that were packed. */
  readonly clone: string
  readonly tarballs: Readonly<Record<Published, string>>
}

/** Packs both packages as a release does. Needs pnpm, from npm's cache or the registry. */
export async function packBoth(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'zk-publish-'))
  const removed = () => rmSync(folder, { recursive: true, force: true })
  try {
    const clone = join(folder, 'clone')
    copyWorkspace(clone)
    const tarballs = { 'zk-proto': '', 'zk-sim': '' }
    for (const name of PUBLISHED) tarballs[name] = await pack(clone, name, folder)
    return { folder, clone, tarballs, [Symbol.dispose]: removed }
  } catch (error) {
    removed()
    throw error
  }
}

async function pack(clone: string, name: Published, folder: string): Promise<string> {
  const { packageManager }: { packageManager: string } = manifestOf(clone)
  const { version }: { version: string } = manifestOf(join(clone, 'packages', name))
  const command = [packageManager, `--filter=@org/${name}`, 'pack', `--pack-destination=${folder}`]
  await run('npx', ['--yes', ...command], { cwd: clone })
  return join(folder, `org-${name}-${version}.tgz`)
}

function manifestOf(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/**
 * What the two packages are built from: their sources, the script that builds, and links to the compiler and the types of
 * Node. Nothing else is installed there, so nothing that is done in the copy can reach the original.
 */
function copyWorkspace(clone: string): void {
  const made = new Set(['node_modules', 'dist', 'test', 'coverage'])
  const paths = ['package.json', 'pnpm-workspace.yaml', 'tsconfig.base.json', 'scripts/toolchain']
  for (const path of [...paths, ...PUBLISHED.map((name) => `packages/${name}`)]) {
    cpSync(join(ROOT, path), join(clone, path), {
      recursive: true,
      filter: (source) => !made.has(basename(source)),
    })
  }
  link(realpathSync(join(ROOT, 'node_modules/typescript')), join(clone, 'node_modules/typescript'))
  link(realpathSync(join(ROOT, 'node_modules/@types/node')), join(clone, 'node_modules/@types/node'))
  // One package is built where nothing was; the other where a former build left a module that is no more.
  mkdirSync(join(clone, 'packages/zk-sim/dist'))
  writeFileSync(join(clone, 'packages/zk-sim/dist/gone.js'), 'export {}\n')
  link(join(clone, 'packages/zk-proto'), join(clone, 'packages/zk-sim/node_modules/@org/zk-proto'))
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path)
}
