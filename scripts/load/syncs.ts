// What the table of jobs tells of the syncs of a stretch of time, and the table of punches of what they brought.
import { createConnection } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'
import { percentile } from '../bench/race.ts'

/** Of the syncs that ended in a stretch. */
export interface SyncFigures {
  readonly completed: number
  readonly failed: number
  readonly devices: number
  /** From the moment at which a sync was due until a worker began with it. */
  readonly waitedMs: Spread
  /** From there to its end. */
  readonly tookMs: Spread
  /** From one end to the next of the same device, and from the stretch's bounds to the first and last. */
  readonly apartMs: Spread
}

/** Median, the 99th of a hundred, and the greatest. */
export interface Spread {
  readonly median: number
  readonly p99: number
  readonly most: number
}

const ENDED = `SELECT device_id, state, run_at, started_at, finished_at FROM jobs
  WHERE queue = 'attendance-sync' AND finished_at >= ? AND finished_at < ? ORDER BY device_id, finished_at`

/** Both times in milliseconds since 1970. */
export async function syncFigures(url: string, fromMs: number, untilMs: number): Promise<SyncFigures> {
  const rows = await ask(url, ENDED, [stamp(fromMs), stamp(untilMs)])
  const [waited, took, apart]: [number[], number[], number[]] = [[], [], []]
  const lastEnd = new Map<number, number>()
  for (const row of rows) {
    if (String(row['state']) !== 'completed') continue
    const device = Number(row['device_id'])
    const [due, began, ended] = [at(row['run_at']), at(row['started_at']), at(row['finished_at'])]
    waited.push(began - due)
    took.push(ended - began)
    apart.push(ended - (lastEnd.get(device) ?? fromMs))
    lastEnd.set(device, ended)
  }
  for (const ended of lastEnd.values()) apart.push(untilMs - ended)
  return {
    completed: took.length,
    failed: rows.length - took.length,
    devices: lastEnd.size,
    waitedMs: spread(waited),
    tookMs: spread(took),
    apartMs: spread(apart),
  }
}

/** Stored punches by device. */
export async function storedPunches(url: string): Promise<ReadonlyMap<number, number>> {
  const rows = await ask(url, 'SELECT device_id, COUNT(*) AS count FROM punches GROUP BY device_id', [])
  return new Map(rows.map((row) => [Number(row['device_id']), Number(row['count'])]))
}

async function ask(url: string, sql: string, values: readonly string[]): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: url, timezone: 'Z', dateStrings: true })
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql, [...values])
    return rows
  } finally {
    await connection.end()
  }
}

function spread(values: readonly number[]): Spread {
  if (values.length === 0) return { median: Number.NaN, p99: Number.NaN, most: Number.NaN }
  const [median, p99, most] = [percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]
  return { median, p99, most }
}

/** An instant as the table has it. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 23).replace('T', ' ')
}

function at(stored: unknown): number {
  return Date.parse(`${String(stored).replace(' ', 'T')}Z`)
}
