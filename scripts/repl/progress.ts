// A bar for reads that take long: only where somebody looks at a terminal window, and only after a moment, so that short reads
// show none.
import cliProgress from 'cli-progress'
import type { OnProgress, ReadProgress } from '@org/zk-proto'

const SHOWN_AFTER_MS = 300

/** Shows how far a read is. One a read. */
export class ProgressBar {
  readonly #isShown: boolean
  readonly #beganAt = performance.now()
  #bar: cliProgress.SingleBar | undefined

  constructor(isShown: boolean) {
    this.#isShown = isShown
  }

  /** To be handed to a read. */
  readonly onProgress: OnProgress = (progress) => {
    if (!this.#isShown || performance.now() - this.#beganAt < SHOWN_AFTER_MS) return
    const { done, total, unit } = amounts(progress)
    if (total === undefined || total === 0) return
    this.#bar ??= this.#begin(total, unit)
    this.#bar.update(Math.min(done, total))
  }

  /** Takes the bar away, however the read ended. */
  end(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #begin(total: number, unit: string): cliProgress.SingleBar {
    const bar = new cliProgress.SingleBar(
      {
        format: `{bar} {percentage} % {value} of {total} ${unit}`,
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
        // What is typed meanwhile is the prompt's to handle, Ctrl-C above all.
        gracefulExit: false,
      },
      cliProgress.Presets.shades_classic,
    )
    bar.start(total, 0)
    return bar
  }
}

function amounts({ recordsDone, recordsTotal, bytesDone, bytesTotal }: ReadProgress) {
  return recordsTotal === undefined || recordsDone === 0
    ? { done: bytesDone, total: bytesTotal, unit: 'bytes' }
    : { done: recordsDone, total: recordsTotal, unit: 'records' }
}
