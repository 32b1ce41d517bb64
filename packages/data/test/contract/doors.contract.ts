// What every database promises of attempts to open doors.
import { describe, expect, it } from 'vitest'
import { UniqueViolation, type Database, type NewUnlockAttempt } from '../../src/index.ts'
import { later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function doorsContract({ database, another }: Given): void {
  const insert = (changes: Partial<NewUnlockAttempt> = {}, to: Database = database()) =>
    to.transaction((tx) => tx.doors.insertAttempt({ ...attempt, ...changes }))
  const settle = (auditId: string, state: 'success' | 'unknown', at = later(1_000)) =>
    database().transaction((tx) => tx.doors.settle(auditId, { state, answer: { seconds: 5 }, at }))

  describe('attempts to open doors', () => {
    it('are numbered by their day, without gaps or doubles, however many come at once', async () => {
      const at = '2031-05-06T23:59:59.999Z'
      const many = await Promise.all(
        Array.from({ length: 30 }, (_, index) => insert({ at }, index % 2 === 0 ? database() : another())),
      )
      expect(many.map(({ auditId }) => auditId).toSorted()).toEqual(
        Array.from({ length: 30 }, (_, index) => `AUD-20310506-${String(index + 1).padStart(3, '0')}`),
      )
      expect((await insert({ at: '2031-05-07T00:00:00.000Z' })).auditId).toBe('AUD-20310507-001')
    })

    it('use up no number when they are not stored', async () => {
      const at = '2031-06-01T08:00:00.000Z'
      const cut = database().transaction(async (tx) => {
        await tx.doors.insertAttempt({ ...attempt, at })
        throw new Error('cut off')
      })
      await expect(cut).rejects.toThrow('cut off')
      expect((await insert({ at })).auditId).toBe('AUD-20310601-001')
    })

    it('go on counting beyond three digits', async () => {
      const at = '2031-07-01T08:00:00.000Z'
      await database().transaction(async (tx) => {
        for (let number = 1; number < 1_000; number++) await tx.doors.insertAttempt({ ...attempt, at })
      })
      expect((await insert({ at })).auditId).toBe('AUD-20310701-1000')
    })

    it('are found by their request, one attempt for each, until it is forgotten', async () => {
      const { doors } = database()
      const requestKey = 'one request'
      const first = await insert({ requestKey })
      expect(await doors.findAttemptByRequest(requestKey)).toEqual(first)
      const second = insert({ requestKey }, another())
      await expect(second).rejects.toThrow(new UniqueViolation('unlock_attempts.request_key'))
      await database().transaction((tx) => tx.doors.forgetRequests(NOON))
      expect(await doors.findAttemptByRequest(requestKey)).toEqual(first)
      await database().transaction((tx) => tx.doors.forgetRequests(later(1)))
      expect(await doors.findAttemptByRequest(requestKey)).toBeUndefined()
      expect((await insert({ requestKey })).id).not.toBe(first.id)
    })

    it('are settled once', async () => {
      const { auditId } = await insert()
      expect(await database().doors.findAttempt(auditId)).toMatchObject({ state: 'attempted', answer: null })
      expect(await settle(auditId, 'success')).toBe(true)
      expect(await settle(auditId, 'unknown', later(2_000))).toBe(false)
      expect(await another().doors.findAttempt(auditId)).toMatchObject({
        state: 'success',
        answer: { seconds: 5 },
        settledAt: later(1_000),
      })
    })

    it('are overdue when their time is over and nobody has settled them', async () => {
      const { doors } = database()
      const overdue = async (now: string) =>
        (await doors.listOverdue(now, 1_000)).map(({ auditId }) => auditId)
      const late = await insert({ overAt: later(5_000) })
      const settled = await insert({ overAt: later(5_000) })
      await settle(settled.auditId, 'success')
      expect(await overdue(later(4_999))).not.toContain(late.auditId)
      expect(await overdue(later(5_000))).toContain(late.auditId)
      expect(await overdue(later(5_000))).not.toContain(settled.auditId)
      expect((await doors.listOverdue(later(1e10), 1)).length).toBe(1)
    })
  })
}

const attempt: NewUnlockAttempt = {
  deviceId: 7,
  actor: 'ann@example.com',
  address: '192.0.2.1',
  requestKey: null,
  requestDigest: '00',
  at: NOON,
  overAt: later(60_000),
}
