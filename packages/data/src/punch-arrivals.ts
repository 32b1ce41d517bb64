// Punches in the order in which they got their ids, for whoever follows them. Ids do not become visible in their order: a row may
// appear below others that were seen already, so nobody may ask for "all behind the last" alone.
import { instant, type Instant } from './columns.ts'
import { punchesAlong } from './dialect.ts'
import { named } from './punch-list.ts'
import type { ListedPunch } from './punches.ts'
import type { Scope } from './scope.ts'

/** Ids from one to another, both included. */
export interface IdRange {
  readonly from: number
  readonly to: number
}

/** Where a punch stands among the arrivals. */
export interface Arrival {
  readonly id: number
  readonly receivedAt: Instant
}

const received = instant()

/** See Punches.listByIds. */
export async function listByIds(
  scope: Scope,
  ranges: readonly IdRange[],
  limit: number,
  deviceIds?: readonly number[],
): Promise<readonly ListedPunch[]> {
  if (ranges.length === 0 || deviceIds?.length === 0) return []
  // The outer bounds are implied by the ranges; they are what leads to the first row.
  const inRanges = scope.db
    .selectFrom(punchesAlong(scope, 'primary'))
    .where('punches.id', '>=', Math.min(...ranges.map(({ from }) => from)))
    .where('punches.id', '<=', Math.max(...ranges.map(({ to }) => to)))
    .where((of) =>
      of.or(
        ranges.map(({ from, to }) =>
          of.and([of.eb('punches.id', '>=', from), of.eb('punches.id', '<=', to)]),
        ),
      ),
    )
    .orderBy('punches.id')
    .limit(limit)
  return named(deviceIds === undefined ? inRanges : inRanges.where('punches.device_id', 'in', deviceIds))
}

/** See Punches.listIds. */
export async function listIds(
  scope: Scope,
  { from, to }: IdRange,
  limit: number,
): Promise<readonly number[]> {
  const rows = await scope.db
    .selectFrom('punches')
    .select('id')
    .where('id', '>=', from)
    .where('id', '<=', to)
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** See Punches.lastArrival. */
export async function lastArrival(scope: Scope, atMost: number): Promise<Arrival | undefined> {
  const row = await scope.db
    .selectFrom('punches')
    .select(['id', 'received_at'])
    .where('id', '<=', atMost)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { id: row.id, receivedAt: received.decode(row.received_at) }
}
