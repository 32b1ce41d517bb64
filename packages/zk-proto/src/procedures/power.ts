// Restarting a terminal and switching it off: commands after which it may be gone before it has answered.
// Source: docs/protocol §8.
import { exitSession } from '../commands/connection.ts'
import type { Command } from '../commands/define-command.ts'
import { powerOffTerminal, readState, restartTerminal } from '../commands/terminal.ts'
import { ZkTransportError } from '../errors.ts'
import { ask, refusal, request, tidyUp } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** What a terminal is doing. Source: docs/protocol §8, capture state-in-session-field. */
export const TERMINAL_STATES: ReadonlyMap<number, string> = new Map([
  [0, 'waiting'],
  [1, 'enrolling'],
  [2, 'identifying'],
  [3, 'in its menu'],
  [4, 'busy'],
  [5, 'waiting for a card'],
])

/** Restarts it. True when it acknowledged, false when it just went: much firmware does. Throws when it refuses. */
export function restart(): Procedure<boolean> {
  return goodbye(restartTerminal, ['ZK_CONNECTION_LOST', 'ZK_TIMEOUT'])
}

/** Switches it off. Silence is no success here: nothing tells it from a terminal that did not listen. */
export function* powerOff(): Procedure<boolean> {
  const acknowledged = yield* goodbye(powerOffTerminal, ['ZK_CONNECTION_LOST'])
  if (acknowledged) yield* tidyUp(exitSession, undefined)
  return acknowledged
}

function* goodbye(command: Command<void, void>, ends: readonly string[]): Procedure<boolean> {
  try {
    yield* ask(command, undefined)
    return true
  } catch (error) {
    if (error instanceof ZkTransportError && error.effect === 'unknown' && ends.includes(error.code)) {
      return false
    }
    throw error
  }
}

/** The number of what it is doing, see TERMINAL_STATES. It stands where other answers have the session id. */
export function* readStateNumber(): Procedure<number> {
  const answer = yield* request(readState, undefined)
  if (!readState.accepts.includes(answer.code)) throw refusal(readState, answer)
  return answer.sessionField
}
