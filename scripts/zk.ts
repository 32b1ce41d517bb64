// `pnpm zk`: the command line of the service. Commands are declared in scripts/zk/commands.ts; this is the process around them.
import { processIo } from './zk/io.ts'
import { run } from './zk/run.ts'

process.exitCode = await run(process.argv.slice(2), processIo())
