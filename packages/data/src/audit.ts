// The audit trail: rows are only ever added, in one order, each sealed together with the seal before it. The key of
// the seal is the caller's.
import { isJsonObject, storedInstant, type Instant, type JsonValue } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { forUpdate } from './dialect.ts'
import { audit, auditHead, type AuditEntry } from './schema.ts'
import type { Scope } from './scope.ts'
import type { NewRowOf } from './table.ts'

/** An act to be recorded; its place and seals are given to it. */
export type NewAuditEntry = Omit<NewRowOf<typeof audit>, 'id' | 'previousHash' | 'hash'>

/** A keyed hash, in hex, over the seal before and the row in its canonical form. */
export type Seal = (previousHash: string, canonical: string) => string

/** Whether a stored seal is right. The caller decides: it may know several keys, of which a seal was made with one. */
export type SealCheck = (previousHash: string, canonical: string, seal: string) => boolean

export interface AuditFilter {
  readonly actor?: string
  readonly action?: string
  readonly targetType?: string
  readonly targetId?: string
  readonly outcome?: string
  readonly auditId?: string
  readonly from?: Instant
  readonly to?: Instant
}

/** The chain's end: how many rows there are, and the last one's seal ('' when empty). */
export interface AuditHead {
  readonly count: number
  readonly hash: string
}

/** Whether the chain is whole: every row in its place with its seal, and the end where the head says. */
export type AuditVerdict =
  | { readonly whole: true; readonly head: AuditHead }
  | { readonly whole: false; readonly head: AuditHead; readonly brokenAt: number }

/** An act as it is read: its row, and the row of what became of it where that has one of its own. */
export interface AuditRecord {
  readonly entry: AuditEntry
  readonly outcome: AuditEntry | null
}

export interface Audit {
  /** Rows as they stand in the chain, newest first. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>
  /**
   * Acts, newest first (by their place in the chain, or by their time where the filter names one and no action): attempts joined with
   * their outcomes, by which the filter's `outcome` then goes.
   */
  listActs(filter: AuditFilter, page: PageRequest): Promise<Page<AuditRecord>>
  head(): Promise<AuditHead>
  /** Has every seal checked, in batches. `brokenAt` is the position of the first row that is wrong or missing. */
  verify(isRight: SealCheck): Promise<AuditVerdict>
}

export interface AuditInTransaction extends Audit {
  /** Adds a row to the end of the chain, which stays locked until the transaction ends: append late in it. */
  append(entry: NewAuditEntry, seal: Seal): Promise<AuditEntry>
}

