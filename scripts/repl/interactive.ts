// The prompt: node's own REPL with `device` in it, the dot-commands, completion, and Ctrl-C that aborts what runs.
import { once } from 'node:events'
import { start, type REPLServer } from 'node:repl'
import { PassThrough } from 'node:stream'
import { CODES, COMMANDS } from '@org/zk-proto/wire'
import { ByteSource } from '../trace/byte-source.ts'
import { DOT_COMMANDS, type Scene } from './dot-commands.ts'
import { runDotCommand } from './evaluate.ts'
import { historyFile, keepHistory } from './history.ts'
import type { Keys } from './keys.ts'
import { errorText, readable } from './printing.ts'

/** What the prompt needs beside the scene. */
export interface PromptParts {
  readonly scene: Scene
  readonly keys: Keys
  readonly isWindow: boolean
  /** Texts that no history may hold. */
  readonly secrets: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Where dot-commands call themselves from the line that stands for them. */
const DOT = '__zkDotCommand'
const LONGEST_LINE = 1_048_576
const CLEAR_LINE = '\r\u001b[K'

/** Prompts until it is left. */
export async function prompt(parts: PromptParts): Promise<void> {
  const { scene, keys, isWindow, secrets, env } = parts
  const input = isWindow ? keys : new PassThrough()
  const server = start({
    prompt: isWindow ? 'zk> ' : '',
    input,
    output: process.stdout,
    terminal: isWindow,
    useColors: scene.out.style.colors,
    // Values of the library and those typed here are of one realm: bytes are bytes.
    useGlobal: true,
    ignoreUndefined: true,
    breakEvalOnSigint: true,
    preview: false,
    writer: (value) => (value instanceof Error ? failure(value) : readable(value, scene.out.style.colors)),
  })
  const left = new Promise<void>((resolve) => {
    server.once('exit', resolve)
  })
  const evaluations = watchEvaluations(server)
  hearInterrupts(server, () => scene.running.abort())
  // Before the REPL's own: what it then tells is that the evaluation was interrupted.
  server.prependListener('SIGINT', () => scene.running.abort())
  scene.out.around = (write) => {
    if (!isWindow || evaluations.isBusy()) write()
    else {
      process.stdout.write(CLEAR_LINE)
      write()
      server.displayPrompt(true)
    }
  }
  defineDotCommands(server, scene)
  completeAlso(server, scene)
  const file = isWindow ? historyFile(env) : undefined
  if (file !== undefined) await keepHistoryIfPossible(server, scene, file, secrets)
  if (input instanceof PassThrough) await Promise.race([left, feed(server, keys, input, evaluations)])
  await left
  scene.out.around = undefined
}

/**
 * From the keyboard Ctrl-C is a key; what another process sends aborts as the key does. While the first part of a line runs
 * nobody may listen, or Node could not break an endless loop.
 */
function hearInterrupts(server: REPLServer, interrupt: () => void): void {
  process.on('SIGINT', interrupt)
  server.prependListener('line', () => {
    process.off('SIGINT', interrupt)
    setImmediate(() => {
      process.off('SIGINT', interrupt)
      process.on('SIGINT', interrupt)
    })
  })
}

/** What failed; an evaluation that Ctrl-C ended needs no more than that. */
function failure(error: Error): string {
  const isInterrupted = 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED'
  return isInterrupted ? 'aborted' : errorText(error)
}

/** Lines out of a pipe, each when the one before is done: the REPL itself would begin them all at once. */
async function feed(
  server: REPLServer,
  keys: Keys,
  input: PassThrough,
  evaluations: Evaluations,
): Promise<void> {
  const source = new ByteSource(keys)
  for await (const line of source.lines(LONGEST_LINE)) {
    const taken = once(server, 'line')
    input.write(`${Buffer.from(line, 'latin1').toString()}\n`)
    await taken
    await evaluations.idle()
  }
  input.end()
}

/** What is being evaluated. */
interface Evaluations {
  readonly isBusy: () => boolean
  /** Resolves when nothing is. */
  readonly idle: () => Promise<void>
}

/** Knows whether a line is being evaluated: it is until the REPL prompts again, whatever became of it. */
function watchEvaluations(server: REPLServer): Evaluations {
  let isBusy = false
  let waiting: (() => void)[] = []
  server.prependListener('line', () => {
    isBusy = true
  })
  const prompts = server.displayPrompt.bind(server)
  Reflect.set(server, 'displayPrompt', (preserveCursor?: boolean) => {
    isBusy = false
    prompts(preserveCursor)
    for (const resolve of waiting) resolve()
    waiting = []
  })
  return {
    isBusy: () => isBusy,
    idle: () =>
      new Promise((resolve) => {
        if (isBusy) waiting.push(resolve)
        else resolve()
      }),
  }
}

/**
 * A command with a point is put as a line that awaits it: so the lines behind it wait, Ctrl-C reaches it, and its errors are told
 * as those of any line.
 */
function defineDotCommands(server: REPLServer, scene: Scene): void {
  Reflect.set(globalThis, DOT, (line: string) => runDotCommand(line, scene))
  for (const { name, about } of DOT_COMMANDS)
    server.defineCommand(name, {
      help: about,
      action(rest) {
        this.clearBufferedCommand()
        const line = JSON.stringify(`.${name} ${rest}`)
        this.emit('line', `await globalThis.${DOT}(${line})`)
      },
    })
}

/** Completes names of commands behind `.raw`, and everything that has help behind `.help`. */
function completeAlso(server: REPLServer, { members }: Scene): void {
  const complete = server.completer.bind(server)
  const raw = [...Object.keys(CODES), ...COMMANDS.map(({ name }) => name)]
  const { own, facets } = members
  const helped = [
    ...DOT_COMMANDS.map(({ name }) => name),
    'device',
    ...facets.map(({ name }) => `device.${name}`),
    ...[...own, ...facets.flatMap((facet) => facet.members)].map(({ path }) => `device.${path}`),
  ]
  const completer: typeof complete = (line, done) => {
    const [, command, begun = ''] = /^\.(raw|help) +(\S*)$/u.exec(line) ?? []
    if (command === undefined) {
      complete(line, done)
      return
    }
    const all = command === 'raw' ? raw : helped
    const found = all.filter((name) => name.toLowerCase().startsWith(begun.toLowerCase()))
    done(null, [found, begun])
  }
  Reflect.set(server, 'completer', completer)
}

/** A history that cannot be kept keeps nobody from working. */
async function keepHistoryIfPossible(
  server: REPLServer,
  scene: Scene,
  file: string,
  secrets: readonly string[],
): Promise<void> {
  try {
    await keepHistory(server, file, secrets)
  } catch (error) {
    scene.out.warning(`What is typed cannot be kept in ${file}: ${errorText(error)}`)
  }
}
