// `npm run repl`: a terminal by hand, or one expression about it. Exit codes: 0 ended as told, 1 something failed, 2 an option
// cannot be used, 130 interrupted.
import { entryLines, helpLines, OptionError } from './by-hand/options.ts'
import { readReplSettings, REPL_OPTIONS, type ReplSettings } from './repl/options.ts'
import { run } from './repl/run.ts'

const settings = settingsOrExit(process.argv.slice(2))
if (settings === 'help') process.stdout.write(helpText())
else if (settings !== undefined) await run(settings)

function settingsOrExit(args: readonly string[]): ReplSettings | 'help' | undefined {
  try {
    return readReplSettings(args, process.env)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    console.error(`repl: ${error.message} (--help lists the options)`)
    process.exitCode = 2
    return undefined
  }
}

function helpText(): string {
  return [
    'repl: a ZKTeco terminal by hand',
    '',
    'Options:',
    ...helpLines(REPL_OPTIONS),
    '',
    'Examples:',
    ...entryLines('', 'repl --sim', 0),
    ...entryLines('', 'repl --host 192.168.1.201', 0),
    ...entryLines('', "repl --host 192.168.1.201 --eval 'await device.info()' --json", 0),
    '',
    'Exit codes: 0 ended as told, 1 something failed, 2 an option cannot be used, 130 interrupted.',
    '',
  ].join('\n')
}
