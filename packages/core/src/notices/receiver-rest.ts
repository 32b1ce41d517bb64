// A receiver that does not take what it is sent is left in peace for a moment: one delivery tries again, the others fail at once.
// So a thousand deliveries of punches to a server that hangs do not hold up the e-mail that tells of an opened door.
import { ServiceError } from '../errors.ts'
import { undelivered } from './channel.ts'

/** Shorter than the wait after a first failed attempt, so that the second finds out how things are. */
const REST_MS = 3_000
/** Longer than one delivery may take: while one tries, the others do not. */
const TRIAL_MS = 15_000

/** Runs a delivery, or fails as the last one did without trying. */
export type ReceiverRest = <Result>(deliver: () => Promise<Result>) => Promise<Result>

/** For one receiver, in this process. `now`: milliseconds that only grow; for tests. */
export function createReceiverRest(now: () => number = () => performance.now()): ReceiverRest {
  let restsUntil: number | undefined
  return async (deliver) => {
    if (restsUntil !== undefined) {
      if (now() < restsUntil) throw undelivered('resting')
      restsUntil = now() + TRIAL_MS
    }
    try {
      const result = await deliver()
      restsUntil = undefined
      return result
    } catch (error) {
      if (error instanceof ServiceError && error.entry === 'NOTICE_UNDELIVERED') restsUntil = now() + REST_MS
      throw error
    }
  }
}
