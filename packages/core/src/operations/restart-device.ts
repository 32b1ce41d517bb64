// Restarting a terminal: recorded before the command is sent and settled by what became of it, told to whoever is to be told, then
// watched until it answers again. Sent once; a terminal that goes without a word has been restarted, as much firmware does it.
import { randomUUID } from 'node:crypto'
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import type { Actor } from '../accounts/account.ts'
import type { AuditTrail, AuditedAct } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import { ServiceError, toServiceError } from '../errors.ts'
import type { Notices } from '../notices/notice.ts'
import { restartingNow } from '../terminals/contact-notes.ts'
import { findActiveDevice, type WithTerminal } from '../terminals/with-terminal.ts'
import type { RestartWatch } from './restart-watch.ts'

/** A restart that was initiated. */
export interface Restart {
  readonly deviceId: number
  /** The instant of the command. */
  readonly initiatedAt: string
  /** False for a terminal that went without a word. */
  readonly acknowledged: boolean
}

/** What restarting needs. */
export interface RestartDeviceParts {
  readonly database: Database
  readonly withTerminal: WithTerminal
  readonly audit: AuditTrail
  readonly notices: Notices
  readonly changes: Changes
  readonly restartWatch: RestartWatch
  readonly log: Logger
}

/** See Devices.restart. */
export async function restartDevice(
  parts: RestartDeviceParts,
  deviceId: number,
  by: Actor,
  signal: AbortSignal,
): Promise<Restart> {
  const { database, notices, changes, restartWatch } = parts
  const { name: deviceName } = await findActiveDevice(database, deviceId)
  const auditId = `restart-${randomUUID()}`
  const record = (outcome: AuditedAct['outcome'], errorCode?: string): Promise<void> =>
    recordRestart(parts, {
      deviceId,
      by,
      auditId,
      outcome,
      ...(errorCode === undefined ? {} : { errorCode }),
    })
  await record('attempted')
  const command = { sent: false }
  let restart: Restart
  try {
    restart = await sendRestart(parts, deviceId, command, signal)
  } catch (error) {
    const known = inWordsOfRestart(error, command)
    await settle(parts, () => record(outcomeOf(known, command), known.code))
    throw known
  }
  restartWatch.begin(deviceId)
  await settle(parts, async () => {
    await database.devices.noteContact(deviceId, restartingNow())
    await record('success')
  })
  await changes.tell({ of: 'device', deviceId })
  await notices.tell({ kind: 'device.restart', deviceId, deviceName, by: by.name })
  return restart
}

interface Command {
  sent: boolean
}

async function sendRestart(
  { withTerminal }: RestartDeviceParts,
  deviceId: number,
  command: Command,
  signal: AbortSignal,
): Promise<Restart> {
  return withTerminal(deviceId, { signal, measuresClock: true, sendsOnce: true }, async (hand) => {
    hand.lease.assertHeld()
    hand.signal.throwIfAborted()
    const initiatedAt = new Date().toISOString()
    command.sent = true
    // Once it is on its way its answer is waited for, even if nobody waits for us any more.
    const { acknowledged } = await hand.terminal.power.restart({ signal: hand.lease.signal })
    return { deviceId, initiatedAt, acknowledged }
  })
}

/**
 * A terminal that does not answer, or too late, is a failed restart (500): no client is to repeat one by reflex, and least of all one
 * that was sent.
 */
function inWordsOfRestart(error: unknown, { sent }: Command): ServiceError {
  const known = toServiceError(error)
  const details = known.details ?? { reason: 'silent' }
  if (known.code === 'DEVICE_UNREACHABLE' || known.code === 'DEVICE_TIMEOUT')
    return new ServiceError('DEVICE_UNREACHABLE_AT_RESTART', { details, cause: error })
  if (!sent || known.code === 'DEVICE_COMMAND_FAILED') return known
  const message =
    'The command to restart was sent, and nobody knows what became of it; look before asking again'
  return new ServiceError('DEVICE_UNREACHABLE_AT_RESTART', { message, details, cause: error })
}

function outcomeOf({ code }: ServiceError, { sent }: Command): AuditedAct['outcome'] {
  if (code === 'DEVICE_COMMAND_FAILED') return 'refused'
  return sent || code === 'INTERNAL_ERROR' ? 'unknown' : 'unreachable'
}

interface RestartRow extends Pick<AuditedAct, 'by' | 'outcome'> {
  readonly deviceId: number
  readonly auditId: string
  readonly errorCode?: string
}

function recordRestart(
  { database, audit }: RestartDeviceParts,
  { deviceId, ...row }: RestartRow,
): Promise<void> {
  return database.transaction((tx) =>
    audit.record(tx, { action: 'device.restart', target: { type: 'device', id: deviceId }, ...row }),
  )
}

/** The caller is told what happened, whether or not its outcome could be recorded: the attempt is. */
async function settle({ log }: RestartDeviceParts, record: () => Promise<void>): Promise<void> {
  try {
    await record()
  } catch (error) {
    log.error({ err: error }, 'the outcome of a restart could not be recorded')
  }
}
