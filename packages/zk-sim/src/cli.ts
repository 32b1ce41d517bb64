#!/usr/bin/env node
// The command line: starts terminals, prints one ready line, runs until it is told to end. Bad options end it with one
// clear line and exit code 2, anything else that fails with exit code 1.
import { readFile } from 'node:fs/promises'
import { helpText } from './cli/help.ts'
import { run } from './cli/run.ts'
import { OptionError, readSettings } from './cli/settings.ts'
import { FaultScriptError } from './faults/fault-plan.ts'

const PROGRAM = 'zk-sim'

async function main(args: readonly string[]): Promise<void> {
  const wish = readSettings(args)
  if (wish === 'help') process.stdout.write(helpText(PROGRAM))
  else if (wish === 'version') process.stdout.write(`${await version()}\n`)
  else await run(wish)
}

async function version(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest))
    throw new TypeError('package.json names no version')
  return String(manifest.version)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  const isOption = error instanceof OptionError || error instanceof FaultScriptError
  process.stderr.write(`${PROGRAM}: ${message}${isOption ? ' (--help lists the options)' : ''}\n`)
  process.exitCode = isOption ? 2 : 1
}
