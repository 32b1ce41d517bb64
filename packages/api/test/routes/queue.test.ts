// /queue: how numbers and jobs look.
import { describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import { ADMIN, JOB } from '../support/services-double.ts'

describe('GET /queue/stats', () => {
  it('answers as the seed document does, plus what is delayed and failed', async () => {
    const counts = (active: number, waiting: number, completed: number, failed: number, delayed = 0) => ({
      total: active + waiting + completed + failed,
      active,
      waiting,
      delayed,
      completed,
      failed,
    })
    await using api = await listening({
      jobs: {
        stats: async () => ({
          totals: counts(5, 12, 1480, 26, 4),
          queues: {
            'attendance-sync': counts(2, 5, 850, 20, 4),
            'user-sync': counts(3, 7, 630, 6),
            notifications: counts(0, 0, 0, 0),
            maintenance: counts(0, 0, 0, 0),
          },
          at: '2024-02-05T14:30:00.999Z',
        }),
      },
    })
    const answer = await api.client.get('/api/v1/queue/stats', { token: api.token })
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        data: {
          total_jobs: 1523,
          active: 5,
          waiting: 12,
          completed: 1480,
          failed: 26,
          delayed: 4,
          queues: {
            'attendance-sync': { active: 2, waiting: 5, completed: 850, delayed: 4, failed: 20 },
            'user-sync': { active: 3, waiting: 7, completed: 630, delayed: 0, failed: 6 },
            notifications: { active: 0, waiting: 0, completed: 0, delayed: 0, failed: 0 },
            maintenance: { active: 0, waiting: 0, completed: 0, delayed: 0, failed: 0 },
          },
          last_updated: '2024-02-05T14:30:00Z',
        },
      },
    })
  })
})

describe('GET /queue/jobs/{jobId}', () => {
  const path = `/api/v1/queue/jobs/${JOB.id}`

  it('shows a job that waits', async () => {
    await using api = await listening()
    const answer = await api.client.get(path, { token: api.token })
    expect(answer.data).toEqual({
      job_id: 'sync-device-1-20240205143000',
      device_id: 1,
      queue: 'attendance-sync',
      state: 'waiting',
      run_at: '2024-02-05T14:30:00Z',
      attempts: 0,
      max_attempts: 4,
      progress: null,
      result: null,
      error: null,
      queued_at: '2024-02-05T14:30:00Z',
      started_at: null,
      finished_at: null,
      source: 'request',
    })
  })

  it('shows progress, certificate and error as they are', async () => {
    const progress = { phase: 'reading', done: 10, total: null }
    const result = {
      announced_before: null,
      announced_after: null,
      bytes_announced: 200_004,
      bytes_received: 200_004,
      from: 0,
      read: 5000,
      new: 4000,
      known: 1000,
      invalid_time: 0,
    }
    const error = { code: 'DEVICE_TIMEOUT', message: 'The terminal answers too late' }
    await using api = await listening({ jobs: { find: async () => ({ ...JOB, progress, result, error }) } })
    const answer = await api.client.get(path, { token: api.token })
    expect(answer.data).toMatchObject({ progress, result, error })
  })

  it('shows no result that another version stored in another form', async () => {
    await using api = await listening({ jobs: { find: async () => ({ ...JOB, result: { read: 5000 } }) } })
    expect((await api.client.get(path, { token: api.token })).data).toMatchObject({ result: null })
  })

  it.each([path, '/api/v1/queue/jobs/..', '/api/v1/queue/jobs/%27%20OR%201=1', '/api/v1/queue/jobs/%00'])(
    'answers 404 for one that is not there: %s',
    async (path) => {
      await using api = await listening({ jobs: { find: async () => undefined } })
      const answer = await api.client.get(path, { token: api.token })
      expect(answer.status).toBe(404)
    },
  )

  it('answers 404 with its code', async () => {
    await using api = await listening({ jobs: { find: async () => undefined } })
    const answer = await api.client.get(path, { token: api.token })
    expect(answer.reply).toEqual(refused(404, 'JOB_NOT_FOUND'))
  })
})

describe('GET /queue/jobs', () => {
  it('lists what the filters say, page by page', async () => {
    const asked: unknown[] = []
    await using api = await listening({
      jobs: {
        list: async (...asking) => {
          asked.push(...asking)
          return { rows: [JOB], total: 21 }
        },
      },
    })
    const answer = await api.client.get(
      '/api/v1/queue/jobs?device_id=1&state=failed&queue=user-sync&page=2&limit=20',
      { token: api.token },
    )
    expect(answer.body).toMatchObject({
      data: [{ job_id: JOB.id, state: 'waiting' }],
      pagination: { page: 2, limit: 20, total: 21, total_pages: 2, next_cursor: null },
    })
    expect(asked).toEqual([
      { deviceIds: [1], state: 'failed', queue: 'user-sync' },
      { page: 2, limit: 20 },
    ])
  })

  it('refuses states and queues that are none', async () => {
    await using api = await listening()
    const answer = await api.client.get('/api/v1/queue/jobs?state=lost&queue=other&device_id=x', {
      token: api.token,
    })
    expect(answer.faults).toEqual(['device_id', 'queue', 'state'])
  })
})

describe('POST /queue/jobs/{jobId}/cancel', () => {
  const path = `/api/v1/queue/jobs/${JOB.id}/cancel`

  it('answers with the job as it then is', async () => {
    await using api = await listening({ jobs: { cancel: async () => ({ ...JOB, state: 'cancelled' }) } })
    const answer = await api.client.ask('POST', path, { token: api.token })
    expect(answer.body).toMatchObject({ status: true, data: { job_id: JOB.id, state: 'cancelled' } })
  })

  it('is for operators and admins', async () => {
    await using api = await listening({
      accounts: { findForToken: async () => ({ ...ADMIN, role: 'user' }) },
    })
    const answer = await api.client.post(path, {}, { token: api.token })
    expect(answer.reply).toEqual(refused(403, 'FORBIDDEN'))
  })

  it('answers 404 for a job that is not there', async () => {
    await using api = await listening({ jobs: { cancel: async () => undefined } })
    const answer = await api.client.post(path, {}, { token: api.token })
    expect(answer.reply).toEqual(refused(404, 'JOB_NOT_FOUND'))
  })
})
