// What every write to a terminal needs around it: making it count, and saying so when the terminal did not keep it.
// Source: docs/protocol §8 and §12.6.
import { disableTerminal, enableTerminal, refreshData } from '../commands/terminal.ts'
import type { Command } from '../commands/define-command.ts'
import { ZkRefusedError } from '../errors.ts'
import type { ZkErrorDetails } from '../errors.ts'
import { ask, tidyUp } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** Asks, and says whether the terminal did it; only a refusal counts as no. */
export function* askIfWilling<Req, Res>(command: Command<Req, Res>, value: Req): Procedure<boolean> {
  try {
    yield* ask(command, value)
    return true
  } catch (error) {
    if (error instanceof ZkRefusedError) return false
    throw error
  }
}

/** Makes written people, templates and access settings count; firmware that needs no such command may not know it. */
export function* makeItCount(): Procedure<void> {
  yield* askIfWilling(refreshData, undefined)
}

/** Whether people are kept from punching by this client; whoever owns the session lets them in again at its end. */
export interface DisableGuard {
  disabled: boolean
  /** Whether the terminal lets them in by itself after a while, so that it may have done so already. */
  timed?: boolean
}

/**
 * Runs `use` while nobody can punch, and lets people punch again afterwards, also after an error. A terminal that the
 * caller has disabled is left as it is, unless that was for some seconds only, which may pass meanwhile.
 */
export function* whileDisabled<T>(guard: DisableGuard, use: () => Procedure<T>): Procedure<T> {
  if (guard.disabled && guard.timed !== true) return yield* use()
  let result: T
  try {
    // Before it is known: an answer may be lost after the terminal has obeyed.
    guard.disabled = true
    yield* ask(disableTerminal, { seconds: 0 })
    result = yield* use()
    yield* ask(enableTerminal, undefined)
  } catch (error) {
    guard.disabled = !(yield* tidyUp(enableTerminal, undefined))
    throw error
  }
  guard.disabled = false
  return result
}

/** The terminal acknowledged a write, and what it holds is something else. */
export function notKept(what: string, details: ZkErrorDetails): ZkRefusedError {
  return new ZkRefusedError(
    'ZK_REFUSED',
    `The terminal acknowledged ${what}, but reading it back shows something else: it did not keep it`,
    { effect: 'unknown', details: { ...details, reason: 'not_kept' } },
  )
}
