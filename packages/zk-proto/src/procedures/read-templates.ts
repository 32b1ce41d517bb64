// Reading fingerprint templates: all of a terminal, or that of one finger. Source: docs/protocol §16.
import { joinBytes } from '../bytes.ts'
import { DATA_TYPES, REPLIES } from '../codes.ts'
import { BULK_TABLES, readTableDirectly } from '../commands/bulk.ts'
import type { Command } from '../commands/define-command.ts'
import { readTemplate, readTemplateAlone } from '../commands/templates.ts'
import { ZkProtocolError, ZkRefusedError } from '../errors.ts'
import { checkFinger, decodeSingleTemplate, decodeTemplates } from '../records/template.ts'
import type { Template } from '../records/template.ts'
import { MAX_ANSWER_BYTES, refusal, request } from '../session/procedure.ts'
import type { Answer, Procedure } from '../session/procedure.ts'
import { capacityIfTold } from './read-attendance.ts'
import type { OnProgress } from './read-progress.ts'
import { readWholeTable } from './read-table.ts'

const ATTEMPTS = 3

/** All templates, in the terminal's order. Throws ZK_BAD_RECORD when their entries are not whole. */
export function* readTemplates(plan: {
  readonly sliceBytes: number
  readonly onProgress: OnProgress | undefined
}): Procedure<Template[]> {
  const { fingerprints } = yield* capacityIfTold()
  const entries = yield* readWholeTable({
    table: BULK_TABLES.templates,
    direct: () => request(readTableDirectly, { dataType: DATA_TYPES.TEMPLATES }),
    announced: fingerprints,
    sliceBytes: plan.sliceBytes,
    mostBytes: MAX_ANSWER_BYTES,
    onProgress: plan.onProgress,
  })
  return decodeTemplates(entries)
}

type TemplateCommand = Command<{ readonly uid: number; readonly finger: number }, Uint8Array>

/** The template of one finger; undefined when there is none. Throws ZK_VALUE_OUT_OF_RANGE for a finger that is none. */
export function* readOneTemplate(uid: number, finger: number): Procedure<Template | undefined> {
  const found = yield* lookForTemplate(uid, finger)
  return typeof found === 'string' ? undefined : found
}

/** The template of one finger; `absent` when there is none, `untold` when the firmware knows no way to ask. */
export function* lookForTemplate(uid: number, finger: number): Procedure<Template | 'absent' | 'untold'> {
  checkFinger(finger)
  const first = yield* readBy(readTemplate, uid, finger)
  if (typeof first !== 'string') return first
  // Refused: no such template, or firmware that wants the other number.
  const second = yield* readBy(readTemplateAlone, uid, finger)
  return second === 'untold' ? first : second
}

function* readBy(
  command: TemplateCommand,
  uid: number,
  finger: number,
): Procedure<Template | 'absent' | 'untold'> {
  let answer = yield* request(command, { uid, finger })
  for (let attempt = 1; attempt < ATTEMPTS && !isWhole(answer); attempt += 1) {
    answer = yield* request(command, { uid, finger })
  }
  if (!isWhole(answer)) {
    throw new ZkProtocolError('ZK_TRANSFER_INCOMPLETE', `The template came damaged ${ATTEMPTS} times`, {
      effect: 'none',
      details: { uid, finger },
    })
  }
  const { transfer, payload, code } = answer
  if (code === REPLIES.ACK_OK && transfer !== undefined) {
    return decodeSingleTemplate(uid, finger, joinBytes(transfer.pieces))
  }
  if (command.accepts.includes(code)) return decodeSingleTemplate(uid, finger, payload)
  const refused = refusal(command, answer)
  if (refused instanceof ZkRefusedError) return refused.code === 'ZK_UNSUPPORTED' ? 'untold' : 'absent'
  throw refused
}

function isWhole({ transfer }: Answer): boolean {
  return transfer === undefined || (transfer.intact && transfer.sizeBytes === transfer.announcedBytes)
}
