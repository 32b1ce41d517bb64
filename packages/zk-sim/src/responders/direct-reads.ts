// The direct reads of older clients: a table asked for by its own command, without a buffer. Source: docs/protocol §14.1.
import {
  CODES,
  DATA_TYPES,
  readAttendanceDirectly,
  readOperationsDirectly,
  readPeopleDirectly,
  readTableDirectly,
  REPLIES,
} from '@org/zk-proto/wire'
import { seededRandom } from '../seeded-random.ts'
import { TableSnapshot } from '../table-snapshot.ts'
import { fork, refused, respond, type Answer, type Exchange, type Fork, type Responder } from './respond.ts'
import { tableDirectly, tableOfType } from './tables.ts'
import { oneTemplate } from './templates.ts'

const people = respond(readPeopleDirectly, ([dataType = 0], exchange) =>
  dataType === DATA_TYPES.PEOPLE ? direct(dataType, exchange) : refused(),
)

export const directReadResponders: readonly (Responder | Fork)[] = [
  respond(readAttendanceDirectly, (_, exchange) => {
    const { log, profile } = exchange.memory
    if (profile.directReads !== 'leftover-memory') return direct(DATA_TYPES.ATTENDANCE, exchange)
    return tableDirectly(new TableSnapshot(leftoverMemory(log.count * log.recordBytes)), exchange)
  }),

  // One byte names the list of people, three the template of a finger.
  fork(CODES.USERTEMP_RRQ, ({ payload }) => (payload.length === 1 ? people : oneTemplate)),

  respond(readTableDirectly, ({ dataType }, exchange) => direct(dataType, exchange)),

  respond(readOperationsDirectly, (_, exchange) => direct(DATA_TYPES.OPERATION_LOG, exchange)),
]

function direct(dataType: number, exchange: Exchange): Answer {
  if (exchange.memory.profile.directReads === 'unknown') return refused(REPLIES.ACK_UNKNOWN)
  const table = tableOfType(dataType, exchange.memory)
  return table === undefined ? refused() : tableDirectly(table, exchange)
}

/** What some units send for a direct read: the right size, and whatever lay in memory. Capture att-k40-direct-read-garbage. */
function leftoverMemory(bytes: number): Uint8Array {
  const random = seededRandom(bytes, 'leftover memory')
  return Uint8Array.from({ length: bytes }, (_, index) =>
    index % 4 > 1 ? random.below(3) : random.below(256),
  )
}
