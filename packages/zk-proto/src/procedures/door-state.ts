// Whether the door stands open, honestly: an answer without a word about it is no "open". Source: docs/protocol §19.
import { readDoorState } from '../commands/door.ts'
import { refusal, request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** `unknown`: the terminal acknowledged the question and said nothing, or something that is neither. */
export type DoorState = 'open' | 'closed' | 'unknown'

/** Asks for the state of the door. Throws ZK_UNSUPPORTED or ZK_REFUSED where there is no sensor to ask. */
export function* doorState(): Procedure<DoorState> {
  const answer = yield* request(readDoorState, undefined)
  if (!readDoorState.accepts.includes(answer.code)) throw refusal(readDoorState, answer)
  const [open] = answer.payload
  if (open === 1) return 'open'
  return open === 0 ? 'closed' : 'unknown'
}
