// Removing the punches that are older than they are kept, device by device in short batches between which everybody else gets their
// turn. All processes try again and again, and one at a time does it: whoever has the turn, which stands in the table of settings.
import type { Database, PunchPlace } from '@org/data'
import { formatPackedTime } from '@org/zk-proto'
import type { Logger } from 'pino'
import { SYSTEM } from '../accounts/account.ts'
import type { AuditTrail } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import { pause } from '../pause.ts'
import type { PunchRetention } from '../punch-retention.ts'

/** What this operation needs. */
export interface RemoveOldPunchesParts {
  readonly database: Database
  readonly changes: Changes
  readonly audit: AuditTrail
  readonly retention: PunchRetention
  readonly log: Logger
  /** Between two batches; for tests. */
  readonly breathMs?: number
  /** For tests. */
  readonly now?: () => number
}

/** Punches of one transaction: short enough that a punch which comes in meanwhile waits unnoticed. */
const BATCH = 500
const BREATH_MS = 50
/** From one run to the next. */
const EVERY_MS = 3_600_000
/** For how long a process has the turn after its last sign of life. */
const TURN_MS = 300_000
const RENEWED_BEFORE_MS = TURN_MS / 2
/** What is due later than this was put off by a clock that has been set back since, and is due now. */
const FARTHEST_MS = 2 * EVERY_MS
/** The setting that says from when on the next run may begin. */
export const REMOVAL_DUE = 'old-punches-removed-next'

/** The removal as a chore of a process. */
export interface OldPunchRemoval {
  /** Rejects with what the database throws; what was removed by then is gone and recorded. One that is under way is waited for. */
  run(): Promise<void>
  /** Ends it after its next batch, and waits for that. */
  close(): Promise<void>
}

export function createOldPunchRemoval(parts: RemoveOldPunchesParts): OldPunchRemoval {
  const ending = new AbortController()
  let underWay: Promise<unknown> | undefined
  return {
    async run() {
      underWay ??= removeOldPunches(parts, ending.signal).finally(() => {
        underWay = undefined
      })
      await underWay
    },
    async close() {
      ending.abort()
      // A failure was told to whoever ran it.
      await underWay?.catch(() => undefined)
    },
  }
}

/** How many were removed; undefined: another process is at it, or it is not time yet. Ends early when the signal aborts. */
export async function removeOldPunches(
  parts: RemoveOldPunchesParts,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { database, retention, now = Date.now } = parts
  if (retention.keptForMs === undefined) return undefined
  const receivedBefore = new Date(now() - retention.keptForMs).toISOString()
  const turn = await takeTurn(database, now)
  if (turn === undefined) return undefined
  let removed = 0
  for (const deviceId of await database.devices.listAllIds()) {
    if (signal.aborted || !(await turn.keep())) return removed
    removed += await removeOfDevice(parts, { deviceId, receivedBefore, turn, signal })
  }
  await turn.end()
  return removed
}

interface OneDevice {
  readonly deviceId: number
  readonly receivedBefore: string
  readonly turn: Turn
  readonly signal: AbortSignal
}

async function removeOfDevice(
  parts: RemoveOldPunchesParts,
  { deviceId, receivedBefore, turn, signal }: OneDevice,
): Promise<number> {
  const { database, changes, retention, breathMs = BREATH_MS } = parts
  let removed = 0
  let after: PunchPlace | undefined
  try {
    do {
      const from = after
      const batch = await database.transaction(async (tx) => {
        await retention.raiseIn(tx, deviceId)
        return tx.punches.removeOld(deviceId, { after: from, limit: BATCH, receivedBefore })
      })
      removed += batch.removed
      if (batch.removed > 0) await changes.tell({ of: 'punches', deviceId })
      after = batch.last
      if (after === undefined) break
      await pause(breathMs, signal)
    } while (!signal.aborted && (await turn.keep()))
  } finally {
    // Whatever ended it: these are gone.
    if (removed > 0) await record(parts, deviceId, removed)
  }
  return removed
}

async function record(
  { database, audit, log }: RemoveOldPunchesParts,
  deviceId: number,
  removed: number,
): Promise<void> {
  log.info({ deviceId, removed }, 'punches older than PUNCH_RETENTION were removed')
  await database.transaction(async (tx) => {
    const { punchesFrom } = await tx.devices.lock(deviceId)
    const before = punchesFrom === null ? null : formatPackedTime(punchesFrom)
    await audit.record(tx, {
      action: 'attendance.expire',
      by: SYSTEM,
      target: { type: 'device', id: deviceId },
      outcome: 'success',
      details: { removed, recorded_before: before },
    })
  })
}

/** The right to be at it alone, for a while after each sign of life. */
interface Turn {
  /** Gives the sign of life where one is due. False: another process has it. */
  keep(): Promise<boolean>
  /** The next one's is after the pause between two runs. */
  end(): Promise<void>
}

async function takeTurn({ settings }: Database, now: () => number): Promise<Turn | undefined> {
  const inFrom = (ms: number): string => new Date(now() + ms).toISOString()
  const due = await settings.insertIfAbsent(REMOVAL_DUE, new Date(0).toISOString())
  if (due > inFrom(0) && due <= inFrom(FARTHEST_MS)) return undefined
  let mine = inFrom(TURN_MS)
  if (!(await settings.replace(REMOVAL_DUE, { expected: due, value: mine }))) return undefined

  const move = async (value: string): Promise<boolean> => {
    if (!(await settings.replace(REMOVAL_DUE, { expected: mine, value }))) return false
    mine = value
    return true
  }
  return {
    keep: async () => mine > inFrom(RENEWED_BEFORE_MS) || move(inFrom(TURN_MS)),
    async end() {
      await move(inFrom(EVERY_MS))
    },
  }
}
