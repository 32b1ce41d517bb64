// Taking data away for good, table by table or all at once. Source: docs/protocol §13.8 and §23.
import {
  clearAccess,
  clearAdministrators,
  clearAttendance,
  clearEverything,
  clearOperations,
  clearTable,
  CODES,
  DATA_TYPES,
} from '@org/zk-proto/wire'
import type { TerminalMemory } from '../memory.ts'
import { fork, refused, respond, type Fork, type Responder } from './respond.ts'

/** A number that stands for no table. Source: docs/protocol §23. */
const NOTHING = 3

const CLEARERS: ReadonlyMap<number, (memory: TerminalMemory) => void> = new Map([
  [DATA_TYPES.ATTENDANCE, (memory: TerminalMemory) => memory.clearLog()],
  [DATA_TYPES.TEMPLATES, ({ templates }) => templates.clear()],
  [NOTHING, () => undefined],
  [DATA_TYPES.OPERATION_LOG, ({ operations }) => operations.clear()],
  [DATA_TYPES.PEOPLE, (memory) => memory.clearPeople()],
])

const everything = respond(clearEverything, (_, { memory }) => {
  memory.clear()
  memory.clientDid('clearData')
})

const table = respond(clearTable, ({ dataType }, { memory }) => {
  const clear = CLEARERS.get(dataType)
  if (clear === undefined && !memory.profile.clearsOnUnknownType) return refused()
  if (clear === undefined) memory.clear()
  else clear(memory)
  if (dataType !== DATA_TYPES.OPERATION_LOG) memory.clientDid('clearData', { detail: dataType })
  return undefined
})

export const clearingResponders: readonly (Responder | Fork)[] = [
  // Without a byte that names a table all of them are meant.
  fork(CODES.CLEAR_DATA, ({ payload }) => (payload.length === 0 ? everything : table)),

  respond(clearAttendance, (_, { memory }) => {
    memory.clearLog()
    memory.clientDid('clearAttendance')
  }),

  respond(clearOperations, (_, { memory }) => memory.operations.clear()),

  respond(clearAdministrators, (_, { memory }) => {
    memory.people.clearAdministrators()
    memory.clientDid('clearAdministrators')
  }),

  respond(clearAccess, (_, { memory }) => {
    memory.resetAccess()
    memory.clientDid('changeAccess')
  }),
]
