// Writing an option, making it count, and reading it back. Source: docs/protocol §9.
import { refreshOptions, writeOption } from '../commands/terminal.ts'
import { ask } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { askIfWilling, notKept } from './after-writing.ts'
import { optionIfKnown } from './read-info.ts'

/**
 * Writes an option as text. Throws ZK_REFUSED when the terminal refuses or does not keep it, ZK_NOT_ENCODABLE for a text
 * that an option cannot hold.
 */
export function* setOption(name: string, value: string): Procedure<void> {
  yield* ask(writeOption, { name, value })
  yield* askIfWilling(refreshOptions, undefined)
  const kept = yield* optionIfKnown(name)
  if (kept !== value) throw notKept(`the option ${name}`, { name, shows: kept ?? null })
}
