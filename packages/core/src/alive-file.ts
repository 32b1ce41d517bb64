// A sign of life for processes without a port: a file whose time is set as long as the process can do its work. What looks after
// containers asks how old it is (scripts/deploy/healthcheck.mjs).
import { rm, writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { startChores } from './chores.ts'
import type { Health } from './health.ts'

/** Often enough that a file of a minute ago tells of a process that hangs. */
const EVERY_MS = 5_000

/** What is asked whether the process can work. */
export interface AliveParts {
  readonly health: () => Promise<Health>
  readonly log: Logger
}

/**
 * Writes the file now and every five seconds while database, Redis and queue answer. `stop` removes it. Throws what the file system
 * throws where the file cannot be written at all.
 */
export async function keepAliveFile(
  path: string,
  { health, log }: AliveParts,
  everyMs = EVERY_MS,
): Promise<{ stop(): Promise<void> }> {
  let ended = false
  let writing = Promise.resolve()
  const write = async (): Promise<void> => {
    const { ready } = await health()
    if (!ready || ended) return
    writing = writeFile(path, `${process.pid}\n`)
    await writing
  }
  await write()
  const end = startChores([{ everyMs, failure: 'the sign of life could not be written', work: write }], log)
  return {
    async stop() {
      ended = true
      end()
      await writing.catch((error: unknown) => log.debug({ err: error }, 'no sign of life at the end'))
      await rm(path, { force: true })
    },
  }
}
