// Starts instant-terminal.ts as a process of its own and ends it: answering must not share a thread with what is timed.
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A running instant terminal on 127.0.0.1. */
export interface InstantTerminal extends AsyncDisposable {
  readonly port: number
}

/** Starts one that holds `punches` records and sends `packetBytes` of data a packet. Throws when it does not come up. */
export async function startInstantTerminal(punches: number, packetBytes: number): Promise<InstantTerminal> {
  const program = new URL('instant-terminal.ts', import.meta.url)
  const child = fork(program, [String(punches), String(packetBytes)])
  const gone = once(child, 'exit')
  const port: unknown = await Promise.race([
    once(child, 'message').then(([told]: unknown[]) => told),
    gone.then(([code]) => Promise.reject(new Error(`the instant terminal ended with ${String(code)}`))),
  ])
  if (typeof port !== 'number') throw new Error(`the instant terminal told ${String(port)} and no port`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await gone
    },
  }
}
