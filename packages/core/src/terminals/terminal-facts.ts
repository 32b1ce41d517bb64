// What a terminal says of itself, as far as it can be believed: texts that are too long or unprintable count as not said.
import type { NewDevice } from '@org/data'
import type { TerminalInfo } from '@org/zk-proto'
import type { Logger } from 'pino'

/** What is kept of it. */
export type TerminalFacts = Pick<
  TerminalInfo,
  | 'model'
  | 'platform'
  | 'firmware'
  | 'serialNumber'
  | 'mac'
  | 'fingerprintVersion'
  | 'faceVersion'
  | 'people'
  | 'fingerprints'
  | 'faces'
  | 'records'
>

/** No text that a terminal says of itself is longer, in bytes of UTF-8. */
const LONGEST_TEXT_BYTES = 255
/** Control characters, halves of characters, characters that are none, and what stands for bytes that could not be read. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}\uFFFD]/u

/** `address` goes into the log where something is left out. */
export function factsOf(
  info: TerminalInfo,
  log: Logger,
  address: { readonly ip: string; readonly port: number },
): TerminalFacts {
  const { ip, port } = address
  const fit = (field: string, text: string | null): string | null => {
    if (text === null) return null
    const bytes = Buffer.byteLength(text)
    if (bytes <= LONGEST_TEXT_BYTES && !UNPRINTABLE.test(text)) return text
    log.warn(
      { ip, port, field, bytes },
      'what a terminal says of itself is too long or unprintable, and not kept',
    )
    return null
  }
  return {
    model: fit('model', info.model),
    platform: fit('platform', info.platform),
    firmware: fit('firmware', info.firmware),
    serialNumber: fit('serialNumber', info.serialNumber),
    mac: fit('mac', info.mac),
    fingerprintVersion: fit('fingerprintVersion', info.fingerprintVersion),
    faceVersion: fit('faceVersion', info.faceVersion),
    people: info.people,
    fingerprints: info.fingerprints,
    faces: info.faces,
    records: info.records,
  }
}

/** The same as the device's row keeps it. */
export function factsToStore(facts: TerminalFacts): NonNullable<NewDevice['info']> {
  const countOf = (count: TerminalFacts['records']) =>
    count === null ? null : { count: count.count, capacity: count.capacity }
  return {
    model: facts.model,
    platform: facts.platform,
    firmware: facts.firmware,
    serialNumber: facts.serialNumber,
    mac: facts.mac,
    fingerprintVersion: facts.fingerprintVersion,
    faceVersion: facts.faceVersion,
    people: countOf(facts.people),
    fingerprints: countOf(facts.fingerprints),
    faces: countOf(facts.faces),
    records: countOf(facts.records),
  }
}
