// The buffer of CMD 110: people and their templates in one piece. Three lengths, then people, a table of templates, and
// the templates. Source: docs/protocol §15.3, vector "CMD 110 upload buffer".
import { joinBytes, putBytes, putU16, u16At } from '../bytes.ts'
import { ZkProtocolError, ZkUsageError } from '../errors.ts'
import { layout, u16, u32, u8 } from '../layout.ts'
import { checkTemplateBytes } from './template.ts'

/** The beginning of the buffer. */
export const uploadHead = layout('uploadHead', 12, {
  peopleBytes: u32(0),
  tableBytes: u32(4),
  templateBytes: u32(8),
})

/** One row of the table of templates. */
export const uploadRow = layout('uploadRow', 8, {
  tag: u8(0), // 2
  uid: u16(1),
  fingerSlot: u8(3), // 16 and the finger
  offset: u32(4), // into the part that holds the templates
})

const TAG = 2
const FINGER_SLOT = 16
const SIZE_BYTES = 2

/** A template of the buffer. It has no flag: the terminal takes it for a valid one. */
export interface UploadedTemplate {
  readonly uid: number
  readonly finger: number
  readonly bytes: Uint8Array
}

/** What the buffer holds: person records as they stand on the terminal, all of one form, and templates. */
export interface TemplateUpload {
  readonly people: readonly Uint8Array[]
  readonly templates: readonly UploadedTemplate[]
}

/** Makes the buffer. Throws ZK_VALUE_OUT_OF_RANGE for records of different lengths or an impossible template. */
export function encodeTemplateUpload(upload: TemplateUpload): Uint8Array {
  const recordSize = upload.people[0]?.length ?? 0
  if (upload.people.some((record) => record.length !== recordSize)) {
    throw new ZkUsageError('ZK_VALUE_OUT_OF_RANGE', 'The person records of one upload must have one form')
  }
  const people = upload.people.flatMap((record) => [Uint8Array.of(TAG), record])
  const rows: Uint8Array[] = []
  const templates: Uint8Array[] = []
  let offset = 0
  for (const { uid, finger, bytes } of upload.templates) {
    checkTemplateBytes(bytes)
    rows.push(uploadRow.encode({ tag: TAG, uid, fingerSlot: FINGER_SLOT + finger, offset }))
    const piece = new Uint8Array(SIZE_BYTES + bytes.length)
    putU16(piece, 0, bytes.length)
    putBytes(piece, SIZE_BYTES, bytes)
    templates.push(piece)
    offset += piece.length
  }
  const head = uploadHead.encode({
    peopleBytes: upload.people.length * (1 + recordSize),
    tableBytes: rows.length * uploadRow.sizeBytes,
    templateBytes: offset,
  })
  return joinBytes([head, ...people, ...rows, ...templates])
}

/** Reads the buffer; the terminal's side. Throws ZK_BAD_RECORD when a part reaches beyond another. */
export function decodeTemplateUpload(buffer: Uint8Array, recordSize: number): TemplateUpload {
  const { peopleBytes, tableBytes, templateBytes } = uploadHead.decode(buffer)
  const peopleAt = uploadHead.sizeBytes
  const tableAt = peopleAt + peopleBytes
  const templatesAt = tableAt + tableBytes
  const whole =
    templatesAt + templateBytes === buffer.length &&
    peopleBytes % (1 + recordSize) === 0 &&
    tableBytes % uploadRow.sizeBytes === 0
  if (!whole)
    throw badUpload(`its parts of ${peopleBytes}, ${tableBytes} and ${templateBytes} bytes do not fit`)
  const people: Uint8Array[] = []
  for (let at = peopleAt; at < tableAt; at += 1 + recordSize) {
    people.push(buffer.slice(at + 1, at + 1 + recordSize))
  }
  const templates: UploadedTemplate[] = []
  for (let at = tableAt; at < templatesAt; at += uploadRow.sizeBytes) {
    const { uid, fingerSlot, offset } = uploadRow.decode(buffer, at)
    const from = templatesAt + offset
    if (from + SIZE_BYTES > buffer.length) throw badUpload('a template begins beyond its end')
    const end = from + SIZE_BYTES + u16At(buffer, from)
    if (end > buffer.length) throw badUpload('a template reaches beyond its end')
    templates.push({ uid, finger: fingerSlot - FINGER_SLOT, bytes: buffer.slice(from + SIZE_BYTES, end) })
  }
  return { people, templates }
}

function badUpload(why: string): ZkProtocolError {
  return new ZkProtocolError('ZK_BAD_RECORD', `The upload of people and templates is not whole: ${why}`, {
    effect: 'none',
  })
}
