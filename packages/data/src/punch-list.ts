// Lists of punches. Those with an instant and those without are read one after the other, each straight along an index:
// databases disagree on where NULL belongs, and an expression in ORDER BY would sort the whole table.
import type { SelectQueryBuilder } from 'kysely'
import { storedInstant, type Instant, type JsonValue, type WallTime } from './columns.ts'
import { punchesAlong, rowsPerStatement } from './dialect.ts'
import { InvalidCursor } from './errors.ts'
import type { ListedPunch, PunchFilter, PunchPage, PunchPageRequest, PunchSort } from './punches.ts'
import { punches, type Schema } from './schema.ts'
import type { Scope } from './scope.ts'

/** Punches, of whatever condition and order. */
export type PunchQuery = SelectQueryBuilder<Schema, 'punches', object>

/** Punches with an instant come first, those without follow. */
const SECTIONS = ['dated', 'undated'] as const
type Section = (typeof SECTIONS)[number]

/** The last row of a page. */
interface Cursor {
  readonly sort: PunchSort
  readonly at: Instant | null
  readonly id: number
}

/** See Punches.list. */
export async function listPunches(
  scope: Scope,
  filter: PunchFilter,
  sort: PunchSort,
  page: PunchPageRequest,
): Promise<PunchPage> {
  if ('cursor' in page) {
    const after = page.cursor === null ? undefined : parseCursor(page.cursor, sort)
    return { ...(await readPage(scope, filter, sort, { after, limit: page.limit })), total: null }
  }
  const counts = await countSections(scope, filter)
  const read = await readPage(scope, filter, sort, { counts, offset: page.offset, limit: page.limit })
  return { ...read, total: counts.dated + counts.undated }
}

/** See Punches.findById. */
export async function findPunch(scope: Scope, id: number): Promise<ListedPunch | undefined> {
  const [punch] = await named(scope.db.selectFrom('punches').where('punches.id', '=', id))
  return punch
}

/** See Punches.findByIds. */
export async function findPunches(scope: Scope, ids: readonly number[]): Promise<readonly ListedPunch[]> {
  const found: ListedPunch[] = []
  const most = rowsPerStatement(1)
  for (let from = 0; from < ids.length; from += most) {
    const part = ids.slice(from, from + most)
    found.push(...(await named(scope.db.selectFrom('punches').where('punches.id', 'in', part))))
  }
  return found.toSorted((one, other) => one.id - other.id)
}

type Start =
  | { readonly after: Cursor | undefined; readonly limit: number }
  | { readonly counts: Record<Section, number>; readonly offset: number; readonly limit: number }

async function readPage(scope: Scope, filter: PunchFilter, sort: PunchSort, start: Start) {
  const { limit } = start
  const rows: ListedPunch[] = []
  let found = 0
  let offset = 'offset' in start ? start.offset : 0
  const after = 'after' in start ? start.after : undefined
  for (const section of SECTIONS) {
    if (section === 'dated' && after?.at === null) continue
    if ('counts' in start && offset >= start.counts[section]) {
      offset -= start.counts[section]
      continue
    }
    const isBehind = after !== undefined && (section === 'dated' || after.at === null)
    const read = await readSection(scope, filter, section, {
      sort,
      offset,
      limit: limit + 1 - found, // one more than asked for tells whether anything follows
      after: isBehind ? after : undefined,
    })
    rows.push(...read.rows)
    found += read.found
    if (found > limit) break
    offset = 0
  }
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor =
    found > limit && last !== undefined ? formatCursor({ sort, at: last.at, id: last.id }) : null
  return { rows: shown, nextCursor }
}

interface SectionPart {
  readonly sort: PunchSort
  readonly after: Cursor | undefined
  readonly offset: number
  readonly limit: number
}

/**
 * Of more devices than one, and of few, each is read along its own index, and what comes first of all is looked up: however rare
 * their punches are among all others, no more is read than a page for each. Of many the index by time gives the order.
 */
