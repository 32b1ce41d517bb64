// The port of the roster: which processes watch terminals, so that each can tell by itself which devices are its own. Memory and
// Redis carry it; test/contract/watch-roster.contract.ts checks what is promised here.
//
// Whoever has not said for a while that it lives is no longer on it. Two processes may see different rosters for a moment: the
// lease of a device is what keeps two watches apart, the roster only keeps them from trying.
import { createHash } from 'node:crypto'

/** One in each process that watches. */
export interface WatchRoster {
  /** This process, by a name of its own. */
  readonly name: string
  /** Says that this process lives, and gives the names of all that do. Throws when nobody can know. */
  beat(): Promise<readonly string[]>
  /** Takes this process off. Never rejects. */
  leave(): Promise<void>
}

/**
 * Who watches a device: the one whose name, together with it, gives the highest number. When somebody comes or goes, only the
 * devices that become theirs, or were, change hands. Undefined when there is nobody.
 */
export function watcherOf(deviceId: number, names: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly weight: string } | undefined
  for (const name of names) {
    const weight = createHash('sha256').update(`${name} ${deviceId}`).digest('hex')
    if (best === undefined || weight > best.weight) best = { name, weight }
  }
  return best?.name
}
