// Faults of answers: commands that are refused, and answers that say something wrong, come late or not at all.
// Source of the fields that are falsified: docs/protocol §10 and §14.
import {
  bulkReady,
  CAPACITY_OFFSETS,
  prepareBulk,
  readCapacity,
  readChunk,
  REPLIES,
  saveTemplates,
  TABLE_HEAD_BYTES,
  writePerson,
  writeTemplate,
  type TerminalRequest,
} from '@org/zk-proto/wire'
import { Answer, refused } from '../responders/respond.ts'
import type { Faults } from './faults.ts'
import type { PlannedFault } from './fault-plan.ts'
import { isCommandCode } from './parameter.ts'

const HIGHEST_U16 = 0xffff
const HIGHEST_U32 = 0xffff_ffff
const NEEDS_ROOM: ReadonlySet<number> = new Set(
  [writePerson, writeTemplate, saveTemplates].map(({ code }) => code),
)

/** The refusal that a command meets before it is looked at; undefined when it is carried out. */
export function refusalInstead(faults: Faults, { code }: TerminalRequest): Answer | undefined {
  const refusing = faults.strike('refuseBuffer', () => code === prepareBulk.code)
  if (refusing !== undefined) return refused(refusing.number('code'))
  return faults.strike('fullMemory', () => NEEDS_ROOM.has(code)) && refused()
}

/** What becomes of an answer. */
export interface Fate {
  /** The request as the answer takes it: with another reply id, perhaps. */
  readonly request: TerminalRequest
  readonly answer: Answer
  /** How long it is held back; 0: not at all. */
  readonly heldMs: number
}

/** The answer to a request that was carried out, as it goes out. */
export function fateOf(faults: Faults, request: TerminalRequest, given: Answer): Fate {
  const meant = (fault: PlannedFault): boolean => isCommandCode(fault.word('to'), request.code)
  const { reply, transfer, afterwards } = given
  if (reply === undefined && transfer === undefined) return { request, answer: given, heldMs: 0 }
  if (faults.strike('unanswered', meant)) {
    return { request, answer: new Answer({ ...(afterwards && { afterwards }) }), heldMs: 0 }
  }
  const by = faults.strike('wrongReplyId', meant)?.number('by') ?? 0
  return {
    request: { ...request, replyId: (request.replyId + by) & HIGHEST_U16 },
    answer: falsified(faults, request, given),
    heldMs: faults.strike('late', meant)?.number('ms') ?? 0,
  }
}

/** The answer with a wrong count or a wrong size in it. */
function falsified(faults: Faults, request: TerminalRequest, given: Answer): Answer {
  const { reply, transfer, afterwards } = given
  const after = afterwards && { afterwards }
  const { payload } = reply ?? {}
  const wrongSize = (where: string, fits: boolean) =>
    faults.strike('missize', (fault) => fits && fault.word('in') === where)?.number('by')

  if (reply !== undefined && payload !== undefined) {
    if (request.code === readCapacity.code && payload.length >= CAPACITY_OFFSETS.records + 4) {
      const by = faults.strike('miscount')?.number('by')
      if (by !== undefined)
        return new Answer({
          reply: { ...reply, payload: added(payload, CAPACITY_OFFSETS.records, by) },
          ...after,
        })
    }
    const isReady = request.code === prepareBulk.code && reply.code === REPLIES.ACK_OK
    const buffer = wrongSize('buffer', isReady && payload.length === bulkReady.sizeBytes)
    if (buffer !== undefined) {
      const { sizeBytes, ...rest } = bulkReady.decode(payload)
      const wrong = bounded(sizeBytes + buffer)
      const ready = bulkReady.encode({ ...rest, sizeBytes: wrong, sizeBytesAgain: wrong })
      return new Answer({ reply: { ...reply, payload: ready }, ...after })
    }
    const isInline = request.code === prepareBulk.code && reply.code === REPLIES.DATA
    const table = wrongSize('table', isInline && payload.length >= TABLE_HEAD_BYTES)
    if (table !== undefined)
      return new Answer({ reply: { ...reply, payload: added(payload, 0, table) }, ...after })
  }
  if (transfer !== undefined) {
    const size = wrongSize('transfer', true)
    if (size !== undefined) {
      const announcedBytes = bounded(transfer.data.length + size)
      return new Answer({ transfer: { ...transfer, announcedBytes }, ...after })
    }
    const table = wrongSize('table', request.code === readChunk.code && isFirstSlice(request))
    if (table !== undefined)
      return new Answer({ transfer: { ...transfer, data: added(transfer.data, 0, table) }, ...after })
  }
  return given
}

function isFirstSlice({ payload }: TerminalRequest): boolean {
  return payload.length >= readChunkBytes && readChunk.request.decode(payload).start === 0
}

const readChunkBytes = readChunk.request.encode({ start: 0, sizeBytes: 0 }).length

/** A copy with a number added to the 32-bit one at `at`. */
function added(bytes: Uint8Array, at: number, by: number): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength)
  if (at + 4 <= copy.length) view.setUint32(at, bounded(view.getUint32(at, true) + by), true)
  return copy
}

function bounded(value: number): number {
  return Math.min(HIGHEST_U32, Math.max(0, value))
}
