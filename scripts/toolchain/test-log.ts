// The log of services that tests start. `npm test` names a folder, and then it is kept at the level debug, one file for each process,
// to be searched for secrets; without the folder there is none. Nothing of it is on the screen.
import { fstatSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createLog } from '@org/core'

/** Names the folder. */
export const TEST_LOG_DIR = 'TEST_LOG_DIR'

/** A process keeps so much and no more; whoever searches a file that is full has not seen everything. A whole run writes a few MB. */
export const FULL_LOG_BYTES = 64 * 1_024 * 1_024

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
  // Tests of one process each open it anew.
  let bytes = fstatSync(file).size
  return {
    write(line) {
      if (bytes < FULL_LOG_BYTES) bytes += writeSync(file, line)
    },
  }
}
