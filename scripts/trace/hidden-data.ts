// Which packets hold a key, a password or a template: of these a trace shows the header alone.
import { BULK_TABLES, CODES, nulText, REPLIES } from '@org/zk-proto/wire'
import { isSecretOption } from './facts.ts'

const SECRET_REQUESTS: ReadonlySet<number> = new Set([
  CODES.AUTH,
  CODES.USER_WRQ, // a person with the password
  CODES.DATA, // an upload: people and templates
  CODES.WRITE_MIFARE,
])

/** Tables without passwords and templates. */
const OPEN_TABLES: ReadonlySet<string> = new Set([
  BULK_TABLES.attendance.name,
  BULK_TABLES.operationLog.name,
  BULK_TABLES.messages.name,
  BULK_TABLES.messageLinks.name,
])

/** Whether the data of a request are not to be shown. */
export function requestHides(code: number, data: Uint8Array): boolean {
  if (SECRET_REQUESTS.has(code)) return true
  return code === CODES.OPTIONS_WRQ && isSecretOption(nulText.decode(data))
}

/** Whether the data of an answer are not to be shown; where the question was not seen, they may be anything. */
export function answerHides(
  asked: { readonly code: number; readonly data: Uint8Array } | undefined,
  reply: number,
  data: Uint8Array,
  openTable: string | undefined,
): boolean {
  if (reply === REPLIES.PREPARE_DATA) return false
  if (asked === undefined) return reply === REPLIES.DATA || data.length > 16
  switch (asked.code) {
    case CODES.OPTIONS_RRQ:
      return isSecretOption(nulText.decode(data)) || isSecretOption(nulText.decode(asked.data))
    case CODES.DATA_WRRQ:
      return reply === REPLIES.DATA && !asksForOpenTable(asked.data)
    case CODES.DATA_RDY:
      return openTable === undefined || !OPEN_TABLES.has(openTable)
    case CODES.USERTEMP_RRQ:
    case CODES.GET_USERTEMP:
    case CODES.DB_RRQ:
      return true
    default:
      return false
  }
}

const ATTENDANCE_AT = 1

function asksForOpenTable(data: Uint8Array): boolean {
  const command = data[ATTENDANCE_AT]
  return command === CODES.ATTLOG_RRQ || command === CODES.OPLOG_RRQ
}
