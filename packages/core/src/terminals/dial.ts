// Connecting to a terminal: the host is resolved, checked against DEVICE_NETWORKS, and the checked address is the one dialled.
// No deadline is longer than what a lease still covers when it is about to end.
import { connect, type Terminal } from '@org/zk-proto'
import type { DeviceTransport } from '../device.ts'
import type { NetworkBounds } from './network-bounds.ts'
import { inServiceWords, unreachable, type Occasion } from './terminal-errors.ts'

/** Where a terminal is and how it is spoken to. */
export interface DialAddress {
  readonly ip: string
  readonly port: number
  readonly transport: DeviceTransport
  readonly nameEncoding: string
  /** 0: none. */
  readonly commKey: number
}

/** Connects to terminals. */
export interface Dialler {
  /** Throws DEVICE_UNREACHABLE, DEVICE_AUTH_FAILED and the like, in the words of the occasion. */
  dial(address: DialAddress, occasion: Occasion, signal: AbortSignal): Promise<Terminal>
}

/** `longestCommandMs`: no command may be awaited longer than that. */
export function createDialler(bounds: NetworkBounds, longestCommandMs: number): Dialler {
  const timeouts = {
    connectMs: Math.min(5_000, longestCommandMs),
    replyMs: Math.min(5_000, longestCommandMs),
    prepareMs: Math.min(15_000, longestCommandMs),
    transferIdleMs: Math.min(10_000, longestCommandMs),
  }

  return {
    async dial(address, occasion, signal) {
      const decision = await bounds.decide(address.ip)
      if (!decision.allowed)
        throw unreachable(undefined, occasion, decision.reason, decision.reason === 'unknown_host')
      try {
        return await connect({
          host: decision.address,
          port: address.port,
          transport: address.transport,
          commKey: address.commKey,
          nameEncoding: address.nameEncoding,
          timeouts,
          signal,
        })
      } catch (error) {
        throw inServiceWords(error, occasion, signal)
      }
    },
  }
}
