// Programs of this folder as processes of their own, so that they can be killed: their lines are waited for, and none outlives its test.
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { testLogEnvironment } from '../../../../scripts/toolchain/test-log.ts'

export interface TestProcess extends Disposable {
  readonly process: ChildProcessByStdio<null, Readable, null>
  /** The next line that fits. Rejects when the process ends without one. */
  line(pattern: RegExp): Promise<string>
  readonly ended: Promise<unknown>
}

export function startProcess(program: string, env: Readonly<Record<string, string>>): TestProcess {
  const child = spawn(process.execPath, [fileURLToPath(new URL(program, import.meta.url))], {
    env: { PATH: process.env['PATH'] ?? '', ...testLogEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    process: child,
    ended: once(child, 'close'),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
    async line(pattern) {
      for (;;) {
        const { done, value } = await lines.next()
        if (done === true) throw new Error(`${program} ended without saying ${String(pattern)}`)
        if (pattern.test(value)) return value
      }
    },
  }
}
