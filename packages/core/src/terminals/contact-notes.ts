// What a contact with a terminal told, on the device's row: whether it is connected, and people told once when it is away and once
// when it is back. Decided under the row's lock, so one notice is told however many processes meet the terminal at the same time.
import type { Database, Device, DeviceContact } from '@org/data'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import type { Notice, Notices } from '../notices/notice.ts'

/** How a contact went. `reached`: the terminal was in hand, whatever then became of it. */
export interface Contact {
  readonly reached: boolean
  readonly error: unknown
}

/** Notes a contact. Never rejects: what the caller gets does not hang on it. */
export type NoteContact = (deviceId: number, contact: Contact) => Promise<void>

export interface ContactNotesParts {
  readonly database: Database
  readonly notices: Notices
  readonly log: Logger
  /** See OFFLINE_AFTER_MS, which it is when left out. */
  readonly offlineAfterMs?: number
}

/**
 * People are told that a terminal is offline at the first failed contact that comes this long after the one that failed first,
 * with none between that went well: a cable that was touched is no news.
 */
const OFFLINE_AFTER_MS = 30_000
/** What a restart may take, in milliseconds: being away for so long after one counts for nothing. Source: the seed, 30 to 60 seconds. */
const RESTART_TAKES_MS = 60_000

/** Codes that say something about the terminal; what goes wrong with leases or the database says nothing. */
const ABOUT_THE_TERMINAL = new Set([
  'DEVICE_UNREACHABLE',
  'DEVICE_TIMEOUT',
  'DEVICE_AUTH_FAILED',
  'DEVICE_COMMAND_FAILED',
  'DEVICE_TRANSFER_INCOMPLETE',
  'DEVICE_DATA_UNREADABLE',
])
const AWAY = new Set(['DEVICE_UNREACHABLE', 'DEVICE_TIMEOUT'])

export function createContactNotes({
  database,
  notices,
  log,
  offlineAfterMs = OFFLINE_AFTER_MS,
}: ContactNotesParts): NoteContact {
  return async (deviceId, { reached, error }) => {
    const fault = error instanceof ServiceError && ABOUT_THE_TERMINAL.has(error.code) ? error : undefined
    if (!reached && fault === undefined) return
    try {
      await database.transaction(async (tx) => {
        const device = await tx.devices.lock(deviceId)
        if (device.deletedAt !== null) return
        const now = new Date().toISOString()
        const seen = reached ? { lastSeenAt: now } : {}
        const { note, notice } =
          fault !== undefined && AWAY.has(fault.code)
            ? away(device, fault, now, offlineAfterMs)
            : present(device)
        await tx.devices.noteContact(deviceId, { ...note, ...seen, lastError: fault?.code ?? null })
        if (notice !== undefined) await notices.tellIn(tx, notice)
      })
    } catch (failure) {
      log.warn({ err: failure, deviceId }, 'the state of a device could not be noted')
    }
  }
}

/** What is noted of a terminal that was told to restart: it is away, and so far that is no news. */
export function restartingNow(now = Date.now()): DeviceContact {
  return { isConnected: false, unreachableSince: new Date(now + RESTART_TAKES_MS).toISOString() }
}

interface News {
  readonly note: DeviceContact
  readonly notice?: Notice
}

function present({ id, name, offlineTold }: Device): News {
  return {
    note: { isConnected: true, unreachableSince: null, offlineTold: false },
    ...(offlineTold ? { notice: { kind: 'device.online', deviceId: id, deviceName: name } } : {}),
  }
}

function away(device: Device, fault: ServiceError, now: string, offlineAfterMs: number): News {
  const { id, name, offlineTold } = device
  const unreachableSince = device.unreachableSince ?? now
  const lasts =
    device.unreachableSince !== null && Date.parse(now) - Date.parse(unreachableSince) >= offlineAfterMs
  const note = { isConnected: false, unreachableSince, offlineTold: offlineTold || lasts }
  if (offlineTold || !lasts) return { note }
  return { note, notice: { kind: 'device.offline', deviceId: id, deviceName: name, reason: fault.message } }
}
