// Fingerprint templates from a seed: bytes that look like a template and are nobody's finger. The same terminal, person
// and finger give the same bytes.
import { seededRandom } from './seeded-random.ts'

/** What templates of algorithm 10 begin with in every recording. Source: docs/protocol §16. */
const HEAD_10 = Uint8Array.of(0x4d, 0x98, 0x53, 0x53, 0x32, 0x31)
/** Usual lengths of both algorithms. Source: docs/protocol §16. */
const LENGTHS = { 9: { least: 300, span: 300 }, 10: { least: 800, span: 600 } } as const

/** A template of an algorithm, `9` or `10` as the option `~ZKFPVersion` has it; any other counts as 10. */
export function madeUpTemplate(
  algorithm: string | undefined,
  whose: { serialNumber: string; uid: number; finger: number },
): Uint8Array {
  const random = seededRandom(whose.uid, 'template', whose.serialNumber, whose.finger)
  const { least, span } = LENGTHS[algorithm === '9' ? 9 : 10]
  const template = Uint8Array.from({ length: least + random.below(span) }, () => random.below(256))
  if (algorithm !== '9') template.set(HEAD_10)
  return template
}
