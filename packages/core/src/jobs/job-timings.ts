// How long everything about jobs takes, in one place. Tests make all of it short; the service sets the claim from its
// configuration and leaves the rest.

/** All in milliseconds. */
export interface JobTimings {
  /** A claim holds so long without renewal: a dead worker's job is taken over after this. */
  readonly claimMs: number
  /** A running job's claim is renewed this often; well below `claimMs`, so that one lost renewal costs nothing. */
  readonly renewMs: number
  /** Claims that ran out are looked for this often; with BullMQ, in every round of the relay. */
  readonly sweepMs: number
  /** An idle worker of the database queue looks for jobs this often; one enqueued in its own process wakes it at once. */
  readonly pollMs: number
  /** Progress of a run is written at most this often. */
  readonly progressMs: number
  /** A stopping worker lets running jobs go on so long. */
  readonly graceMs: number
  /** A handler has so long to end after its signal aborted; then its outcome is settled without it. */
  readonly abortMs: number
  /** BullMQ: waiting jobs without a live carrier are looked for this often. */
  readonly relayMs: number
  /** BullMQ: a job whose lane is busy comes again after this, then after twice as long, up to a second. */
  readonly laneRetryMs: number
}

/** Grace and abort together stay below the ten seconds that a stopping service has. */
export const JOB_TIMINGS: JobTimings = {
  claimMs: 15_000,
  renewMs: 5_000,
  sweepMs: 5_000,
  pollMs: 1_000,
  progressMs: 500,
  graceMs: 2_000,
  abortMs: 5_000,
  relayMs: 5_000,
  laneRetryMs: 250,
}

/** The defaults with what is given instead; renewals and sweeps follow a given claim. */
export function jobTimings(given: Partial<JobTimings> = {}): JobTimings {
  const claimMs = given.claimMs ?? JOB_TIMINGS.claimMs
  const third = Math.ceil(claimMs / 3)
  return { ...JOB_TIMINGS, renewMs: third, sweepMs: third, ...given }
}

/** A wait spread by a quarter to both sides, so that processes that started together do not ask together. */
export function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2)
}