async function readSection(
  scope: Scope,
  filter: PunchFilter,
  section: Section,
  part: SectionPart,
): Promise<{ readonly rows: readonly ListedPunch[]; readonly found: number }> {
  const { sort, after, offset, limit } = part
  const { deviceIds = [] } = filter
  const of = (devices: readonly number[] | undefined): PunchQuery | undefined => {
    const query = inSection(scope, { ...filter, ...(devices && { deviceIds: devices }) }, section, 'list')
    return query && ordered(after === undefined ? query : behind(query, after), section, sort)
  }
  const each = new Set(deviceIds)
  const mergesFew = each.size > 1 && each.size <= MOST_MERGED
  if (!mergesFew || each.size * (offset + limit) > MOST_MERGED_ROWS) {
    const query = of(filter.deviceIds)
    const rows = query === undefined ? [] : await named(query.limit(limit).offset(offset))
    return { rows, found: rows.length }
  }
  const places: { readonly id: number; readonly at: string | null }[] = []
  for (const device of each) {
    const query = of([device])?.select(['punches.id', 'punches.at'])
    if (query !== undefined) places.push(...(await query.limit(offset + limit).execute()))
  }
  const sign = sort === 'timestamp' ? 1 : -1
  const ids = places
    .toSorted((one, other) => sign * (compared(one.at ?? '', other.at ?? '') || one.id - other.id))
    .slice(offset, offset + limit)
    .map(({ id }) => id)
  const byId = new Map((await findPunches(scope, ids)).map((punch) => [punch.id, punch]))
  // Whatever was removed between the two looks is passed over.
  return { rows: ids.flatMap((id) => byId.get(id) ?? []), found: ids.length }
}

/** Devices whose punches are read one after the other and merged: each costs a round trip. */
const MOST_MERGED = 16
/** Places that are merged in memory. */
const MOST_MERGED_ROWS = 40_000

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

