// The seed document on attendance and its queue. Each title begins with the id of its statement.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

const LIST = '/api/v1/attendance'
const PEOPLE = 20
const PUNCHES = 300

interface Punch {
  readonly id: number
  readonly user_id: string
  readonly timestamp: string | null
  readonly local_time: string
}

interface Receipt {
  readonly job_id: string
  readonly status: string
  readonly queued_at: string
  readonly deduplicated?: boolean
}

/** A terminal and its device. */
interface Registered {
  readonly terminal: SimulatedTerminal
  readonly deviceId: number
}

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  const terminals: SimulatedTerminal[] = []
  beforeAll(async () => {
    service = await wholeService(mode, { env: { DEVICE_IDLE_MS: '60000' } })
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await Promise.all(terminals.map((it) => it.stop()))
  })

  async function registered(on: WholeService, seed: number): Promise<Registered> {
    const terminal = await startTerminal({ people: PEOPLE, punches: PUNCHES, seed })
    terminals.push(terminal)
    const body = { name: `Reader ${seed}`, ip: '127.0.0.1', port: terminal.port }
    const answer = await on.client.post('/api/v1/devices', body, { token: on.admin })
    return { terminal, deviceId: (answer.data as { id: number }).id }
  }

  /** Asks until there is an answer, for half a minute. */
  async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
    const deadline = Date.now() + 30_000
    while (Date.now() < deadline) {
      const found = await look()
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('half a minute is over')
  }

  const sync = (on: WholeService, deviceId: number, body?: object) =>
    on.client.post(`${LIST}/device/${deviceId}/sync`, body, { token: on.admin })

  describe('a sync', () => {
    let reader: Registered
    beforeAll(async () => {
      reader = await registered(service, 1)
    })

    it('S-ATT-05 S-ATT-06 S-ATT-07 S-ATT-08 S-GEN-09 is queued at once, under a name made of device and instant', async () => {
      const { deviceId } = reader
      const answer = await sync(service, deviceId)
      expect(answer.reply).toEqual({
        status: 202,
        body: {
          status: true,
          message: 'Sync job queued successfully',
          data: {
            job_id: expect.stringMatching(new RegExp(`^sync-device-${deviceId}-\\d{14}$`)),
            device_id: deviceId,
            status: 'queued',
            queued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          },
        },
      })
      const { job_id, queued_at } = answer.data as Receipt
      expect(job_id.slice(-14)).toBe(queued_at.replaceAll(/\D/g, ''))
      await service.finished(job_id)
    })

    it('S-ATT-09 S-ATT-10 S-GEN-06 S-GEN-09 brings every record of the terminal, and its job says so', async () => {
      const { terminal, deviceId } = await registered(service, 2)
      const { job_id } = (await sync(service, deviceId)).data as Receipt
      const job = await service.finished(job_id)
      expect(job).toMatchObject({
        state: 'completed',
        error: null,
        result: { from: 0, read: PUNCHES, new: PUNCHES, known: 0, announced_before: PUNCHES },
      })
      const answer = await service.client.get(`${LIST}?device_id=${deviceId}&limit=1000&sort=timestamp`, {
        token: service.admin,
      })
      const stored = (answer.data as Punch[]).map(({ user_id, local_time }) => `${user_id} ${local_time}`)
      const truth = terminal.memory.truth().punches.map(({ pin, wallTime }) => `${pin} ${wallTime}`)
      expect(stored.sort()).toEqual(truth.sort())
    })

    it('S-ATT-09 adds only what is new when it runs again', async () => {
      const { terminal, deviceId } = await registered(service, 3)
      await service.finished(((await sync(service, deviceId)).data as Receipt).job_id)
      const [person] = terminal.memory.truth().people
      terminal.memory.punch({ pin: person?.pin ?? '1' })
      const again = await service.finished(((await sync(service, deviceId)).data as Receipt).job_id)
      expect(again).toMatchObject({
        state: 'completed',
        result: { from: PUNCHES, read: 1, new: 1, known: 0 },
      })
      const whole = await service.finished(
        ((await sync(service, deviceId, { mode: 'full' })).data as Receipt).job_id,
      )
      expect(whole).toMatchObject({ state: 'completed', result: { from: 0, new: 0, known: PUNCHES + 1 } })
    })

    it('S-ATT-11 is tried again when the terminal was away', async () => {
      const { terminal, deviceId } = await registered(service, 6)
      await terminal.stop()
      const { job_id } = (await sync(service, deviceId)).data as Receipt
      const path = `/api/v1/queue/jobs/${job_id}`
      const failedOnce = await until(async () => {
        const { data } = await service.client.get(path, { token: service.admin })
        const job = data as {
          state: string
          attempts: number
          run_at: string
          error: { code: string } | null
        }
        return job.error === null ? undefined : job
      })
      expect(failedOnce).toMatchObject({
        state: 'waiting',
        attempts: 1,
        max_attempts: 4,
        error: { code: 'DEVICE_UNREACHABLE' },
      })
      terminals.push(await startTerminal({ memory: terminal.memory, port: terminal.port }))
      const job = await service.finished(job_id)
      expect(job).toMatchObject({ state: 'completed', result: { new: PUNCHES } })
      expect(job.attempts).toBeGreaterThan(1)
    })

    it('S-PER-03 uses the connection that is open already', async () => {
      const { terminal, deviceId } = await registered(service, 7)
      await service.finished(((await sync(service, deviceId)).data as Receipt).job_id)
      await service.finished(((await sync(service, deviceId)).data as Receipt).job_id)
      expect(terminal.stats.sessions.length).toBeLessThanOrEqual(2)
    })

    it('S-ATT-13 S-QUE-03 can be watched in the numbers of the queue, whose sums hold', async () => {
      const answer = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      const stats = answer.data as {
        total_jobs: number
        active: number
        waiting: number
        completed: number
        failed: number
        queues: Record<string, { active: number; waiting: number; completed: number; failed: number }>
      }
      const sum = (name: 'active' | 'waiting' | 'completed' | 'failed') =>
        Object.values(stats.queues).reduce((total, queue) => total + queue[name], 0)
      expect(stats.total_jobs).toBe(stats.active + stats.waiting + stats.completed + stats.failed)
      expect(stats).toMatchObject({
        active: sum('active'),
        waiting: sum('waiting'),
        completed: sum('completed'),
        failed: sum('failed'),
      })
      expect(stats.queues['attendance-sync']?.completed).toBeGreaterThanOrEqual(1)
    })

    it('S-ATT-14 is one while it is unfinished, however often it is asked for', async () => {
      await using idle = await wholeService(mode, { worker: false })
      const { deviceId } = await registered(idle, 4)
      const first = (await sync(idle, deviceId)).data as Receipt
      const answers = await Promise.all(Array.from({ length: 10 }, () => sync(idle, deviceId)))
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202))
      expect(answers.map(({ data }) => data)).toEqual(
        Array.from({ length: 10 }, () => ({ ...first, deduplicated: true })),
      )
      const stats = (await idle.client.get('/api/v1/queue/stats', { token: idle.admin })).data
      expect(stats).toMatchObject({ total_jobs: 1, waiting: 1 })
    })

    it('answers 404 for a device that is not there, and 403 to the role user', async () => {
      expect((await sync(service, 4711)).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
      const user = await service.account('user')
      const path = `${LIST}/device/${reader.deviceId}/sync`
      expect((await service.client.post(path, {}, { token: user })).reply).toEqual(refused(403, 'FORBIDDEN'))
      const operator = await service.account('operator')
      const answer = await service.client.post(path, {}, { token: operator })
      expect(answer.status).toBe(202)
      await service.finished((answer.data as Receipt).job_id)
    })
  })

  describe('GET /attendance', () => {
    let reader: Registered
    beforeAll(async () => {
      reader = await registered(service, 5)
      await service.finished(((await sync(service, reader.deviceId)).data as Receipt).job_id)
    })

    const list = async (query: string) => {
      const path = `${LIST}?device_id=${reader.deviceId}&${query}`
      const answer = await service.client.get(path, { token: service.admin })
      return answer.body as {
        data: Punch[]
        pagination: { total: number | null; next_cursor: string | null }
      }
    }

    it('S-ATT-01 returns all records, newest first', async () => {
      const { data, pagination } = await list('limit=1000')
      expect(data).toHaveLength(PUNCHES)
      expect(pagination.total).toBe(PUNCHES)
      const times = data.map(({ timestamp }) => timestamp ?? '')
      expect(times).toEqual(times.toSorted().toReversed())
    })

    it('gives the same records page by page and by cursor, each once', async () => {
      const whole = (await list('limit=1000')).data.map(({ id }) => id)
      const byPage: number[] = []
      for (let page = 1; page <= Math.ceil(PUNCHES / 70); page++)
        byPage.push(...(await list(`page=${page}&limit=70`)).data.map(({ id }) => id))
      expect(byPage).toEqual(whole)

      const byCursor: number[] = []
      let next = (await list('limit=70')).pagination.next_cursor
      byCursor.push(...(await list('limit=70')).data.map(({ id }) => id))
      while (next !== null) {
        const { data, pagination } = await list(`limit=70&cursor=${encodeURIComponent(next)}`)
        byCursor.push(...data.map(({ id }) => id))
        next = pagination.next_cursor
      }
      expect(byCursor).toEqual(whole)
    })

    it('finds the records of a person and of a time', async () => {
      const { data } = await list('limit=1000')
      const person = data[0]?.user_id ?? ''
      const theirs = await list(`user_id=${encodeURIComponent(person)}&limit=1000`)
      expect(theirs.data).toEqual(data.filter(({ user_id }) => user_id === person))

      const day = data[0]?.local_time.slice(0, 10) ?? ''
      const thatDay = await list(`from=${day}&to=${day}&limit=1000`)
      expect(thatDay.data).toEqual(data.filter(({ local_time }) => local_time.startsWith(day)))

      const instant = data[9]?.timestamp ?? ''
      const since = await list(`from=${instant}&limit=1000`)
      expect(since.data).toEqual(data.filter(({ timestamp }) => timestamp !== null && timestamp >= instant))
    })

    it('gives an empty list for what nobody knows', async () => {
      const answer = await service.client.get(`${LIST}?device_id=4711`, { token: service.admin })
      expect(answer.body).toMatchObject({ data: [], pagination: { total: 0 } })
    })

    it('answers 400 to a cursor that is none of ours', async () => {
      const answer = await service.client.get(`${LIST}?cursor=nonsense`, { token: service.admin })
      expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      expect(answer.faults).toEqual(['cursor'])
    })

    it('S-GEN-10 answers 401 without a token', async () => {
      expect((await service.client.get(LIST)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
    })
  })

  describe('DELETE /attendance/device/{deviceId}', () => {
    const clear = (deviceId: number, body: unknown, token = service.admin) =>
      service.client.ask('DELETE', `${LIST}/device/${deviceId}`, { token, body })
    const serialOf = ({ terminal }: Registered) => terminal.memory.serialNumber

    it('queues the clearing, which empties the terminal and keeps what is stored', async () => {
      const reader = await registered(service, 61)
      const { deviceId, terminal } = reader
      const answer = await clear(deviceId, { confirm: serialOf(reader) })
      expect(answer.reply).toEqual({
        status: 202,
        body: {
          status: true,
          message: 'Clearing job queued successfully',
          data: {
            job_id: expect.stringMatching(new RegExp(`^clear-device-${deviceId}-\\d{14}$`)),
            device_id: deviceId,
            status: 'queued',
            queued_at: expect.any(String),
          },
        },
      })
      const { job_id } = answer.data as Receipt
      expect(await service.finished(job_id)).toMatchObject({
        state: 'completed',
        result: { cleared: PUNCHES, read: PUNCHES, new: PUNCHES },
      })
      expect(terminal.memory.log.count).toBe(0)
      expect(await service.database.punches.count(deviceId)).toBe(PUNCHES)
      const page = { offset: 0, limit: 10 }
      const { rows } = await service.database.audit.list({ action: 'attendance.clear' }, page)
      const own = rows.filter(({ targetId }) => targetId === String(deviceId))
      expect(own.map(({ outcome, auditId }) => [outcome, auditId])).toEqual([
        ['success', job_id],
        ['attempted', job_id],
      ])
    })

    it('fails with UNSYNCED_RECORDS where nothing proves that all is stored', async () => {
      const reader = await registered(service, 62)
      reader.terminal.faults.set({ miscount: -1_000_000 })
      const answer = await clear(reader.deviceId, { confirm: serialOf(reader) })
      expect(await service.finished((answer.data as Receipt).job_id)).toMatchObject({
        state: 'failed',
        attempts: 1,
        error: { code: 'UNSYNCED_RECORDS' },
      })
      expect(reader.terminal.memory.log.count).toBe(PUNCHES)
    })

    it('wants the serial number of the device, and an admin', async () => {
      const reader = await registered(service, 63)
      for (const body of [{ confirm: 'another' }, { confirm: '' }, {}]) {
        const answer = await clear(reader.deviceId, body)
        expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
        expect(answer.faults).toEqual(['confirm'])
      }
      const confirm = serialOf(reader)
      expect((await clear(4711, { confirm })).reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
      expect((await clear(reader.deviceId, { confirm }, await service.account('operator'))).status).toBe(403)
      expect(reader.terminal.memory.log.count).toBe(PUNCHES)
    })
  })

  describe('GET /queue/stats', () => {
    it('S-QUE-01 S-QUE-02 S-QUE-04 has the shape of the seed document', async () => {
      const answer = await service.client.get('/api/v1/queue/stats', { token: service.admin })
      const count = expect.any(Number)
      const queue = expect.objectContaining({ active: count, waiting: count, completed: count })
      expect(answer.data).toMatchObject({
        total_jobs: count,
        active: count,
        waiting: count,
        completed: count,
        failed: count,
        queues: { 'attendance-sync': queue, 'user-sync': queue },
        last_updated: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      })
    })
  })
})
