// The frame of every process of the service (api, worker): start in order, tell a failed start in one sentence, stop by a
// signal within bounded time, in the opposite order.
import { DatabaseUnavailable, SchemaTooNew, SchemaTooOld } from '@org/data'
import closeWithGrace from 'close-with-grace'
import { ConfigError } from './config.ts'
import type { Services } from './services.ts'
import { STOP_SIGNALS, onStopSignal } from './stop-signals.ts'

/** What a stop may take before the process is ended as it stands. */
const STOP_WITHIN_MS = 10_000
const EXIT_CONFIGURATION_WRONG = 2
const EXIT_START_FAILED = 1

/**
 * Runs `start`, which leaves in `opened` everything that has to be closed again, and then waits for a signal, for
 * `services.mustStop`, or for an error that nothing handled. A signal during the start ends the process as it stands. A failed
 * start closes what was opened and sets the exit code: 2 for a wrong configuration, 1 for anything else.
 */
export async function runProcess(start: (opened: AsyncDisposableStack) => Promise<Services>): Promise<void> {
  const opened = new AsyncDisposableStack()
  // The first process of a container hears no signal without a listener: it would start, and serve, until it is killed.
  let stop = (_signal: NodeJS.Signals): void => process.exit(0)
  onStopSignal((signal) => stop(signal))
  try {
    const { log, mustStop } = await start(opened)
    const grace = closeWithGrace(
      { delay: STOP_WITHIN_MS, logger: log, skip: [...STOP_SIGNALS] },
      async ({ err }) => {
        if (err !== undefined) log.fatal({ err }, 'stopping after an error that nothing handled')
        await opened.disposeAsync()
      },
    )
    stop = (signal) => {
      log.info({ signal }, 'stopping')
      grace.close()
    }
    mustStop.addEventListener('abort', () => grace.close(), { once: true })
  } catch (error) {
    await opened.disposeAsync()
    process.stderr.write(`${startFailure(error)}\n`)
    process.exitCode = error instanceof ConfigError ? EXIT_CONFIGURATION_WRONG : EXIT_START_FAILED
  }
}

/** What a start failed of, for whoever started it: a sentence where one was written for readers, else where it came from. */
export function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof ConfigError) return error.message
  if (error instanceof SchemaTooNew || error instanceof SchemaTooOld) return error.message
  if (error instanceof DatabaseUnavailable)
    return `${error.message}${systemReason(error.cause)}; see DATABASE_URL and DATA_DIR`
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}: something else listens there; set HOST or PORT`
  }
  return error.stack ?? error.message
}

/** The system's own word where it has one (ENOTDIR, ECONNREFUSED); never a whole message, which may hold an address or a login. */
function systemReason(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : ''
}
