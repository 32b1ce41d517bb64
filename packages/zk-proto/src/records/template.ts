// Fingerprint templates: what stands before each in a whole read, and the byte behind one that is read alone. The template
// itself is opaque; it is biometric data and never appears in an error. Source: docs/protocol §16.
import { putBytes, sameBytes, u8At } from '../bytes.ts'
import { ZkProtocolError, ZkUsageError } from '../errors.ts'
import { layout, u16, u8 } from '../layout.ts'

/** Before each template of a whole read. Source: docs/protocol §16, capture template-entry-header. */
export const templateHead = layout('templateHead', 6, {
  entryBytes: u16(0), // this head and the template
  uid: u16(2),
  finger: u8(4),
  flag: u8(5),
})

/** What the flag of a template says. */
export const TEMPLATE_FLAGS = { invalid: 0, valid: 1, duress: 3 } as const

/** The highest number of a finger; fingers count from 0. */
export const HIGHEST_FINGER = 9

/** The longest template that an entry can hold. */
export const LONGEST_TEMPLATE_BYTES = 0xffff - templateHead.sizeBytes

/** A fingerprint template as a terminal keeps it. */
export interface Template {
  readonly uid: number
  /** 0 to 9. */
  readonly finger: number
  /** 0 invalid, 1 valid, 3 a finger that opens the door and raises the duress alarm; others as they stand. */
  readonly flag: number
  /** Opaque biometric data; its form depends on the algorithm version of the terminal. */
  readonly bytes: Uint8Array
}

/** What a template of algorithm 10 has behind its first two bytes. Source: docs/protocol §16, capture template-1244-coalesced. */
const VERSION_10_MARK = Uint8Array.of(0x53, 0x53, 0x32, 0x31)
const MARK_AT = 2

/**
 * The version of the algorithm that made a template, where its first bytes say so; undefined where they do not. Only that of
 * version 10 is known, and that some of its templates may lack it is not excluded.
 */
export function templateVersion(bytes: Uint8Array): number | undefined {
  return VERSION_10_MARK.every((value, i) => bytes[MARK_AT + i] === value) ? 10 : undefined
}

/** All templates of a whole read. Throws ZK_BAD_RECORD when an entry has no whole head or reaches beyond the end. */
export function decodeTemplates(entries: Uint8Array): Template[] {
  const templates: Template[] = []
  for (let at = 0; at < entries.length;) {
    const entryBytes =
      at + templateHead.sizeBytes > entries.length ? 0 : templateHead.decode(entries, at).entryBytes
    if (entryBytes < templateHead.sizeBytes || at + entryBytes > entries.length) {
      throw new ZkProtocolError(
        'ZK_BAD_RECORD',
        `The template at byte ${at} of ${entries.length} says that it is ${entryBytes} bytes long`,
        { effect: 'none', details: { offset: at, entryBytes, totalBytes: entries.length } },
      )
    }
    const { uid, finger, flag } = templateHead.decode(entries, at)
    templates.push({ uid, finger, flag, bytes: entries.slice(at + templateHead.sizeBytes, at + entryBytes) })
    at += entryBytes
  }
  return templates
}

/** Templates as a whole read gives them. Throws ZK_VALUE_OUT_OF_RANGE for one that is too long. */
export function encodeTemplates(templates: readonly Template[]): Uint8Array {
  let length = 0
  for (const { bytes } of templates) length += templateHead.sizeBytes + bytes.length
  const entries = new Uint8Array(length)
  let at = 0
  for (const { uid, finger, flag, bytes } of templates) {
    const entryBytes = templateHead.sizeBytes + bytes.length
    putBytes(entries, at, templateHead.encode({ entryBytes, uid, finger, flag }))
    putBytes(entries, at + templateHead.sizeBytes, bytes)
    at += entryBytes
  }
  return entries
}

/**
 * The template in the answer that gives one alone: behind it stands one more byte, its flag as far as is known.
 * Throws ZK_BAD_RECORD for an answer without a template. Source: docs/protocol §16, capture template-1244-coalesced.
 */
export function decodeSingleTemplate(uid: number, finger: number, data: Uint8Array): Template {
  if (data.length < 2) {
    throw new ZkProtocolError(
      'ZK_BAD_RECORD',
      `Expected a template and its flag, got ${data.length} byte(s)`,
      { effect: 'none', details: { uid, finger, length: data.length } },
    )
  }
  const last = data.length - 1
  return { uid, finger, flag: u8At(data, last), bytes: data.slice(0, last) }
}

/**
 * Whether two templates are one. Zeros at the end do not count: some firmware adds them to a template that is read alone.
 * Source: docs/protocol §16.
 */
export function sameTemplate(a: Uint8Array, b: Uint8Array): boolean {
  return sameBytes(withoutZeros(a), withoutZeros(b))
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.findLastIndex((value) => value !== 0) + 1)
}

/** The answer that gives a template alone: the inverse of `decodeSingleTemplate`. */
export function encodeSingleTemplate(template: Pick<Template, 'flag' | 'bytes'>): Uint8Array {
  return Uint8Array.of(...template.bytes, template.flag)
}

/** Throws ZK_VALUE_OUT_OF_RANGE for a finger that is none. */
export function checkFinger(finger: number): void {
  if (Number.isInteger(finger) && finger >= 0 && finger <= HIGHEST_FINGER) return
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `A finger is a number from 0 to ${HIGHEST_FINGER}, got ${finger}`,
  )
}

/** Throws ZK_VALUE_OUT_OF_RANGE for a template that no entry can hold. */
export function checkTemplateBytes(bytes: Uint8Array): void {
  if (bytes.length > 0 && bytes.length <= LONGEST_TEMPLATE_BYTES) return
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `A template has 1 to ${LONGEST_TEMPLATE_BYTES} bytes, got ${bytes.length}`,
  )
}
