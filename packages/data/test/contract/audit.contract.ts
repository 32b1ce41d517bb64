// What every database promises of the audit trail.
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Database, NewAuditEntry } from '../../src/index.ts'
import { FIRST_100, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function auditContract({ database, another }: Given): void {
  const append = (entry: NewAuditEntry, to: Database = database()) =>
    to.transaction((tx) => tx.audit.append(entry, seal))

  describe('the audit trail', () => {
    it('is whole when it is empty', async () => {
      expect(await database().audit.head()).toEqual({ count: 0, hash: '' })
      expect(await database().audit.verify(isRight)).toEqual({ whole: true, head: { count: 0, hash: '' } })
    })

    it('has one order and no gaps, however many write at once', async () => {
      await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          append(act('login', { actor: `a${index}` }), index % 2 === 0 ? database() : another()),
        ),
      )
      const { rows, total } = await database().audit.list({}, FIRST_100)
      expect(total).toBe(30)
      expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, index) => 30 - index))
      for (const [index, row] of rows.entries()) expect(row.previousHash).toBe(rows[index + 1]?.hash ?? '')
      expect(await database().audit.verify(isRight)).toEqual({
        whole: true,
        head: { count: 30, hash: rows[0]?.hash },
      })
    })

    it('keeps every field, whatever the order of its details', async () => {
      const entry = act('unlock', {
        auditId: 'AUD-20260301-001',
        targetType: 'device',
        targetId: '7',
        address: '2001:db8::1',
        outcome: 'refused',
        errorCode: 'DEVICE_COMMAND_FAILED',
        details: { z: 1, a: { y: [1, { d: null, c: 'ü' }], b: false } },
      })
      const appended = await append(entry)
      expect(appended).toMatchObject(entry)
      expect((await database().audit.list({ auditId: 'AUD-20260301-001' }, FIRST_100)).rows).toEqual([
        appended,
      ])
      expect(await database().audit.verify(isRight)).toMatchObject({ whole: true })
    })

    it('forgets what was rolled back, without a gap', async () => {
      const before = await database().audit.head()
      const cut = database().transaction(async (tx) => {
        await tx.audit.append(act('never'), seal)
        throw new Error('cut off')
      })
      await expect(cut).rejects.toThrow('cut off')
      expect(await database().audit.head()).toEqual(before)
      expect((await append(act('next'))).id).toBe(before.count + 1)
    })

    it('is read newest first, by every mark of an act', async () => {
      const { audit } = database()
      await append(act('restart', { actor: 'eve', targetType: 'device', targetId: '8', at: later(60_000) }))
      await append(
        act('restart', {
          actor: 'eve',
          targetType: 'device',
          targetId: '9',
          at: later(61_000),
          outcome: 'failed',
        }),
      )
      const targets = async (filter: Parameters<typeof audit.list>[0]) =>
        (await audit.list(filter, FIRST_100)).rows.map(({ targetId }) => targetId)
      expect(await targets({ actor: 'eve' })).toEqual(['9', '8'])
      expect(await targets({ action: 'restart', outcome: 'failed' })).toEqual(['9'])
      expect(await targets({ targetType: 'device', targetId: '8' })).toEqual(['8'])
      expect(await targets({ from: later(60_000), to: later(60_000) })).toEqual(['8'])
      expect(await audit.list({ actor: 'eve' }, { offset: 1, limit: 1 })).toMatchObject({
        total: 2,
        rows: [{ targetId: '8' }],
      })
      expect(await targets({ actor: 'nobody' })).toEqual([])
    })

    it('is read by acts: each attempt with its outcome, which the filter then goes by', async () => {
      const { audit } = database()
      const opening = (auditId: string, outcome: string, changes: Partial<NewAuditEntry> = {}) =>
        append(act('open', { auditId, outcome, actor: 'opener', ...changes }))
      await opening('AUD-20260302-001', 'attempted', { details: { seconds: 5 } })
      await opening('AUD-20260302-002', 'attempted')
      await append(act('look', { actor: 'opener' }))
      await opening('AUD-20260302-001', 'refused', { errorCode: 'DEVICE_COMMAND_FAILED', at: later(9) })
      await append(act('open', { auditId: 'AUD-20260302-009', outcome: 'unknown', actor: 'opener' }))

      const acts = async (filter: Parameters<typeof audit.listActs>[0]) =>
        (await audit.listActs({ actor: 'opener', ...filter }, FIRST_100)).rows.map(({ entry, outcome }) => [
          entry.auditId,
          entry.outcome,
          outcome?.outcome ?? null,
        ])
      expect(await acts({})).toEqual([
        ['AUD-20260302-009', 'unknown', null],
        [null, 'success', null],
        ['AUD-20260302-002', 'attempted', null],
        ['AUD-20260302-001', 'attempted', 'refused'],
      ])
      expect(await acts({ outcome: 'refused' })).toEqual([['AUD-20260302-001', 'attempted', 'refused']])
      expect(await acts({ outcome: 'attempted' })).toEqual([['AUD-20260302-002', 'attempted', null]])
      expect(await acts({ action: 'look' })).toEqual([[null, 'success', null]])
      expect(await acts({ from: later(1) })).toEqual([])
      expect(await audit.listActs({ actor: 'opener' }, { offset: 3, limit: 1 })).toMatchObject({
        total: 4,
        rows: [{ entry: { details: { seconds: 5 } }, outcome: { errorCode: 'DEVICE_COMMAND_FAILED' } }],
      })
      expect(await audit.listActs({ actor: 'nobody' }, FIRST_100)).toEqual({ total: 0, rows: [] })
    })

    it('is not whole under another key', async () => {
      const verdict = await database().audit.verify(
        (previous, text, hash) => hash === seal(previous, `${text}!`),
      )
      expect(verdict).toMatchObject({ whole: false, brokenAt: 1 })
    })

    it('stays whole when its key changes, as long as the old one is known', async () => {
      const newSeal = (previous: string, text: string): string => `new:${seal(previous, text)}`
      await append(act('under the old key'))
      const undone = database().transaction(async ({ audit }) => {
        const { id } = await audit.append(act('under the new key'), newSeal)
        const bothKnown = await audit.verify((previous, text, stored) =>
          [seal, newSeal].some((candidate) => candidate(previous, text) === stored),
        )
        expect(bothKnown).toMatchObject({ whole: true, head: { count: id } })
        expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: id })
        throw new Error('undone')
      })
      await expect(undone).rejects.toThrow('undone')
    })
  })
}

