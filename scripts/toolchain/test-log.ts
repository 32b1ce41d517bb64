// The log of services that tests start. `npm test` names a folder, and then it is kept at the level debug, one file for each process,
// to be searched for secrets; without the folder there is none. Nothing of it is on the screen.
import { mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createLog } from '@org/core'

/** Names the folder. */
export const TEST_LOG_DIR = 'TEST_LOG_DIR'

/** One process keeps so much and no more; a run has a few hundred processes, of which hardly any writes a thousandth of it. */
const MOST_BYTES = 64 * 1_024 * 1_024

export interface LogFile {
  /** One line, with its end. At once in the file, so that a process that is killed has written it. */
  write(line: string): void
}

let opened: LogFile | undefined

/** The file of this process, open until it ends; undefined where no logs are kept. */
export function testLogFile(): LogFile | undefined {
  const folder = process.env[TEST_LOG_DIR] ?? ''
  if (folder === '') return undefined
  opened ??= openIn(folder)
  return opened
}

/** A log as the service has it, with what it cuts out. */
export function testLog(): ReturnType<typeof createLog> {
  const file = testLogFile()
  return file === undefined ? createLog('silent') : createLog('debug', file)
}

/** The environment by which a process that a test starts keeps its log there too. */
export function testLogEnvironment(): Readonly<Record<string, string>> {
  const folder = process.env[TEST_LOG_DIR] ?? ''
  return folder === '' ? {} : { [TEST_LOG_DIR]: folder }
}

function openIn(folder: string): LogFile {
  mkdirSync(folder, { recursive: true })
  const file = openSync(join(folder, `${process.pid}.log`), 'a')
  let bytes = 0
  return {
    write(line) {
      if (bytes > MOST_BYTES) return
      bytes += writeSync(file, line)
    },
  }
}
