// `.raw`: a command of the catalogue by name or number, and its data as hex; the answer decoded as a trace decodes it.
import type { RawAnswer } from '@org/zk-proto'
import { BULK_TABLES, CODES, COMMANDS, fromHex, REPLIES, toHex } from '@org/zk-proto/wire'
import { fact, saidBy, NOT_SHOWN } from '../trace/facts.ts'
import type { Fact } from '../trace/entry.ts'
import { answerHides } from '../trace/hidden-data.ts'
import { decodeTable } from '../trace/table-records.ts'
import { tableName } from '../trace/table-read.ts'

/** What is to be sent. */
export interface RawRequest {
  readonly code: number
  readonly data: Uint8Array
}

/** What `.raw` cannot read: its message says what it takes. */
export class RawUsageError extends Error {
  override readonly name = 'RawUsageError'
}

const HIGHEST_CODE = 0xffff
const MOST_HEX_BYTES = 65_000
const SHOWN_BYTES = 64

/** Reads `GET_TIME`, `CMD_GET_TIME`, `readClock`, `201` or `0xc9`, and hex with or without blanks behind it. */
export function parseRaw(text: string): RawRequest {
  const [name = '', ...rest] = text.trim().split(/\s+/u)
  if (name === '') throw new RawUsageError('.raw COMMAND [HEX]: a name such as GET_TIME, or a number')
  const hex = rest.join('')
  if (!/^(?:[0-9a-f]{2})*$/iu.test(hex) || hex.length > MOST_HEX_BYTES * 2)
    throw new RawUsageError('.raw: expected the data as hex, two digits a byte')
  return { code: codeOf(name), data: fromHex(hex.toLowerCase()) }
}

function codeOf(name: string): number {
  if (/^(?:\d+|0x[0-9a-f]+)$/iu.test(name)) {
    const code = Number(name)
    if (code > HIGHEST_CODE) throw new RawUsageError(`.raw: a command is a number from 0 to ${HIGHEST_CODE}`)
    return code
  }
  const wanted = name.replace(/^CMD_/iu, '').toUpperCase()
  const byNumber = Object.entries(CODES).find(([known]) => known === wanted)?.[1]
  const byName = COMMANDS.find((command) => command.name.toLowerCase() === name.toLowerCase())?.code
  const code = byNumber ?? byName
  if (code !== undefined) return code
  const close = Object.keys(CODES)
    .filter((known) => known.includes(wanted))
    .slice(0, 8)
  const hint = close.length > 0 ? `; there are ${close.join(', ')}` : ''
  throw new RawUsageError(`.raw: no command is called ${JSON.stringify(name.slice(0, 40))}${hint}`)
}

/** An answer in words. */
export interface RawShown {
  readonly code: number
  readonly name: string
  readonly sessionField: number
  readonly dataBytes: number
  readonly facts: readonly Fact[]
  readonly remark: string | undefined
  /** Hex, or that it is not shown. */
  readonly data: string
}

/** Decodes an answer by what was asked. */
export function rawShown(
  { code, data: asked }: RawRequest,
  answer: RawAnswer,
  nameEncoding: string,
): RawShown {
  const { data, name, sessionField } = answer
  const hides = data.length > 0 && answerHides({ code, data: asked }, answer.code, data, undefined)
  const accepted = answer.code === REPLIES.ACK_OK || answer.code === REPLIES.ACK_DATA
  const table = directTable({ code, data: asked })
  const said =
    table !== undefined && (accepted || answer.code === REPLIES.DATA)
      ? tableSaid(table, data, nameEncoding)
      : accepted && !hides
        ? saidBy(code, 'reply', data)
        : { facts: [], remark: accepted ? undefined : 'refused' }
  const hex = `${toHex(data.subarray(0, SHOWN_BYTES))}${data.length > SHOWN_BYTES ? '…' : ''}`
  return {
    code: answer.code,
    name,
    sessionField,
    dataBytes: data.length,
    facts: said.facts,
    remark: said.remark,
    data: hides ? NOT_SHOWN : hex,
  }
}

/** The table that a command brings whole, as the old direct ones do. */
function directTable({ code, data }: RawRequest): string | undefined {
  if (code === CODES.ATTLOG_RRQ || code === CODES.OPLOG_RRQ) return tableName(code, 0)
  const [dataType] = data
  if (data.length !== 1 || dataType === undefined) return undefined
  if (code === CODES.USERTEMP_RRQ || code === CODES.DB_RRQ) return tableName(code, dataType)
  return undefined
}

function tableSaid(name: string, data: Uint8Array, nameEncoding: string) {
  const table = decodeTable({
    name,
    stretches: [{ start: 0, bytes: data }],
    counts: { records: undefined, people: undefined },
    isDirect: name === BULK_TABLES.attendance.name,
    nameEncoding,
  })
  const facts = [
    fact('table', name, 'plain'),
    ...(table.layout === undefined ? [] : [fact('layout', table.layout, 'plain')]),
    fact('records', table.count, 'plain'),
  ]
  return { facts, remark: table.remark }
}
