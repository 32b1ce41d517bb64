// Listening to live events: asking for them, handing them out one by one, and no longer asking when nobody listens. A quiet
// terminal is asked for its clock now and then, so that a dead connection is noticed. Source: docs/protocol §18.
import { registerEvents } from '../commands/live.ts'
import { readClock } from '../commands/terminal.ts'
import { decodeLiveEvents } from '../records/live-event.ts'
import type { LiveEvent } from '../records/live-event.ts'
import { ask, hear, offer, tidyUp } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** What listening gives: events, and a note where some were dropped because nobody took them in time. */
export type LiveNotice = LiveEvent | { readonly type: 'missed'; readonly count: number }

/**
 * Which events a session has asked for. A session has one mask, and several procedures may listen: the terminal is asked
 * for whatever any of them wants.
 */
export class LiveRegistrations {
  readonly #masks: number[] = []

  #wanted(): number {
    return this.#masks.reduce((all, mask) => all | mask, 0)
  }

  /** Begins to keep events for this procedure and asks the terminal for those of `mask`. */
  *enter(mask: number): Procedure<void> {
    yield* hear(0)
    this.#masks.push(mask)
    yield* ask(registerEvents, { mask: this.#wanted() })
  }

  /** One that entered has ended. Never throws for what the terminal says. */
  *leave(mask: number): Procedure<void> {
    const place = this.#masks.indexOf(mask)
    if (place === -1) return
    this.#masks.splice(place, 1)
    yield* tidyUp(registerEvents, { mask: this.#wanted() })
  }
}

export interface ListenPlan {
  readonly registrations: LiveRegistrations
  /** A sum of EVENTS. */
  readonly mask: number
  /** After so long without an event the terminal is asked whether it is still there. */
  readonly heartbeatMs: number
}

/** Hands out events until it is ended. Throws what ends the connection, or the terminal's silence to the heartbeat. */
export function* listen(plan: ListenPlan): Procedure<never, LiveNotice> {
  const { registrations, mask, heartbeatMs } = plan
  try {
    yield* registrations.enter(mask)
    for (;;) {
      const heard = yield* hear(heartbeatMs)
      if (heard === undefined) {
        yield* ask(readClock, undefined)
        continue
      }
      if (heard.missed > 0) yield* offer({ type: 'missed', count: heard.missed } as const)
      if ((heard.event & mask) === 0) continue
      for (const event of decodeLiveEvents(heard.event, heard.payload)) yield* offer(event)
    }
  } catch (error) {
    yield* registrations.leave(mask)
    throw error
  }
}
