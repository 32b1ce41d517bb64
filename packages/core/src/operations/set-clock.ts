// Setting a terminal's clock to now in its zone. It shows whole seconds only, so it is told the next one so that the command
// arrives as that second begins.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@org/data'
import { formatWallTime, parseWallTime, type WallTime } from '@org/zk-proto'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import { deviceZone } from '../device-zone.ts'
import { clockZone } from '../zone-history.ts'
import { clockDriftSeconds } from '../terminals/clock-drift.ts'
import type { WithTerminal } from '../terminals/with-terminal.ts'

/** A clock that was set. Wall times are YYYY-MM-DDTHH:MM:SS. */
export interface ClockSetting {
  readonly deviceId: number
  readonly before: string
  readonly after: string
  /** The clock minus ours before it was set, in whole seconds; null where it showed no real date. */
  readonly driftSeconds: number | null
  /** IANA zone in which it was set. */
  readonly timezone: string
}

/** What this operation needs. */
export interface SetClockParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly audit: AuditTrail
}

/** Throws DEVICE_COMMAND_FAILED when the terminal does not keep it, and whatever keeps it from answering. */
export async function setClock(
  { database, withTerminal, audit }: SetClockParts,
  deviceId: number,
  by: Actor,
  signal: AbortSignal,
): Promise<ClockSetting> {
  const { setting, driftAfter } = await withTerminal(
    deviceId,
    { signal, manner: 'joining', measuresClock: true },
    async (hand) => {
      const { terminal } = hand
      const timezone = await clockZone(database, deviceId)
      const askedAtMs = Date.now()
      const shownFirst = await terminal.clock.read({ signal: hand.signal })
      const oneWayMs = (Date.now() - askedAtMs) / 2
      const readAtMs = askedAtMs + oneWayMs
      const arrivesAtMs = Math.ceil((Date.now() + oneWayMs) / 1_000) * 1_000
      await sleep(Math.max(0, arrivesAtMs - oneWayMs - Date.now()), undefined, { signal: hand.signal })

      hand.lease.assertHeld()
      const wallTime = wallTimeAt(timezone, arrivesAtMs)
      const { before, after } = await terminal.clock.set(parseWallTime(wallTime), { signal: hand.signal })
      const endedAtMs = Date.now()
      const drift = (shown: WallTime, atMs: number) =>
        clockDriftSeconds({ wallTime: formatWallTime(shown), readAtMs: atMs }, timezone)
      return {
        setting: {
          deviceId,
          before: formatWallTime(before),
          after: formatWallTime(after),
          // Not from `before`: that was read as a second began, where half a second is no fair guess of what is not shown.
          driftSeconds: drift(shownFirst, readAtMs),
          timezone,
        },
        driftAfter: drift(after, endedAtMs - oneWayMs),
      }
    },
  )
  await database.transaction((tx) =>
    audit.record(tx, {
      action: 'device.set-clock',
      by,
      target: { type: 'device', id: deviceId },
      outcome: 'success',
      details: { before: setting.before, after: setting.after, timezone: setting.timezone },
    }),
  )
  await database.devices.noteContact(deviceId, { clockDriftSeconds: driftAfter })
  return setting
}

/** What a clock of this zone shows then. */
function wallTimeAt(timezone: string, atMs: number): string {
  return new Date(deviceZone(timezone).wallClockAt(atMs)).toISOString().slice(0, 19)
}
