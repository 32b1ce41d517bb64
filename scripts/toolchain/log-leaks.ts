// Looks for the tests' secrets in the logs that they left behind.
import { createReadStream, globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { FULL_LOG_BYTES } from './test-log.ts'
import { TEST_SECRETS, type TestSecret } from './test-secrets.ts'

/** A line with a secret in it; what it is, not the secret itself. */
export interface Leak {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly secret: string
}

export interface LogSearch {
  readonly lines: number
  readonly leaks: readonly Leak[]
  /** Files that were full, so that not everything is in them. */
  readonly cut: readonly string[]
}

/** Reads every file of the folder. */
export async function searchLogs(
  folder: string,
  secrets: readonly TestSecret[] = TEST_SECRETS,
): Promise<LogSearch> {
  const leaks: Leak[] = []
  const cut: string[] = []
  let lines = 0
  for (const name of globSync('**/*.log', { cwd: folder }).toSorted()) {
    const file = join(folder, name)
    if (statSync(file).size >= FULL_LOG_BYTES) cut.push(file)
    let line = 0
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      line += 1
      for (const { name: secret, pattern } of secrets) {
        if (pattern.test(text)) leaks.push({ file, line, secret })
      }
    }
    lines += line
  }
  return { lines, leaks, cut }
}
