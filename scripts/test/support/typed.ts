// Commands of docs/operations.md as somebody types them, with stand-ins for what a test must not do to the machine: each says what
// it was asked, and does of it what is asked of it here.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const ROOT = new URL('../../..', import.meta.url).pathname
const PAGE = join(ROOT, 'docs/operations.md')
const WITHIN_MS = 240_000

/** The block of the page with these words behind its fence. Throws unless there is exactly one. */
export function blockOf(language: string): string {
  const found = [...readFileSync(PAGE, 'utf8').matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].filter(
    ([, words]) => words === language,
  )
  const [[, , block] = []] = found
  if (block === undefined || found.length > 1) throw new Error(`not one block ${language}: ${found.length}`)
  return block
}

export interface TypedOptions {
  /** Where it is typed. */
  readonly cwd: string
  /** Command → the shell script that stands in for it; what it was asked is written down before. */
  readonly standIns: Readonly<Record<string, string>>
  /** Text of the page → what stands here for it. */
  readonly here?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** What came of it: the output, and all that stand-ins were asked, a line each. */
export interface Typed {
  readonly stdout: string
  readonly asked: readonly string[]
}

/** Types a block into a shell that ends at the first failure. Throws when it failed, with what it said. */
export async function typed(block: string, folder: string, options: TypedOptions): Promise<Typed> {
  const bin = join(folder, 'stand-ins')
  const asked = join(folder, 'asked')
  mkdirSync(bin, { recursive: true })
  writeFileSync(asked, '')
  for (const [name, script] of Object.entries(options.standIns)) {
    writeFileSync(join(bin, name), `#!/bin/bash\necho "${name} $*" >> '${asked}'\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  const lines = Object.entries(options.here ?? {}).reduce(
    (so, [theirs, ours]) => so.replaceAll(theirs, ours),
    block,
  )
  const child = spawn('bash', ['-eu', '-o', 'pipefail', '-c', lines], {
    cwd: options.cwd,
    env: { ...process.env, HOME: folder, ...options.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: WITHIN_MS,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  if (code !== 0) throw new Error(`it ended with ${String(code)}:\n${lines}\n${stdout}\n${stderr}`)
  return { stdout, asked: readFileSync(asked, 'utf8').split('\n').filter(Boolean) }
}
