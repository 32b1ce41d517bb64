// /attendance: what goes to the service, and how its answers look.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'
import { JOB, PUNCH } from '../support/services-double.ts'

const api = listeningForAll()

const LIST = '/api/v1/attendance'
const SYNC = '/api/v1/attendance/device/1/sync'

describe('GET /attendance', () => {
  it('lists punches with names for their codes', async () => {
    const answer = await api.client.get(LIST, { token: api.token })
    expect(answer.body).toEqual({
      status: true,
      message: 'Attendance records',
      data: [
        {
          id: 7,
          device_id: 1,
          user_id: '0042',
          user_name: 'Siti Rahma',
          timestamp: '2024-02-05T14:30:00Z',
          local_time: '2024-02-05T21:30:00',
          timezone: 'Asia/Jakarta',
          time_status: 'ok',
          state: 0,
          state_name: 'check in',
          verify_mode: 1,
          verify_name: 'fingerprint',
          work_code: 0,
          denied: false,
          source: 'sync',
          received_at: '2024-02-05T14:31:12Z',
        },
      ],
      pagination: { page: 1, limit: 100, total: 1, total_pages: 1, next_cursor: null },
    })
  })

  it('keeps a punch whose date is impossible', async () => {
    const impossible = {
      ...PUNCH,
      at: null,
      wallTime: '2024-02-31T25:61:61',
      timeStatus: 'invalid',
      userName: null,
    } as const
    await using api = await listening({
      attendance: { list: async () => ({ rows: [impossible], total: 1, nextCursor: null }) },
    })
    const answer = await api.client.get(`${LIST}?time_status=invalid`, { token: api.token })
    expect(answer.data).toMatchObject([
      { timestamp: null, local_time: '2024-02-31T25:61:61', time_status: 'invalid', user_name: null },
    ])
  })

  it('gives codes that nobody knows as they are', async () => {
    const odd = { ...PUNCH, state: 255, verifyMode: 200, workCode: null }
    await using api = await listening({
      attendance: { list: async () => ({ rows: [odd], total: 1, nextCursor: null }) },
    })
    const answer = await api.client.get(LIST, { token: api.token })
    expect(answer.data).toMatchObject([{ state: 255, verify_mode: 200, work_code: null }])
  })

  it('counts nothing for an answer asked for by cursor', async () => {
    await using api = await listening({
      attendance: { list: async () => ({ rows: [PUNCH], total: null, nextCursor: 'next' }) },
    })
    const answer = await api.client.get(`${LIST}?cursor=this&limit=1`, { token: api.token })
    expect(answer.body).toMatchObject({
      pagination: { page: null, limit: 1, total: null, total_pages: null, next_cursor: 'next' },
    })
  })

  it('has no pages where there are no rows', async () => {
    await using api = await listening({
      attendance: { list: async () => ({ rows: [], total: 0, nextCursor: null }) },
    })
    const answer = await api.client.get(LIST, { token: api.token })
    expect(answer.body).toMatchObject({ data: [], pagination: { page: 1, total: 0, total_pages: 0 } })
  })
})

describe('POST /attendance/device/{deviceId}/sync', () => {
  const receipt = {
    job_id: 'sync-device-1-20240205143000',
    device_id: 1,
    status: 'queued',
    queued_at: '2024-02-05T14:30:00Z',
  }

  it('answers at once with the job', async () => {
    const answer = await api.client.post(SYNC, undefined, { token: api.token })
    expect(answer.reply).toEqual({
      status: 202,
      body: { status: true, message: 'Sync job queued successfully', data: receipt },
    })
    expect(answer.headers.get('location')).toBe('/api/v1/queue/jobs/sync-device-1-20240205143000')
  })

  it.each([
    [undefined, {}],
    [{}, {}],
    [{ mode: 'full' }, { mode: 'full' }],
  ])('takes a body of %j', async (body, input) => {
    const seen: unknown[] = []
    await using api = await listening({
      attendance: {
        requestSync: async (...asked) => {
          seen.push(asked.slice(0, 2))
          return { job: JOB, deduplicated: false }
        },
      },
    })
    await api.client.post(SYNC, body, { token: api.token })
    expect(seen).toEqual([[1, input]])
  })

  it.each([
    ['waiting', 'queued'],
    ['active', 'active'],
  ] as const)('gives an unfinished job again, as it is: %s', async (state, status) => {
    await using api = await listening({
      attendance: { requestSync: async () => ({ job: { ...JOB, state }, deduplicated: true }) },
    })
    const answer = await api.client.post(SYNC, {}, { token: api.token })
    expect(answer.data).toEqual({ ...receipt, status, deduplicated: true })
  })

  it.each([
    ['DEVICE_NOT_FOUND', 404],
    ['DEVICE_INACTIVE', 409],
  ] as const)('answers %s with %i', async (code, status) => {
    await using api = await listening({
      attendance: {
        requestSync: async () => {
          throw new ServiceError(code)
        },
      },
    })
    const answer = await api.client.post(SYNC, {}, { token: api.token })
    expect(answer.reply).toEqual(refused(status, code))
  })

  it.each([
    [{ mode: 'quick' }, 'mode'],
    [{ force: true }, 'force'],
    [[], 'body'],
  ])('refuses a body of %j', async (body, field) => {
    const answer = await api.client.post(SYNC, body, { token: api.token })
    expect(answer.faults).toEqual([field])
  })
})
