// How a process of the service is told to stop: by the first signal. The same Ctrl-C may come twice, from the terminal's process
// group and from the program that started this one, so an echo within a moment is not taken for impatience.

/** Signals that ask a process to stop in order; whoever closes by them skips them in close-with-grace. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

/** A second signal within this time is an echo of the first. */
const ECHO_MS = 1_000
const KILLED_BY_IMPATIENCE = 1

/** Calls `stop` at the first signal, once. A later one, beyond an echo, ends the process at once with exit code 1. */
export function onStopSignal(stop: (signal: NodeJS.Signals) => void): void {
  let stoppingSince: number | undefined
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => {
      if (stoppingSince === undefined) {
        stoppingSince = performance.now()
        stop(signal)
      } else if (performance.now() - stoppingSince > ECHO_MS) {
        process.exit(KILLED_BY_IMPATIENCE)
      }
    })
  }
}
