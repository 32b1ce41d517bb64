// Builds a package for publishing, from nothing: what a former build left is gone, so that no file of a module that no
// longer exists is shipped. Run by the package's `prepack` in its own folder; plain JavaScript, because pnpm may pack on
// whatever Node the machine has. Nothing is installed here: a release is packed from what the lockfile gave.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const COMPILER = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
/** A build takes a second or two; one that has hung for this long is ended. */
const BUILD_WITHIN_MS = 120_000

const folder = process.cwd()
if (!existsSync(join(folder, 'tsconfig.json'))) {
  console.error(`No package to build in ${folder}: run it in the folder of one.`)
  process.exit(2)
}
if (!existsSync(COMPILER)) {
  console.error('TypeScript is not installed: npx --yes pnpm@10.34.9 install --frozen-lockfile')
  process.exit(1)
}
// The build's memory of what is up to date lies in dist and goes with it.
rmSync(join(folder, 'dist'), { recursive: true, force: true })
const { status, error } = spawnSync(process.execPath, [COMPILER, '--build'], {
  cwd: folder,
  stdio: ['ignore', 'inherit', 'inherit'],
  timeout: BUILD_WITHIN_MS,
  killSignal: 'SIGKILL',
})
if (error) console.error(`The build did not run to its end: ${error.message}`)
process.exitCode = status ?? 1