/** What is seen of somebody who changes rows past the repositories; for databases that can be reached so. */
export function auditTamperingContract({ database, run }: Given): void {
  describe('an audit trail that was tampered with', () => {
    it('shows where a row was changed or removed, or the end cut off', async () => {
      const { audit } = database()
      for (let index = 0; index < 5; index++) {
        await database().transaction((tx) => tx.audit.append(act('filler'), seal))
      }
      const { count } = await audit.head()
      expect(await audit.verify(isRight)).toMatchObject({ whole: true })
      await run(`delete from audit where id = ${count}`)
      expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: count })
      await run(`update audit set actor = 'somebody else' where id = ${count - 1}`)
      expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: count - 1 })
      await run(`delete from audit where id = ${count - 3}`)
      expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: count - 3 })
      await run('update audit_head set count = count - 4')
      expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: count - 4 })
      await run('delete from audit')
      expect(await audit.verify(isRight)).toMatchObject({ whole: false, brokenAt: 1 })
    })
  })
}

/** A keyed hash as the service makes it. */
function seal(previousHash: string, canonical: string): string {
  return createHmac('sha256', 'key of the test').update(`${previousHash}\n${canonical}`).digest('hex')
}

function isRight(previousHash: string, canonical: string, stored: string): boolean {
  return stored === seal(previousHash, canonical)
}

function act(action: string, changes: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    auditId: null,
    at: NOON,
    actor: 'admin@example.org',
    action,
    targetType: null,
    targetId: null,
    address: '127.0.0.1',
    outcome: 'success',
    errorCode: null,
    details: null,
    ...changes,
  }
}
