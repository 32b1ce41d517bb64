// One run of the command line, from what was typed to the exit code: 0 done, 1 failed, 2 cannot be meant, 130 ended by Ctrl-C. Whatever
// a command throws becomes a sentence here.
import { CommandFailure, GivenUp, UsageError } from './command.ts'
import { COMMANDS } from './commands.ts'
import { commandHelp, helpText, PROGRAM } from './help.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, type Io } from './io.ts'
import { readArguments } from './read-arguments.ts'

export const EXIT_USAGE = 2

/** Runs what was typed. Never rejects. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  try {
    // pnpm hands a leading `--` on, npm takes it away.
    const wish = readArguments(args[0] === '--' ? args.slice(1) : args, COMMANDS)
    if (wish.kind === 'help') {
      io.stdout.write(wish.command === undefined ? helpText(COMMANDS) : commandHelp(wish.command))
      return 0
    }
    return await wish.command.run(wish.values, wish.argument, io)
  } catch (error) {
    if (io.stop.aborted || error instanceof GivenUp) return EXIT_INTERRUPTED
    if (error instanceof UsageError) {
      io.stderr.write(`${PROGRAM}: ${error.message} (--help lists what there is)\n`)
      return EXIT_USAGE
    }
    if (error instanceof CommandFailure) {
      io.stderr.write(`${PROGRAM}: ${error.message}\n`)
      return EXIT_FAILED
    }
    const { wordsFor } = await import('./failure-words.ts')
    const { message, isUsage } = wordsFor(error)
    io.stderr.write(`${PROGRAM}: ${message}\n`)
    return isUsage ? EXIT_USAGE : EXIT_FAILED
  }
}
