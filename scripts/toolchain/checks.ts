// What is checked without running anything: types, lint, format. Declared once for `npm test` and `npm run check`.
import { spawn } from 'node:child_process'

export interface Check {
  readonly name: string
  readonly command: readonly [string, ...string[]]
}

export const CHECKS: readonly Check[] = [
  { name: 'types', command: ['node_modules/.bin/tsc', '-b'] },
  { name: 'lint', command: ['node_modules/.bin/oxlint', '--max-warnings=0'] },
  { name: 'format', command: ['node_modules/.bin/oxfmt', '--check', '.'] },
]

/** Runs one check with its output shown; false when it found something or could not run. */
export function runCheck(check: Check, signal: AbortSignal): Promise<boolean> {
  const [command, ...args] = check.command
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], signal })
    child.once('error', (error) => {
      console.error(`${check.name}: ${error.message}`)
      resolve(false)
    })
    child.once('exit', (code) => resolve(code === 0))
  })
}
