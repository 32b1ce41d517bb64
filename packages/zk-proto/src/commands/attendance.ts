// The attendance log by its own commands; it is normally read through bulk.ts. Source: docs/protocol §13 and §14.1.
import { CODES } from '../codes.ts'
import { anyBytes, empty } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/**
 * The log by the old direct way; the answer is a transfer. Only where the buffered way is refused: newer units send
 * leftover memory in perfectly framed packets. Source: capture att-k40-direct-read-garbage.
 */
export const readAttendanceDirectly = defineCommand({
  name: 'readAttendanceDirectly',
  code: CODES.ATTLOG_RRQ,
  request: empty,
  reply: anyBytes,
  repeat: 'safe',
  patience: 'prepare',
})

/** Empties the log. A repeat could take punches that came in between, so it is never sent twice. */
export const clearAttendance = defineCommand({
  name: 'clearAttendance',
  code: CODES.CLEAR_ATTLOG,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})
