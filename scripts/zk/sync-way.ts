// Who runs a sync that the command line asks for. Workers of queue mode and a running service take it from the table of jobs; where one
// process does everything and none runs, this process is the service until the job is done.
import { createLog, createServices, openSyncRequests, SYSTEM, type SyncRequests } from '@org/core'
import { startWorker } from '@org/worker'
import { PROGRAM } from './help.ts'
import type { Io } from './io.ts'
import type { OpenedDatabase } from './opened-database.ts'

/** Jobs that are asked for, and who runs them. */
export interface SyncWay extends SyncRequests {
  readonly runsHere: boolean
  /** Ends the job; only where it runs here. */
  cancel(jobId: string): Promise<void>
}

/** Faults go to standard error, a sentence each. Of a job nothing is told: its outcome is told by whoever follows it. */
function logOf({ stderr }: Io) {
  const write = (line: string): void => {
    const entry: unknown = JSON.parse(line)
    if (typeof entry !== 'object' || entry === null || 'jobId' in entry || !('msg' in entry)) return
    stderr.write(`${PROGRAM}: ${String(entry.msg)}\n`)
  }
  return createLog('error', { write })
}

/** `queueOnly`: the job is not run here in any case. Throws what opening a service throws. */
export async function openSyncWay(
  { config, database }: OpenedDatabase,
  io: Io,
  { queueOnly }: { readonly queueOnly: boolean },
): Promise<SyncWay> {
  const log = logOf(io)
  const hold = queueOnly || !config.mode.embedded ? undefined : await database.holdAlone()
  if (hold === undefined) {
    const requests = await openSyncRequests(config, database, log)
    return { ...requests, runsHere: false, cancel: () => Promise.resolve() }
  }
  // The service takes the hold itself; a process that begins in this moment wins, and this one fails with its sentence.
  await hold.release()
  await using ending = new AsyncDisposableStack()
  const services = ending.adopt(
    await createServices({ ...config, LIVE_WATCH: false }, database, { role: 'both', log }),
    (it) => it.close(),
  )
  ending.adopt(startWorker(services), (it) => it.stop())
  const opened = ending.move()
  return {
    runsHere: true,
    request: (deviceId, mode) => services.attendance.requestSync(deviceId, { mode }, SYSTEM),
    find: (jobId) => services.jobs.find(jobId),
    cancel: async (jobId) => void (await services.jobs.cancel(jobId)),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
