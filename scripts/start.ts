// `npm start`: API and worker in one process and, unless told otherwise, a simulated terminal whose attendance log travels
// over the wire protocol into the database and out of the REST API. Options: --once (do that, prove it, exit) and --no-demo
// (the service alone).
import { parseArgs } from 'node:util'
import closeWithGrace from 'close-with-grace'
import { ConfigError, STOP_SIGNALS, onStopSignal, readConfig } from '@org/core'
import { listenForDemo, runDemo } from './demo/run-demo.ts'
import { Report } from './demo/report.ts'
import { startService, type RunningService } from './demo/service.ts'

const USAGE = `npm start [-- OPTIONS]
  (none)      API, worker and a simulated terminal; syncs its attendance log and stays up until Ctrl-C
  --once      the same, then exits: 0 when the sync is complete and right; the last line is JSON
  --no-demo   API and worker alone
  --help      this text
Settings are environment variables, for example PORT=8080 npm start; the README says which.`

/** What runs gets this long to stop after Ctrl-C. */
const STOP_WITHIN_MS = 10_000

interface Options {
  readonly once: boolean
  readonly demo: boolean
}

const options = readOptions(process.argv.slice(2))
if (options !== undefined) process.exitCode = await start(options)

function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: args.filter((argument) => argument !== '--'),
      options: {
        once: { type: 'boolean', default: false },
        'no-demo': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.once && values['no-demo']) throw new Error('--once needs the demo: leave out --no-demo')
    if (!values.help) return { once: values.once, demo: !values['no-demo'] }
    console.log(USAGE)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(`${message}\n\n${USAGE}`)
    // Programs read the last line, whatever went wrong.
    if (args.includes('--once')) console.log(JSON.stringify({ ok: false, error: message }))
    process.exitCode = 2
  }
  return undefined
}

/** Runs until told to stop, or until the demo is done; returns the exit code. Whatever happens, what was started is ended. */
async function start({ once, demo }: Options): Promise<number> {
  const report = new Report({ once })
  const stop = new AbortController()
  const resources = new AsyncDisposableStack()
  // The terminal ends last: a session on it wants to say goodbye.
  const terminals = resources.use(new AsyncDisposableStack())
  const skip = [...STOP_SIGNALS]
  const grace = closeWithGrace({ delay: STOP_WITHIN_MS, logger: false, skip }, async ({ err }) => {
    if (err !== undefined) report.failure(err)
    stop.abort()
    await resources.disposeAsync()
    report.stopped()
  })
  onStopSignal((signal) => {
    report.stopping(signal)
    grace.close()
  })

  let code = 0
  try {
    const service = await startService(configFor(demo), resources, stop.signal)
    // At once: the first admin's password is known only now, whatever goes wrong afterwards.
    if (demo) report.service(service)
    else report.firstAdmin(service)
    if (demo) {
      const terminal = await listenForDemo(service, terminals)
      const outcome = await runDemo(service, terminal, report, stop.signal)
      code = outcome.ok ? 0 : 1
    } else {
      const { api, services } = service
      services.log.info(
        { address: api.address, docs: `${api.address}/docs`, mode: services.mode },
        'listening',
      )
    }
    if (demo && !once) report.staysUp()
    if (!once) await untilStopped(service, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) return untilGraceEnds()
    report.failure(error)
    code = error instanceof ConfigError ? 2 : 1
  }
  if (stop.signal.aborted) return untilGraceEnds()
  await resources.disposeAsync()
  grace.uninstall()
  report.lastLine()
  return code
}

/** With the demo the screen belongs to its report; the service alone says more. */
function configFor(demo: boolean) {
  return readConfig({ LOG_LEVEL: demo ? 'warn' : 'info', ...process.env })
}

function untilStopped({ services }: RunningService, stopped: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of [stopped, services.mustStop]) {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  }
  return promise
}

/** A signal came: close-with-grace ends what runs and then the process, with its own exit code. */
function untilGraceEnds(): Promise<never> {
  return new Promise(() => {})
}