export function auditIn(scope: Scope): AuditInTransaction {
  const { db } = scope

  async function head(): Promise<AuditHead> {
    const stored = await db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()
    const { count, hash } = auditHead.decode(stored)
    return { count, hash }
  }

  async function entriesById(ids: readonly number[]): Promise<ReadonlyMap<number, AuditEntry>> {
    if (ids.length === 0) return new Map()
    const stored = await db.selectFrom('audit').selectAll().where('id', 'in', ids).execute()
    return new Map(stored.map((row) => audit.decode(row)).map((entry) => [entry.id, entry]))
  }

  return {
    head,

    async list(filter, { offset, limit }) {
      let wanted = db.selectFrom('audit').selectAll()
      for (const [column, value] of [
        ['actor', filter.actor],
        ['action', filter.action],
        ['target_type', filter.targetType],
        ['target_id', filter.targetId],
        ['outcome', filter.outcome],
        ['audit_id', filter.auditId],
      ] as const) {
        if (value !== undefined) wanted = wanted.where(column, '=', value)
      }
      if (filter.from !== undefined) wanted = wanted.where('at', '>=', storedInstant(filter.from))
      if (filter.to !== undefined) wanted = wanted.where('at', '<=', storedInstant(filter.to))
      const stored = await wanted.orderBy('id', 'desc').limit(limit).offset(offset).execute()
      const { total } = await wanted
        .clearSelect()
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return { rows: stored.map((row) => audit.decode(row)), total }
    },

    async listActs(filter, { offset, limit }) {
      let wanted = db
        .selectFrom('audit')
        .leftJoin('audit as settled', (join) =>
          join
            .onRef('settled.audit_id', '=', 'audit.audit_id')
            .onRef('settled.id', '>', 'audit.id')
            .on('audit.outcome', '=', ATTEMPTED)
            .on('settled.outcome', '<>', ATTEMPTED),
        )
        .where((of) =>
          of.not(
            of.exists(
              of
                .selectFrom('audit as attempt')
                .select('attempt.id')
                .whereRef('attempt.audit_id', '=', 'audit.audit_id')
                .whereRef('attempt.id', '<', 'audit.id')
                .where('attempt.outcome', '=', ATTEMPTED),
            ),
          ),
        )
      for (const [column, value] of [
        ['audit.actor', filter.actor],
        ['audit.action', filter.action],
        ['audit.target_type', filter.targetType],
        ['audit.target_id', filter.targetId],
        ['audit.audit_id', filter.auditId],
      ] as const) {
        if (value !== undefined) wanted = wanted.where(column, '=', value)
      }
      const { outcome, from, to } = filter
      if (outcome !== undefined)
        wanted = wanted.where((of) => of.eb(of.fn.coalesce('settled.outcome', 'audit.outcome'), '=', outcome))
      if (from !== undefined) wanted = wanted.where('audit.at', '>=', storedInstant(from))
      if (to !== undefined) wanted = wanted.where('audit.at', '<=', storedInstant(to))

      const { total } = await wanted
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      // Acts of a stretch of time are found, and so given, along the index by time.
      const isByTime = (from ?? to) !== undefined && (filter.action ?? filter.auditId) === undefined
      const found = await (isByTime ? wanted.orderBy('audit.at', 'desc') : wanted)
        .select(['audit.id as id', 'settled.id as settled_id'])
        .orderBy('audit.id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute()
      const ids = found.flatMap(({ id, settled_id }) => (settled_id === null ? [id] : [id, settled_id]))
      const byId = await entriesById(ids)
      return {
        total,
        rows: found.flatMap(({ id, settled_id }) => {
          const entry = byId.get(id)
          const settled = settled_id === null ? undefined : byId.get(settled_id)
          return entry === undefined ? [] : [{ entry, outcome: settled ?? null }]
        }),
      }
    },

    async verify(isRight) {
      const end = await head()
      let previousHash = ''
      for (let position = 1; position <= end.count;) {
        const stored = await db
          .selectFrom('audit')
          .selectAll()
          .where('id', '>=', position)
          .orderBy('id')
          .limit(VERIFY_BATCH)
          .execute()
        for (const entry of stored.map((row) => audit.decode(row))) {
          if (position > end.count) break
          const whole =
            entry.id === position &&
            entry.previousHash === previousHash &&
            isRight(previousHash, canonical(entry), entry.hash)
          if (!whole) return { whole: false, head: end, brokenAt: position }
          previousHash = entry.hash
          position++
        }
        if (stored.length === 0) return { whole: false, head: end, brokenAt: position }
      }
      if (previousHash !== end.hash) return { whole: false, head: end, brokenAt: end.count }
      return { whole: true, head: end }
    },

    async append(entry, seal) {
      const stored = await forUpdate(scope, db.selectFrom('audit_head').selectAll()).executeTakeFirstOrThrow()
      const end = auditHead.decode(stored)
      const place = { ...entry, id: end.count + 1, previousHash: end.hash }
      const row = { ...place, hash: seal(end.hash, canonical(place)) }
      await db.insertInto('audit').values(audit.encode(row)).execute()
      await db
        .updateTable('audit_head')
        .set({ count: row.id, hash: row.hash })
        .where('id', '=', end.id)
        .execute()
      return row
    },
  }
}

/** The outcome of a row that another one settles. */
const ATTEMPTED = 'attempted'

const VERIFY_BATCH = 1_000

/** The text that is sealed: every field in a fixed order, `details` with its properties in the order of their names. */
function canonical(entry: Omit<AuditEntry, 'hash' | 'previousHash'>): string {
  const { id, auditId, at, actor, action, targetType, targetId, address, outcome, errorCode, details } = entry
  const fields = [id, auditId, at, actor, action, targetType, targetId, address, outcome, errorCode]
  return JSON.stringify([...fields, inOrder(details)])
}

function inOrder(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((part: JsonValue) => inOrder(part) ?? null)
  if (!isJsonObject(value)) return value
  const names = Object.keys(value).toSorted()
  return Object.fromEntries(names.map((name) => [name, inOrder(value[name])]))
}
