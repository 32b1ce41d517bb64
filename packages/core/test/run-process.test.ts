// The frame of a process, as a container runs it: its first process, which no signal ends by itself.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

const RUN_PROCESS = new URL('../src/run-process.ts', import.meta.url).href
/** A process whose start waits for ever, as one does for a database that is being migrated. */
const STARTS_FOR_EVER = `
  const { runProcess } = await import(${JSON.stringify(RUN_PROCESS)})
  await runProcess(() => new Promise(() => {
    setInterval(() => undefined, 1_000)
    console.log('it starts')
  }))`

describe('a process that is told to stop while it starts', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('hears %s and ends', async (signal) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', STARTS_FOR_EVER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const ended = once(child, 'exit')
      await once(child.stdout, 'data')
      child.kill(signal)
      // By its own listener: a process that a signal ended by itself has no exit code.
      expect(await ended).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })
})
