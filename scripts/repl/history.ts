// What was typed, kept for the next time in a file that only its owner can read; lines that hold a key or a password are not.
import { chmod } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { REPLServer } from 'node:repl'

/** Where another file than the usual one is named. */
export const HISTORY_VARIABLE = 'ZK_REPL_HISTORY'

const OWNER_ONLY = 0o600
const SECRET =
  /pass|pwd|comm-?_?key|secret|\bkey\b|\bAUTH\b|authenticate|cardNumber|template|\b1102\b|USER_WRQ|writePerson/iu

/** The file, or undefined where none is to be kept: the variable is set and empty. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const named = env[HISTORY_VARIABLE]
  if (named === '') return undefined
  return named ?? join(homedir(), '.zk-repl-history')
}

/** Whether a line may be kept. `secrets` are texts that are secret in this run, such as the comm key. */
export function mayBeKept(line: string, secrets: readonly string[]): boolean {
  return !SECRET.test(line) && !secrets.some((secret) => line.includes(secret))
}

/** Has a REPL keep its lines. Resolves when the file is open; without it, what is typed is forgotten at the end. */
export async function keepHistory(
  server: REPLServer,
  file: string,
  secrets: readonly string[],
): Promise<void> {
  // The list may be changed before it is written: that is what the event is for.
  server.on('history', (lines: string[]) => {
    const [latest] = lines
    if (latest !== undefined && !mayBeKept(latest, secrets)) lines.shift()
  })
  await new Promise<void>((resolve, reject) => {
    server.setupHistory(file, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  // One that was there before may have been open to others.
  await chmod(file, OWNER_ONLY)
}
