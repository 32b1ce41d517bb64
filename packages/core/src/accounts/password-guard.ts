// Keeps guessers away from passwords. Five wrong ones from one address keep that address out of that account for a quarter of
// an hour, fifty keep everyone out; less would let a stranger lock an admin out. What counts is the e-mail address given,
// whether an account has it or not, and an attempt counts before its password is looked at.
import { createHash } from 'node:crypto'
import { ServiceError } from '../errors.ts'
import type { PasswordVerdict } from '../passwords.ts'
import type { AttemptCounter } from './attempt-counter.ts'

const WINDOW_MS = 15 * 60_000
const OF_ONE_ADDRESS = { most: 5, windowMs: WINDOW_MS }
const OF_ALL = { most: 50, windowMs: WINDOW_MS }

/** Which password is tried, and from where. */
export interface PasswordAttempt {
  readonly email: string
  readonly address: string | null
}

/** Whom a lock keeps out, that begins now. */
export interface Lock {
  readonly of: 'address' | 'everyone'
  readonly seconds: number
}

/** A password that was looked at. */
export interface GuardedVerdict<Checked> {
  readonly checked: Checked
  /** Locks that begin with this attempt: it was wrong, and the last one. */
  readonly locks: readonly Lock[]
}

/** Stands before every check of a password. */
export interface PasswordGuard {
  /**
   * Lets `check` look at the password, if there is an attempt left. One that is not `wrong` clears what its
   * address has on its account; one that could not be made does not count. Throws ACCOUNT_LOCKED, and what `check` throws.
   */
  attempt<Checked extends { readonly verdict: PasswordVerdict }>(
    attempt: PasswordAttempt,
    check: () => Promise<Checked>,
  ): Promise<GuardedVerdict<Checked>>
}

/** A guard on a counter. */
export function createPasswordGuard(counter: AttemptCounter): PasswordGuard {
  return {
    async attempt({ email, address }, check) {
      const account = createHash('sha256').update(email.toLowerCase()).digest('hex')
      const here = `${account}:${address ?? 'inside'}`

      const mine = await counter.begin(here, OF_ONE_ADDRESS)
      if (!mine.allowed) throw locked(mine.retryAfterMs)
      const everyones = await counter.begin(account, OF_ALL)
      if (!everyones.allowed) {
        await counter.takeBack(here)
        throw locked(everyones.retryAfterMs)
      }

      const checked = await check().catch(async (error: unknown) => {
        await Promise.all([counter.takeBack(here), counter.takeBack(account)])
        throw error
      })
      if (checked.verdict !== 'wrong') {
        await Promise.all([counter.clear(here), counter.takeBack(account)])
        return { checked, locks: [] }
      }
      const seconds = WINDOW_MS / 1_000
      const locks: Lock[] = []
      if (mine.last) locks.push({ of: 'address', seconds })
      if (everyones.last) locks.push({ of: 'everyone', seconds })
      return { checked, locks }
    },
  }
}

function locked(retryAfterMs: number): ServiceError {
  return new ServiceError('ACCOUNT_LOCKED', {
    retryAfterSeconds: Math.max(1, Math.ceil(retryAfterMs / 1_000)),
  })
}
