// What the symptoms of people and of their templates have in common: three people, a terminal that keeps such records, how they
// are listed, and the error of what was not kept.
import { TCP_SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { Furniture } from '../support/furnished-terminal.ts'
import { people72 } from '../support/logs.ts'
import type { Script } from '../support/scripted-terminal.ts'
import { VirtualWire } from '../support/virtual-wire.ts'

export const LIST = { nameEncoding: 'auto', onProgress: undefined, sliceBytes: TCP_SLICE_BYTES }
export const NOT_KEPT = { code: 'ZK_REFUSED', details: { reason: 'not_kept' } }

/** Their records, of 72 bytes each. */
export const three: readonly Uint8Array[] = [0, 1, 2].map((i) => people72(3).slice(i * 72, (i + 1) * 72))

/** A client on a virtual wire to a terminal that keeps these people. */
export function terminalWith(people: readonly Uint8Array[], script: Script = {}) {
  const furniture = new Furniture()
  furniture.people = [...people]
  return { furniture, wire: new VirtualWire(furniture.script(script)).connected() }
}
