// Whole tables: a snapshot read in slices (1503, 1504, 1502). The script of faults acts here on the log under a reader's
// hands. Source: docs/protocol §14 and §26.6.
import {
  BULK_TABLES,
  bulkReady,
  CODES,
  freeBulk,
  prepareBulk,
  readChunk,
  REPLIES,
  type BulkRequest,
} from '@org/zk-proto/wire'
import { strikeRead } from '../faults/terminal-faults.ts'
import type { Profile } from '../profile.ts'
import {
  done,
  refused,
  replyWith,
  respond,
  silence,
  type Answer,
  type Exchange,
  type Responder,
} from './respond.ts'
import { tableOf, transferred } from './tables.ts'

/** Stands in the 13 bytes that announce a buffer; as captured, its meaning unknown. */
const UNKNOWN_9 = 0x0023_efcd

export const bulkResponders: readonly Responder[] = [
  respond(prepareBulk, (request, exchange) => {
    const { memory, link, faults, power } = exchange
    const { refusesBufferedReads, inlineLimitBytes } = memory.profile
    if (refusesBufferedReads !== undefined && isRefused(request, memory.profile))
      return refused(refusesBufferedReads)
    const restarts = request.command === CODES.ATTLOG_RRQ && strikeRead(faults, 0, memory)
    const table = tableOf(request, memory)
    if (table === undefined) return refused()
    if (restarts) return restartInstead(power)
    const { sizeBytes } = table
    if (sizeBytes <= inlineLimitBytes) return replyWith({ code: REPLIES.DATA, payload: table.whole() })
    link.buffer = { command: request.command, table, slices: 0 }
    return done(bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: UNKNOWN_9 }))
  }),

  respond(readChunk, ({ start, sizeBytes }, exchange) => {
    const { memory, link, stats, faults, power } = exchange
    const { buffer } = link
    stats.countSlice(sizeBytes)
    if (buffer === undefined || start >= buffer.table.sizeBytes) return refused()
    buffer.slices += 1
    if (buffer.command === CODES.ATTLOG_RRQ && strikeRead(faults, buffer.slices, memory)) {
      return restartInstead(power)
    }
    return transferred(buffer.table.slice(start, sizeBytes), exchange)
  }),

  respond(freeBulk, (_, { link }) => {
    link.buffer = undefined
    link.upload = undefined
  }),
]

/** Whether the profile's refusal is about this table. */
function isRefused({ command, dataType }: BulkRequest, { refusesBufferedReadsOf }: Profile): boolean {
  if (refusesBufferedReadsOf === 'all') return true
  return refusesBufferedReadsOf.some((name) => {
    const table = BULK_TABLES[name]
    return table.command === command && table.dataType === dataType
  })
}

/** The terminal goes down instead of answering. */
function restartInstead(power: Exchange['power']): Answer {
  return silence(() => power.restart())
}
