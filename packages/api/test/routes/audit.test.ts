// GET /audit and GET /audit/verify: what goes to the trail, and how its rows look.
import { describe, expect, it } from 'vitest'
import type { AuditRecord } from '@org/core'
import { listening } from '../support/listening.ts'

const AUDIT = '/api/v1/audit'

const ATTEMPT: AuditRecord['entry'] = {
  id: 41,
  auditId: 'AUD-20240205-001',
  at: '2024-02-05T14:30:00.123Z',
  actor: 'admin@example.com',
  action: 'door.unlock',
  targetType: 'device',
  targetId: '1',
  address: '192.168.1.20',
  outcome: 'attempted',
  errorCode: null,
  details: { seconds: 5, reason: null },
  previousHash: 'a',
  hash: 'b',
}
const OUTCOME = {
  ...ATTEMPT,
  id: 42,
  at: '2024-02-05T14:30:01.456Z',
  outcome: 'refused',
  errorCode: 'DEVICE_COMMAND_FAILED',
  details: null,
}

describe('GET /audit', () => {
  it('shows an attempt and its outcome as one act, and no hash', async () => {
    await using api = await listening({
      audit: { list: async () => ({ rows: [{ entry: ATTEMPT, outcome: OUTCOME }], total: 1 }) },
    })
    const answer = await api.client.get(AUDIT, { token: api.token })
    expect(answer.data).toEqual([
      {
        id: 41,
        audit_id: 'AUD-20240205-001',
        at: '2024-02-05T14:30:00Z',
        actor: 'admin@example.com',
        action: 'door.unlock',
        target_type: 'device',
        target_id: '1',
        address: '192.168.1.20',
        outcome: 'refused',
        error_code: 'DEVICE_COMMAND_FAILED',
        outcome_at: '2024-02-05T14:30:01Z',
        details: { seconds: 5, reason: null },
      },
    ])
  })

  it('hands on what is asked for, with bounds that include their second', async () => {
    const seen: unknown[] = []
    await using api = await listening({
      audit: {
        list: async (...asked) => {
          seen.push(asked)
          return { rows: [], total: 0 }
        },
      },
    })
    const query = new URLSearchParams({
      actor: 'key:payroll',
      action: 'login',
      target_type: 'device',
      target_id: '7',
      outcome: 'refused',
      from: '2024-02-05T21:30:00+07:00',
      to: '2024-02-05T14:30:00Z',
      page: '2',
      limit: '10',
    })
    expect((await api.client.get(`${AUDIT}?${query.toString()}`, { token: api.token })).data).toEqual([])
    expect(seen).toEqual([
      [
        {
          actor: 'key:payroll',
          action: 'login',
          targetType: 'device',
          targetId: '7',
          outcome: 'refused',
          from: '2024-02-05T14:30:00.000Z',
          to: '2024-02-05T14:30:00.999Z',
        },
        { page: 2, limit: 10 },
      ],
    ])
  })

  it.each([
    'from=yesterday',
    'from=2024-02-05',
    'from=2024-02-05T14:30:00',
    'from=2016-12-31T23:59:60Z',
    'from=0000-01-01T00:00:00Z',
    'to=9999-12-31T23:59:59-01:00',
    'to=2024-02-31T00:00:00Z',
    'to=2024-02-05T14:30:00Z%00',
    'limit=0',
    'page=0',
    'actor=',
  ])('refuses %s', async (query) => {
    await using api = await listening()
    const answer = await api.client.get(`${AUDIT}?${query}`, { token: api.token })
    expect(answer.faults).toEqual([query.split('=')[0]])
  })
})

describe('GET /audit/verify', () => {
  it.each([
    [
      { whole: true, head: { count: 42, hash: 'b' } } as const,
      { whole: true, count: 42, hash: 'b', broken_at: null },
    ],
    [
      { whole: false, head: { count: 42, hash: 'b' }, brokenAt: 7 } as const,
      { whole: false, count: 42, hash: 'b', broken_at: 7 },
    ],
  ])('tells %j', async (verdict, data) => {
    await using api = await listening({ audit: { verify: async () => verdict } })
    expect((await api.client.get(`${AUDIT}/verify`, { token: api.token })).data).toEqual(data)
  })
})
