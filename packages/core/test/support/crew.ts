// The processes of one service in which any may be killed: in embedded mode one that does everything, in queue mode one for
// requests and several that work. For each that is killed another comes.
import { setTimeout as sleep } from 'node:timers/promises'
import { Killable } from './killable.ts'

const LOOK_MS = 2

/** Processes on the same data. */
export interface Crew extends AsyncDisposable {
  /** Who is told what to do now. */
  desk(): Killable
  /** Who runs the job, once somebody does. */
  whoRuns(jobId: string, signal: AbortSignal): Promise<Killable>
  /** Kills one, and sees to it that another takes its place. */
  kill(victim: Killable): Promise<void>
}

type Env = Readonly<Record<string, string>>

/** One process, and one more that has loaded its modules and waits for the first one's end. */
export async function embeddedCrew(env: Env): Promise<Crew> {
  const another = (): Killable => new Killable({ ROLE: 'both', ...env })
  let current = await another().start()
  let next = another()
  return {
    desk: () => current,
    whoRuns: (jobId, signal) => whoHasBegun(() => [current], jobId, signal),
    async kill(victim) {
      await victim.kill()
      current = await next.start()
      next = another()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([current.kill(), next.kill()])
    },
  }
}

/** One process for requests, which lives on, and so many workers of one job at a time. */
export async function queueCrew(env: Env, workers: number): Promise<Crew> {
  const another = (role: string): Promise<Killable> =>
    new Killable({ ROLE: role, WORKER_CONCURRENCY: '1', ...env }).start()
  const desk = await another('api')
  const working = await Promise.all(Array.from({ length: workers }, () => another('worker')))
  return {
    desk: () => desk,
    whoRuns: (jobId, signal) => whoHasBegun(() => working, jobId, signal),
    async kill(victim) {
      const gone = victim.kill()
      working.splice(working.indexOf(victim), 1)
      await gone
      working.push(await another('worker'))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([desk, ...working].map((process) => process.kill()))
    },
  }
}

async function whoHasBegun(
  crew: () => readonly Killable[],
  jobId: string,
  signal: AbortSignal,
): Promise<Killable> {
  for (;;) {
    const runs = crew().find((process) => process.hasBegun(jobId))
    if (runs !== undefined) return runs
    await sleep(LOOK_MS, undefined, { signal })
  }
}
