// Commands that take data away for good. None is ever sent twice. The log of attendance is in attendance.ts.
// Source: docs/protocol §23.
import { CODES } from '../codes.ts'
import { empty, layout, u8 } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** Empties one table. The number is a byte, never a digit; without it the terminal would empty everything. */
export const clearTable = defineCommand({
  name: 'clearTable',
  code: CODES.CLEAR_DATA,
  request: layout('clearTable', 1, { dataType: u8(0) }),
  reply: empty,
  repeat: 'unsafe',
})

/** Empties everything, people too. */
export const clearEverything = defineCommand({
  name: 'clearEverything',
  code: CODES.CLEAR_DATA,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})

/** Empties the operation log. */
export const clearOperations = defineCommand({
  name: 'clearOperations',
  code: CODES.CLEAR_OPLOG,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})

/** Makes everyone an ordinary user. */
export const clearAdministrators = defineCommand({
  name: 'clearAdministrators',
  code: CODES.CLEAR_ADMIN,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})

/** Puts access control back to what it was when the terminal was new. */
export const clearAccess = defineCommand({
  name: 'clearAccess',
  code: CODES.CLEAR_ACC,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})
