// Short requests and answers in words, read by the declarations of their commands. Only what is known to be harmless is shown:
// a command that is not listed here, or a field that is not plain, shows as nothing.
import { findCommand, REPLIES, type Packet, ZkError } from '@org/zk-proto/wire'

/** Longer data are not put into words. */
const LONGEST_BYTES = 128
const LONGEST_TEXT = 160

/** Names of options whose values are secret. */
const SECRET_OPTION = /pass|pwd|key|secret|card/iu
/** Names of fields whose values are secret; `passwords` is how many there are. */
const SECRET_FIELD = /(?:password|key|secret|card|cardNumber|template)$/iu

/** Commands whose data are secret as a whole, or hold the bytes of people and templates. */
const SECRET_COMMANDS: ReadonlySet<string> = new Set([
  'authenticate',
  'writePerson',
  'readPeopleDirectly',
  'writeTemplate',
  'readTemplate',
  'readTemplateAlone',
  'uploadPiece',
  'saveTemplates',
])

/** What a packet's data say, with a blank before it; '' where there is nothing to show. `code` is the command asked. */
export function inWords(code: number, side: 'request' | 'reply', { command, payload }: Packet): string {
  const declared = findCommand(code)
  if (declared === undefined || payload.length === 0 || payload.length > LONGEST_BYTES) return ''
  if (SECRET_COMMANDS.has(declared.name)) return ' (not shown)'
  if (side === 'reply' && (!declared.accepts.includes(command) || isPartOfTransfer(command))) return ''
  try {
    const said = spelled((side === 'request' ? declared.request : declared.reply).decode(payload))
    if (said === '') return ''
    return said.length > LONGEST_TEXT ? ` ${said.slice(0, LONGEST_TEXT)} …` : ` ${said}`
  } catch (error) {
    // The terminal answers such data as a bad argument; the length is in the line already.
    if (error instanceof ZkError) return ' (not as declared)'
    throw error
  }
}

function isPartOfTransfer(command: number): boolean {
  return command === REPLIES.PREPARE_DATA || command === REPLIES.DATA
}

function spelled(value: unknown): string {
  if (typeof value === 'string') return SECRET_OPTION.test(value) ? option(value) : JSON.stringify(value)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return ''
  const fields = Object.entries(value)
  if (isOption(value))
    return JSON.stringify(`${value.name}=${SECRET_OPTION.test(value.name) ? '(not shown)' : value.value}`)
  return fields.flatMap(([name, field]) => spelledField(name, field)).join(' ')
}

function spelledField(name: string, field: unknown): string[] {
  if (name.startsWith('unknown') || field instanceof Uint8Array) return []
  if (SECRET_FIELD.test(name)) return [`${name}=(not shown)`]
  if (typeof field === 'number' || typeof field === 'boolean' || typeof field === 'string')
    return [`${name}=${JSON.stringify(field)}`]
  return []
}

/** The name of a secret option is none; what stands behind it is. */
function option(text: string): string {
  return JSON.stringify(text.split('=', 1).join(''))
}

function isOption(value: object): value is { name: string; value: string } {
  return (
    'name' in value && 'value' in value && typeof value.name === 'string' && typeof value.value === 'string'
  )
}
