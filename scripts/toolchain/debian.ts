// Programs that the tests need and that npm does not bring: found on the machine, or installed from Debian's packages as root.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program, or several of one package, that must be there. */
export interface Wanted {
  readonly name: string
  readonly debianPackage: string
  /** What can be done where it cannot be installed, beside leaving it out. */
  readonly instead?: string
  readonly binaries: readonly string[]
}

/** The browser that the simulator's page is tested in. */
export const CHROMIUM: Wanted = { name: 'Chromium', debianPackage: 'chromium', binaries: ['chromium'] }

/** Tools that tests call by name. */
export const TOOLS: readonly Wanted[] = [
  { name: 'curl', debianPackage: 'curl', binaries: ['curl'] },
  { name: 'git', debianPackage: 'git', binaries: ['git'] },
  CHROMIUM,
]

/** What cannot be had on this machine, with the command to type. Tests that need it have then failed, not been skipped. */
export class ProgramMissing extends Error {}

const INSTALL_DEADLINE_MS = 600_000
/** Debian keeps server binaries outside an ordinary user's PATH. */
const SEARCH_PATH = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin']

/** The wanted binaries by name, installed if need be. Throws ProgramMissing. */
export function obtainBinaries(
  wanted: Wanted,
  say: (line: string) => void,
): { binaries: Map<string, string>; installedNow: boolean } {
  const there = find(wanted.binaries)
  if (there !== undefined) return { binaries: there, installedNow: false }
  say(`${wanted.name} is not installed; installing Debian's ${wanted.debianPackage} …`)
  aptInstall(wanted)
  const binaries = find(wanted.binaries)
  if (binaries === undefined) throw missing(wanted, 'its package brought no binary that could be found')
  return { binaries, installedNow: true }
}

function find(names: readonly string[]): Map<string, string> | undefined {
  const found = new Map<string, string>()
  for (const name of names) {
    const path = SEARCH_PATH.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate))
    if (path === undefined) return undefined
    found.set(name, path)
  }
  return found
}

function aptInstall(wanted: Wanted): void {
  if (process.getuid?.() !== 0 || find(['apt-get']) === undefined) {
    throw missing(
      wanted,
      'it is not installed, and this is not root on Debian, where it would be installed now',
    )
  }
  // Only the binaries are wanted: RUNLEVEL=1 keeps Debian's maintainer scripts from starting a system service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: INSTALL_DEADLINE_MS })
  const updated = apt('update')
  const result = apt('install', '-y', '--no-install-recommends', wanted.debianPackage)
  if (result.status === 0) return
  const said = [updated, result].map(({ stderr, stdout, error }) => stderr || stdout || error?.message || '')
  throw missing(wanted, `apt-get failed: ${said.join('\n').trim()}`)
}

function missing(wanted: Wanted, why: string): ProgramMissing {
  const instead = wanted.instead === undefined ? '' : `  or ${wanted.instead}\n`
  return new ProgramMissing(
    `The tests need ${wanted.name}: ${why}.\n` +
      `  Install it: apt-get update && apt-get install -y --no-install-recommends ${wanted.debianPackage}\n${instead}` +
      `  or leave out what needs it: npm test -- --embedded-only`,
  )
}
