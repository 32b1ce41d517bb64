// Watching a job until it has ended: a bar at a terminal, a line for each attempt that failed.
import { setTimeout as sleep } from 'node:timers/promises'
import cliProgress from 'cli-progress'
import type { JobView } from '@org/core'
import { CommandFailure } from './command.ts'
import { isTerminal, type Io } from './io.ts'

export interface FollowOptions {
  readonly timeoutMs: number
  /** Says nothing on the way. */
  readonly quiet: boolean
  /** What becomes of a job that has not ended in time, after "it". */
  readonly leftTo: string
}

const LOOK_EVERY_MS = 250
/** A worker that is there begins sooner; later than that the reader is told. */
const UNBEGUN_AFTER_MS = 15_000

/**
 * The job as it has ended. Throws CommandFailure where it has not within the time, or is gone; throws the signal's reason when told
 * to stop. The job itself goes on in both cases.
 */
export async function followJob(
  first: JobView,
  find: (jobId: string) => Promise<JobView | undefined>,
  io: Io,
  { timeoutMs, quiet, leftTo }: FollowOptions,
): Promise<JobView> {
  const { stderr, stop } = io
  const begun = performance.now()
  const bar = quiet || !isTerminal(stderr) ? undefined : new Bar(stderr)
  const tell = (line: string): void => {
    if (quiet) return
    bar?.pause()
    stderr.write(`${line}\n`)
  }
  let told = 0
  let toldUnbegun = false
  try {
    for (let job = first; ;) {
      if (job.finishedAt !== null) return job
      if (job.error !== null && job.state === 'waiting' && job.attempts > told) {
        told = job.attempts
        tell(attemptFailed(job))
      }
      const tookMs = performance.now() - begun
      if (job.state === 'waiting' && job.attempts === 0 && tookMs > UNBEGUN_AFTER_MS && !toldUnbegun) {
        toldUnbegun = true
        tell('Nobody has begun the job yet: does a worker run, and is it at other jobs?')
      }
      if (tookMs > timeoutMs)
        throw new CommandFailure(
          `the job ${job.id} has not ended within ${Math.round(timeoutMs / 1000)} s; it ${leftTo}`,
        )
      bar?.show(job)
      await sleep(LOOK_EVERY_MS, undefined, { signal: stop })
      const now = await find(job.id)
      if (now === undefined) throw new CommandFailure(`the job ${job.id} is gone`)
      job = now
    }
  } finally {
    bar?.pause()
  }
}

function attemptFailed({ attempts, maxAttempts, error, runAt }: JobView): string {
  const seconds = Math.max(0, Math.round((Date.parse(runAt) - Date.now()) / 1000))
  return `Attempt ${attempts} of ${maxAttempts} failed: ${error?.message ?? 'no reason given'} (${error?.code ?? '-'}); the next in ${seconds} s`
}

/** Drawn once there is something to count. */
class Bar {
  readonly #stream: Io['stderr']
  #bar: cliProgress.SingleBar | undefined

  constructor(stream: Io['stderr']) {
    this.#stream = stream
  }

  show({ progress }: JobView): void {
    if (progress === null || progress.total === null || progress.total === 0) return
    const { done, total, phase } = progress
    if (this.#bar === undefined) {
      const format = '  {bar} {percentage} %  {value} of {total}  {phase}'
      this.#bar = new cliProgress.SingleBar(
        { format, stream: this.#stream, hideCursor: true },
        cliProgress.Presets.shades_classic,
      )
      this.#bar.start(total, done, { phase })
    } else {
      this.#bar.setTotal(total)
      this.#bar.update(done, { phase })
    }
  }

  /** Leaves the line to whoever writes next. */
  pause(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }
}
