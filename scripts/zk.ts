// `pnpm zk`: the command line of the service. Commands are declared in scripts/zk/commands.ts; this is the process around them.
import { processIo } from './zk/io.ts'
import { run } from './zk/run.ts'

const code = await run(process.argv.slice(2), processIo())
// A fault of standard output is told when it happens, be it after the last line.
process.exitCode ??= code
