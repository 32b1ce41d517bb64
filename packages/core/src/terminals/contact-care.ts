// What a contact with a terminal is used for beside its own work, while the terminal is in hand: people are let in again where a dead
// process of ours had kept them from punching, and the clock is measured now and then. Nothing that fails here is anybody's fault.
import type { Database } from '@org/data'
import type { Terminal } from '@org/zk-proto'
import type { Logger } from 'pino'
import { clockZone } from '../zone-history.ts'
import { measureClockDrift } from './clock-drift.ts'
import type { TerminalAtHand } from './with-terminal.ts'

/** What it needs. */
export interface ContactCareParts {
  readonly database: Database
  readonly log: Logger
}

/** Both take the terminal in hand and never reject. */
export interface ContactCare {
  /** Lets people punch again where the device's row says that we keep them from it: whoever wrote that is gone. */
  letIn(hand: TerminalAtHand): Promise<void>
  /** Measures the clock of a session that was not asked for a minute. `measured`: the operation has done so. */
  measureClock(hand: TerminalAtHand, measured: boolean): Promise<void>
}

/** A session is not asked for its clock more often. */
const MEASURE_EVERY_MS = 60_000
/** The next operation does not wait longer for a clock that does not answer. */
const MEASURE_WITHIN_MS = 1_000

/** The care of this process. */
export function createContactCare({ database, log }: ContactCareParts): ContactCare {
  /** When a session was last asked for its clock; a new session never was. */
  const measuredAt = new WeakMap<Terminal, number>()

  return {
    async letIn({ terminal, lease, device, signal }) {
      if (device.disabledAt === null || terminal.closed) return
      try {
        lease.assertHeld()
        await terminal.power.enable({ signal })
        await database.devices.noteDisabled(device.id, null)
      } catch (error) {
        log.warn(
          { err: error, deviceId: device.id },
          'a terminal that we had disabled could not be enabled yet',
        )
      }
    },

    async measureClock({ terminal, device, signal }, measured) {
      const last = measured ? performance.now() : measuredAt.get(terminal)
      const due = last === undefined || performance.now() - last >= MEASURE_EVERY_MS
      measuredAt.set(terminal, due || last === undefined ? performance.now() : last)
      if (!due || terminal.closed || signal.aborted) return
      try {
        const zone = await clockZone(database, device.id)
        const clockDriftSeconds = await measureClockDrift(terminal, zone, signal, MEASURE_WITHIN_MS)
        if (clockDriftSeconds !== null) await database.devices.noteContact(device.id, { clockDriftSeconds })
      } catch (error) {
        log.debug({ err: error, deviceId: device.id }, 'the clock of a terminal could not be measured')
      }
    },
  }
}
