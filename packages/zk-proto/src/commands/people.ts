// People on a terminal, one at a time; whole lists go through bulk.ts. Source: docs/protocol §12.6.
import { CODES } from '../codes.ts'
import { anyBytes, empty, layout, u16 } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** Creates or overwrites a person by uid. The data is one record of the terminal's own form, 28 or 72 bytes. */
export const writePerson = defineCommand({
  name: 'writePerson',
  code: CODES.USER_WRQ,
  request: anyBytes,
  reply: empty,
  repeat: 'safe',
})

/** Deletes a person and, with it, the templates. */
export const deletePerson = defineCommand({
  name: 'deletePerson',
  code: CODES.DELETE_USER,
  request: layout('deletePerson', 2, { uid: u16(0) }),
  reply: empty,
  repeat: 'unsafe',
})

/** The list of people by the old direct way: a single byte 5. The answer is a transfer. Source: docs/protocol §14.1. */
export const readPeopleDirectly = defineCommand({
  name: 'readPeopleDirectly',
  code: CODES.USERTEMP_RRQ,
  request: anyBytes,
  reply: anyBytes,
  repeat: 'safe',
  patience: 'prepare',
})
