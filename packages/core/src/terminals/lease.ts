// The port of the lease: the right to be alone with a terminal, across all processes. Memory and Redis carry it;
// test/contract/lease.contract.ts checks what is promised here.
//
// At most one lease of a name stands at a time. It ends by release, or by time when its holder has died or is cut off. A terminal
// cannot check a lease, so its holder must: `signal` aborts before the lease ends, early enough that a command sent while it
// had not aborted is over by then, and `assertHeld` is asked before each command. What is written in a lease's name carries
// its fence, a number from the database that only grows: the database refuses an older one once it has seen a newer.
import { ServiceError } from '../errors.ts'

/** What a lease is for: a registered device, or an address that is about to become one. */
export type LeaseTarget = { readonly deviceId: number } | { readonly address: string }

/** How patiently a lease is asked for. */
export interface AcquireOptions {
  /** How long to wait for another holder. Then DEVICE_BUSY. */
  readonly waitMs: number
  readonly signal: AbortSignal
  /** True for a holder that gave the lease back because others waited, and comes back for it: they go first. */
  readonly hasYielded?: boolean
  /**
   * True for a holder that can wait, such as a live watch: whoever waits too goes first, and nobody is asked to give way who
   * works with the terminal; only one that merely keeps it (see whenWished).
   */
  readonly isHumble?: boolean
}

/** The right to be alone with a terminal, until it is released or lost. */
export interface Lease {
  /** The fence number; 0 for an address, in whose name nothing is written. */
  readonly fence: number
  /** Aborts (with a ServiceError as its reason) when the lease is lost or about to end unrenewed. Never after release. */
  readonly signal: AbortSignal
  /** True while somebody waits for this lease who is not humble: the holder gives it back at its next quiet moment. */
  readonly wanted: boolean
  /** Calls back once when `wanted` becomes true (at once when it is). The function returned takes the call back. */
  whenWanted(call: () => void): () => void
  /**
   * Calls back once when a humble one waits for this lease: whoever keeps it without need gives it back. A hint that may be
   * lost. The function returned takes the call back.
   */
  whenWished(call: () => void): () => void
  /** Milliseconds for which the lease certainly stands. */
  remainingMs(): number
  /** Throws DEVICE_BUSY unless the lease outlasts a command that is sent now. */
  assertHeld(): void
  /** Gives it back; whoever waits gets it at once. Repeated calls do nothing; never rejects, and never waits for long. */
  release(): Promise<void>
}

/** Grants leases. One in each process. */
export interface LeaseKeeper {
  /**
   * Waits its turn. Throws DEVICE_BUSY after `waitMs`, QUEUE_UNAVAILABLE when nobody can know then who holds it, and the
   * signal's reason when that aborts.
   */
  acquire(target: LeaseTarget, options: AcquireOptions): Promise<Lease>
  /** Releases all leases of this process and ends. */
  close(): Promise<void>
}

/** What every adapter needs. */
export interface LeaseSettings {
  /** How long a lease outlives its holder's last renewal. */
  readonly leaseMs: number
  /** Draws the next fence number of a device. */
  readonly issueFence: (deviceId: number) => Promise<number>
}

/** Name under which a target's lease is kept. */
export function leaseName(target: LeaseTarget): string {
  return 'deviceId' in target ? `device:${target.deviceId}` : `address:${target.address}`
}

/** Fence of a new lease. */
export function fenceFor(target: LeaseTarget, settings: LeaseSettings): Promise<number> {
  return 'deviceId' in target ? settings.issueFence(target.deviceId) : Promise.resolve(0)
}

/** The lease ended under its holder's hands: what was under way is broken off. Waiting cures it. */
export function leaseLost(cause?: unknown): ServiceError {
  return new ServiceError('DEVICE_BUSY', {
    message: 'The right to be alone with the terminal was lost; the operation was broken off',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Nobody gave the terminal back in time. */
export function leaseDenied(retryAfterSeconds?: number): ServiceError {
  return new ServiceError('DEVICE_BUSY', retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
}
