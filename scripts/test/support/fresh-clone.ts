// The project as somebody gets it who clones it: a repository made of the files as they lie here, and, in place of the half minute
// that the first start installs for, this folder's own packages.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = new URL('../../..', import.meta.url).pathname
/** All that pnpm has downloaded; everything else in a node_modules is a link into it, or to a package of ours. */
const STORE = '.pnpm'

/** A bare repository in `folder` that holds the project's files as they lie here, committed or not. Gives its path. */
export function repositoryOfFiles(folder: string): string {
  const repository = join(folder, 'repository.git')
  git('init', '--quiet', '--bare', '--initial-branch=main', repository)
  const here = ['--git-dir', repository, '--work-tree', ROOT]
  git(...here, 'add', '--all')
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com']
  git(...author, ...here, 'commit', '--quiet', '--message=all')
  return repository
}

/** Makes a clone look as after its first install. Links to packages of ours lead to those of the clone. */
export function installFromHere(clone: string): void {
  mkdirSync(join(clone, 'node_modules'))
  symlinkSync(join(ROOT, 'node_modules', STORE), join(clone, 'node_modules', STORE))
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (![STORE, '.cache', '.vite', '.installed-from'].includes(name))
      copyLinks(join('node_modules', name), clone)
  for (const path of globSync('packages/*/node_modules', { cwd: ROOT })) copyLinks(path, clone)
  // What scripts/toolchain/run.mjs knows a finished install by.
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(clone, file)))
  const installedFrom = `${hash.digest('hex')} ${process.platform} ${process.arch}`
  writeFileSync(join(clone, 'node_modules/.installed-from'), installedFrom)
}

function copyLinks(path: string, clone: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true })
  cpSync(join(ROOT, path), join(clone, path), { recursive: true, verbatimSymlinks: true })
}

function git(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('git', args, { encoding: 'utf8', timeout: 120_000 })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${error?.message ?? stderr}`)
}
