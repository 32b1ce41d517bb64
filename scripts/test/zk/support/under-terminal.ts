// A command under a pseudo-terminal, by `script` of util-linux: what it shows there, and keys pressed when it asks.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const ROOT = new URL('../../../..', import.meta.url).pathname
const PATIENCE_MS = 100_000

/** `answers`: a text of the screen that asks, and what is typed each time it is met. */
export async function underTerminal(
  command: string,
  env: Readonly<Record<string, string>>,
  answers?: { readonly question: RegExp; readonly keys: readonly string[] },
): Promise<{ readonly code: number; readonly screen: string }> {
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let screen = ''
  let answered = 0
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text
    if (answers === undefined) return
    // Only once it asks: before, the terminal echoes.
    const asked = screen.match(answers.question)?.length ?? 0
    for (; answered < asked; answered += 1) child.stdin.write(answers.keys[answered] ?? '')
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const [code] = await once(child, 'close')
  clearTimeout(timer)
  return { code: Number(code), screen }
}
