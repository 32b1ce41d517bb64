// What asks before it happens: calls and commands that take data away, open the door, or end the terminal's work. Declared once,
// for `device`, the dot-commands and `.raw`.
import { CODES, COMMANDS, commandName } from '@org/zk-proto/wire'

/** Calls on `device`, and what each would do, as the end of "This …". */
export const DANGEROUS_CALLS: ReadonlyMap<string, string> = new Map([
  ['logs.clearAttendance', 'empties the attendance log of the terminal'],
  ['logs.clearOperations', 'empties the operation log of the terminal'],
  ['logs.clearTemplates', 'deletes all templates of the terminal'],
  ['logs.clearPeople', 'deletes all people of the terminal, and their templates'],
  ['logs.clearEverything', 'empties the terminal: people, templates and logs'],
  ['people.remove', 'deletes a person and their templates'],
  ['people.clearAdministrators', 'takes everyone’s rights away'],
  ['templates.remove', 'deletes a template'],
  ['messages.remove', 'deletes a message'],
  ['access.removeGroup', 'deletes the record of a group'],
  ['access.reset', 'puts all access rules back to what they were when the terminal was new'],
  ['door.unlock', 'opens the door'],
  ['power.restart', 'restarts the terminal'],
  ['power.off', 'switches the terminal off; only a hand switches it on again'],
  ['power.sleep', 'puts the terminal to sleep'],
])

/** Beside what is declared as never to be sent twice: these end the terminal's work. */
const ENDING: ReadonlySet<number> = new Set([CODES.RESTART, CODES.POWEROFF, CODES.SLEEP])

/**
 * What sending a command as it is would do; undefined for one that may go without a question. A number that no declaration
 * knows asks too: nobody can say what it does.
 */
export function dangerOfCommand(code: number): string | undefined {
  const declared = COMMANDS.filter((command) => command.code === code)
  if (declared.length === 0) return `sends ${commandName(code)}, of which this library knows nothing`
  if (!ENDING.has(code) && declared.every(({ repeat }) => repeat === 'safe')) return undefined
  return `sends ${commandName(code)} (${declared.map(({ name }) => name).join(', ')}), which may take data away or act at the terminal`
}

/** What a call would do; undefined for one that may go without a question. */
export function dangerOfCall(path: string, args: readonly unknown[]): string | undefined {
  if (path === 'enrolment.enrol' && replaces(args[2])) return 'deletes the template that the finger has'
  if (path === 'send') return typeof args[0] === 'number' ? dangerOfCommand(args[0]) : undefined
  return DANGEROUS_CALLS.get(path)
}

function replaces(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'replace' in options && options.replace === true
}

/** Thrown where a dangerous call was not agreed to. Nothing was sent. */
export class NotConfirmedError extends Error {
  override readonly name = 'NotConfirmedError'
  readonly code = 'NOT_CONFIRMED'
}
