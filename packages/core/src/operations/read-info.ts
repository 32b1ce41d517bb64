// Asking a terminal who it is, how full it is and what its clock shows; what it says is kept with the device.
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import { clockZone } from '../zone-history.ts'
import { clockDriftSeconds } from '../terminals/clock-drift.ts'
import { factsOf, factsToStore, type TerminalFacts } from '../terminals/terminal-facts.ts'
import type { WithTerminal } from '../terminals/with-terminal.ts'

/** What a terminal said just now. */
export interface DeviceInfo {
  readonly deviceId: number
  readonly facts: TerminalFacts
  /** What its clock shows, YYYY-MM-DDTHH:MM:SS; null where it does not say. */
  readonly wallTime: string | null
  /** Its clock minus ours, in whole seconds; null where it shows no real date. */
  readonly driftSeconds: number | null
}

/** What this operation needs. */
export interface ReadInfoParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly log: Logger
}

/** Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE and whatever keeps a terminal from answering. */
export async function readInfo(
  { database, withTerminal, log }: ReadInfoParts,
  deviceId: number,
  signal: AbortSignal,
): Promise<DeviceInfo> {
  const info = await withTerminal(
    deviceId,
    { signal, manner: 'joining', measuresClock: true },
    async (hand) => {
      const told = await hand.terminal.info({ signal: hand.signal })
      const zone = await clockZone(database, deviceId)
      const reading = { wallTime: told.wallTime ?? '', readAtMs: told.wallTimeReadAtMs }
      return {
        deviceId,
        facts: factsOf(told, log, hand.device),
        wallTime: told.wallTime,
        driftSeconds: clockDriftSeconds(reading, zone),
      }
    },
  )
  await database.devices.noteContact(deviceId, {
    info: factsToStore(info.facts),
    clockDriftSeconds: info.driftSeconds,
  })
  return info
}
