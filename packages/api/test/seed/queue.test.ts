// The seed document on the queue, and what the list of jobs adds to it. Each title of the seed begins with the id of its statement.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const JOBS = '/api/v1/queue/jobs'

interface Job {
  readonly job_id: string
  readonly device_id: number
  readonly state: string
}

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  const terminals: SimulatedTerminal[] = []
  const jobIds: string[] = []
  const deviceIds: number[] = []
  beforeAll(async () => {
    service = await wholeService(mode, { worker: false })
    for (const seed of [21, 22, 23]) {
      const terminal = await startTerminal({ people: 2, punches: 5, seed })
      terminals.push(terminal)
      const body = { name: `Reader ${seed}`, ip: '127.0.0.1', port: terminal.port }
      const made = await service.client.post('/api/v1/devices', body, { token: service.admin })
      const { id } = made.data as { id: number }
      deviceIds.push(id)
      const path = `/api/v1/attendance/device/${id}/sync`
      const { data } = await service.client.post(path, {}, { token: service.admin })
      jobIds.push((data as { job_id: string }).job_id)
    }
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await Promise.all(terminals.map((it) => it.stop()))
  })

  const list = async (query = '', token = service.admin) => {
    const answer = await service.client.get(`${JOBS}?${query}`, { token })
    return answer.body as { data: Job[]; pagination: { total: number; total_pages: number } }
  }
  const idsOf = async (query: string) => (await list(query)).data.map(({ job_id }) => job_id)
  const cancel = (jobId: string, token = service.admin) =>
    service.client.post(`${JOBS}/${jobId}/cancel`, {}, { token })

  it('lists jobs newest first, to every role, page by page', async () => {
    const user = await service.account('user')
    const all = await list('', user)
    expect(all.data.map(({ job_id }) => job_id)).toEqual(jobIds.toReversed())
    expect(all.pagination).toMatchObject({ total: 3, total_pages: 1 })
    expect(await idsOf('limit=2&page=2')).toEqual(jobIds.slice(0, 1))
  })

  it('lists those of a device, a queue and a state', async () => {
    expect(await idsOf(`device_id=${deviceIds[1]}`)).toEqual([jobIds[1]])
    expect(await idsOf('queue=attendance-sync&state=waiting')).toHaveLength(3)
    expect(await idsOf('queue=user-sync')).toEqual([])
    expect(await idsOf('device_id=4711')).toEqual([])
  })

  it('S-QUE-01 S-QUE-03 cancels a waiting job for an operator, and counts it as failed', async () => {
    const operator = await service.account('operator')
    const answer = await cancel(jobIds[0] ?? '', operator)
    expect(answer.status).toBe(200)
    expect(answer.data).toMatchObject({ job_id: jobIds[0], state: 'cancelled' })
    expect((await cancel(jobIds[0] ?? '')).data).toMatchObject({ state: 'cancelled' })
    expect(await idsOf('state=cancelled')).toEqual([jobIds[0]])
    const { data } = await service.client.get('/api/v1/queue/stats', { token: service.admin })
    expect(data).toMatchObject({ total_jobs: 3, waiting: 2, failed: 1 })
  })

  it('cancels nothing for the role user, and nothing that is not there', async () => {
    const user = await service.account('user')
    expect((await cancel(jobIds[1] ?? '', user)).reply).toEqual(refused(403, 'FORBIDDEN'))
    expect((await cancel('nowhere')).reply).toEqual(refused(404, 'JOB_NOT_FOUND'))
    expect(await idsOf('state=waiting')).toHaveLength(2)
  })
})