async function countSections(scope: Scope, filter: PunchFilter): Promise<Record<Section, number>> {
  const counts = { dated: 0, undated: 0 }
  for (const section of SECTIONS) {
    const query = inSection(scope, filter, section, 'count')
    if (query === undefined) continue
    const { total } = await query
      .select((of) => of.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow()
    counts[section] = total
  }
  return counts
}

/** The punches of a section that fit the filter; undefined when none of it can. */
function inSection(
  scope: Scope,
  filter: PunchFilter,
  section: Section,
  purpose: 'list' | 'count',
): PunchQuery | undefined {
  const { deviceIds, pin, atFrom, atTo, wallFrom, wallTo, state, timeStatus, denied = false } = filter
  if (deviceIds?.length === 0) return undefined
  if (section === 'undated' && (atFrom !== undefined || atTo !== undefined)) return undefined
  if (timeStatus !== undefined && (timeStatus === 'invalid') !== (section === 'undated')) return undefined

  const one = deviceIds?.length === 1 ? deviceIds[0] : undefined
  // To count, the database may go as it likes where no index leads to the rows.
  const index =
    pin !== undefined
      ? one !== undefined
        ? 'punches_by_person'
        : 'punches_by_pin'
      : one !== undefined
        ? 'punches_by_device'
        : purpose === 'list'
          ? 'punches_by_instant'
          : undefined
  const from =
    index === undefined ? scope.db.selectFrom('punches') : scope.db.selectFrom(punchesAlong(scope, index))
  let query = from.where('punches.at', section === 'dated' ? 'is not' : 'is', null)
  if (one !== undefined) query = query.where('punches.device_id', '=', one)
  else if (deviceIds !== undefined) query = query.where('punches.device_id', 'in', deviceIds)
  if (pin !== undefined) query = query.where('punches.pin', '=', pin)
  if (atFrom !== undefined) query = query.where('punches.at', '>=', storedInstant(atFrom))
  if (atTo !== undefined) query = query.where('punches.at', '<=', storedInstant(atTo))
  if (wallFrom !== undefined) query = query.where('punches.wall_time', '>=', wallFrom)
  if (wallTo !== undefined) query = query.where('punches.wall_time', '<=', wallTo)
  if (section === 'dated') {
    // Wall times have no index; an instant is never far from its wall time, and instants have.
    const earliest = wallFrom && shifted(wallFrom, -WALL_TO_INSTANT_MS)
    const latest = wallTo && shifted(wallTo, WALL_TO_INSTANT_MS)
    if (earliest !== undefined) query = query.where('punches.at', '>=', storedInstant(earliest))
    if (latest !== undefined) query = query.where('punches.at', '<=', storedInstant(latest))
  }
  if (state !== undefined) query = query.where('punches.state', '=', state)
  if (timeStatus !== undefined) query = query.where('punches.time_status', '=', timeStatus)
  if (denied !== 'all') query = query.where('punches.denied', '=', denied ? 1 : 0)
  return query
}

/** More than any zone's distance from UTC and any gap of its clock together. */
const WALL_TO_INSTANT_MS = 2 * 24 * 3_600_000

/** What an Instant can spell. */
const FIRST_INSTANT_MS = Date.parse('1000-01-01T00:00:00.000Z')
const LAST_INSTANT_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** The wall time read as UTC and shifted, within what can be spelled; undefined for a day that does not exist. */
function shifted(wall: WallTime, byMs: number): Instant | undefined {
  const asUtc = Date.parse(`${wall}Z`)
  if (Number.isNaN(asUtc)) return undefined
  return new Date(Math.min(LAST_INSTANT_MS, Math.max(FIRST_INSTANT_MS, asUtc + byMs))).toISOString()
}

function ordered(query: PunchQuery, section: Section, sort: PunchSort): PunchQuery {
  const direction = sort === 'timestamp' ? 'asc' : 'desc'
  const byInstant = section === 'dated' ? query.orderBy('punches.at', direction) : query
  return byInstant.orderBy('punches.id', direction)
}

function behind(query: PunchQuery, { sort, at, id }: Cursor): PunchQuery {
  const further = sort === 'timestamp' ? '>' : '<'
  if (at === null) return query.where('punches.id', further, id)
  const instant = storedInstant(at)
  // The first condition is implied by the second; it is what an index understands.
  return query
    .where('punches.at', sort === 'timestamp' ? '>=' : '<=', instant)
    .where((of) => of.or([of.eb('punches.at', further, instant), of.eb('punches.id', further, id)]))
}

/** The punches of a query, with the names that their people have now. */
export async function named(query: PunchQuery): Promise<ListedPunch[]> {
  const stored = await query
    .leftJoin('people', (join) =>
      join.onRef('people.device_id', '=', 'punches.device_id').onRef('people.pin', '=', 'punches.pin'),
    )
    .selectAll('punches')
    .select('people.name as user_name')
    .execute()
  return stored.map((row) => ({ ...punches.decode(row), userName: row.user_name }))
}

function formatCursor({ sort, at, id }: Cursor): string {
  return Buffer.from(JSON.stringify([sort, at, id])).toString('base64url')
}

function parseCursor(text: string, sort: PunchSort): Cursor {
  const value = parsed(text)
  const [itsSort, at, id] = Array.isArray(value) ? value : []
  if (itsSort !== sort || typeof id !== 'number' || !Number.isSafeInteger(id)) throw new InvalidCursor()
  if (at === null) return { sort, at, id }
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN
  if (!(ms >= FIRST_INSTANT_MS && ms <= LAST_INSTANT_MS)) throw new InvalidCursor()
  // A date that does not exist, or is spelled otherwise, comes back as another text.
  const instant = new Date(ms).toISOString()
  if (instant !== at) throw new InvalidCursor()
  return { sort, at: instant, id }
}

function parsed(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(Buffer.from(text, 'base64url').toString())
    return value
  } catch (cause) {
    throw new InvalidCursor({ cause })
  }
}
