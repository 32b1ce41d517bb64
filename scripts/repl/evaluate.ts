// `--eval`: one expression with `await` in it, or one dot-command; what it gives is printed, item by item where it is a read or a
// listener.
import { Script } from 'node:vm'
import { DOT_COMMANDS, DotUsageError, type Scene } from './dot-commands.ts'
import { readable } from './printing.ts'

/** Evaluates and prints. Throws whatever the expression throws. */
export async function evaluate(text: string, scene: Scene): Promise<void> {
  if (/^\s*\.[a-z]/u.test(text)) {
    await runDotCommand(text.trim(), scene)
    return
  }
  const value: unknown = await compiled(text).runInThisContext()
  const { out } = scene
  const show = (one: unknown): void => out.result(one, [readable(one, out.style.colors)])
  if (!isStream(value)) {
    if (value !== undefined || out.style.json) show(value)
    return
  }
  for await (const item of value) for (const one of itemsOf(item)) show(one)
}

/** A dot-command by its line. */
export async function runDotCommand(line: string, scene: Scene): Promise<void> {
  const [, name = '', rest = ''] = /^\.(\S+)\s*([\s\S]*)$/u.exec(line) ?? []
  const command = DOT_COMMANDS.find((one) => one.name === name)
  if (command === undefined) throw new DotUsageError(`there is no .${name}; .help lists what there is`)
  await scene.running.during(() => command.run(scene, rest))
}

/** An expression, or, where it is none, the statements of a function that returns a value. */
function compiled(text: string): Script {
  const filename = '--eval'
  try {
    return new Script(`(async () => (\n${text}\n))()`, { filename, lineOffset: -1 })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return new Script(`(async () => {\n${text}\n})()`, { filename, lineOffset: -1 })
  }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** The punches of a batch, or the item itself. */
function itemsOf(item: unknown): readonly unknown[] {
  if (typeof item === 'object' && item !== null && 'punches' in item && Array.isArray(item.punches))
    return item.punches
  return [item]
}
