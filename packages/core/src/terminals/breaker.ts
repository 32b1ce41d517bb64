// A circuit breaker for each device: after repeated failures to connect, the next calls fail at once for a short while instead
// of hanging on a dead address. Only connecting counts; a terminal that answers and refuses is there.
import {
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  type CircuitBreakerPolicy,
} from 'cockatiel'
import { ServiceError } from '../errors.ts'

/** Connections that must fail in a row. */
const FAILURES = 3
/** For how long calls fail at once; then one may try. */
const PAUSE_MS = 10_000

/** One circuit a device. */
export interface Breakers {
  /** Throws DEVICE_UNREACHABLE while the device's circuit is open. */
  assertClosed(deviceId: number): void
  /** Connects unless the circuit is open, and counts how it ended. */
  guard<T>(deviceId: number, connect: () => Promise<T>): Promise<T>
  /** The device was reached in another way, or is dialled in a new one: its failures count no more. */
  forget(deviceId: number): void
}

interface Circuit {
  readonly policy: CircuitBreakerPolicy
  lastFailure: ServiceError | undefined
  openUntil: number
}

/** For tests: how long an open circuit stays open. */
export interface BreakerSettings {
  readonly pauseMs?: number
}

/** All circuits of this process, closed. */
export function createBreakers({ pauseMs = PAUSE_MS }: BreakerSettings = {}): Breakers {
  const circuits = new Map<number, Circuit>()

  const circuitOf = (deviceId: number): Circuit => {
    const known = circuits.get(deviceId)
    if (known !== undefined) return known
    const policy = circuitBreaker(handleWhen(countsAsFailure), {
      halfOpenAfter: pauseMs,
      breaker: new ConsecutiveBreaker(FAILURES),
    })
    const circuit: Circuit = { policy, lastFailure: undefined, openUntil: 0 }
    policy.onBreak(() => {
      circuit.openUntil = Date.now() + pauseMs
    })
    circuits.set(deviceId, circuit)
    return circuit
  }

  return {
    assertClosed(deviceId) {
      const circuit = circuits.get(deviceId)
      if (circuit === undefined || circuit.policy.state !== CircuitState.Open) return
      const leftMs = circuit.openUntil - Date.now()
      if (leftMs <= 0) return
      throw new ServiceError('DEVICE_UNREACHABLE', {
        details: circuit.lastFailure?.details ?? { reason: 'silent' },
        retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
        cause: circuit.lastFailure,
      })
    },
    async guard(deviceId, connect) {
      this.assertClosed(deviceId)
      const circuit = circuitOf(deviceId)
      try {
        const connected = await circuit.policy.execute(connect)
        circuits.delete(deviceId)
        return connected
      } catch (error) {
        if (countsAsFailure(error)) circuit.lastFailure = error
        throw error
      }
    },
    forget(deviceId) {
      circuits.delete(deviceId)
    },
  }
}

function countsAsFailure(error: unknown): error is ServiceError {
  return (
    error instanceof ServiceError && (error.code === 'DEVICE_UNREACHABLE' || error.code === 'DEVICE_TIMEOUT')
  )
}
