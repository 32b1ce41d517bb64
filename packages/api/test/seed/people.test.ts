// The seed document on people. Each title begins with the id of its statement.
import { request } from 'node:http'
import { profileNamed, startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { MODES, wholeService } from '../support/whole-service.ts'
import type { WholeService } from '../support/whole-service.ts'

describe.each(MODES)('in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  let deviceId: number
  let operator: string

  beforeAll(async () => {
    service = await wholeService(mode)
    operator = await service.account('operator')
    ;({ terminal, deviceId } = await newTerminal({ people: 0 }))
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await Promise.all(terminals.map((it) => it.stop()))
  })
  beforeEach(() => terminal.hand.answerEnrolments('good'))

  const terminals: SimulatedTerminal[] = []
  const newTerminal = async (options: Parameters<typeof startTerminal>[0]) => {
    const started = await startTerminal({
      punches: 0,
      serialNumber: `PEOPLE${terminals.length}`,
      ...options,
    })
    terminals.push(started)
    const body = { name: 'Gate', ip: '127.0.0.1', port: started.port }
    const { data } = await service.client.post('/api/v1/devices', body, { token: service.admin })
    return { terminal: started, deviceId: (data as { id: number }).id }
  }

  const path = (id = deviceId) => `/api/v1/users/device/${id}`
  const add = (body: unknown, token = operator) => service.client.post(path(), body, { token })
  const finished = async (answer: { data: unknown; status: number }) => {
    expect(answer.status).toBe(202)
    return service.finished((answer.data as { job_id: string }).job_id)
  }

  it('S-USR-01 S-USR-03 S-USR-04 S-USR-05 adds with three presses of a finger, and saves the mapping', async () => {
    let presses = 0
    terminal.hand.answerEnrolments('by-hand')
    const adding = add({ user_id: '1042', name: 'Siti Rahma' })
    while (terminal.memory.sensor.enrolling === undefined) await new Promise((go) => setTimeout(go, 5))
    expect(terminal.memory.people.findByPin('1042')).toMatchObject({ name: 'Siti Rahma' })
    while (terminal.memory.sensor.enrolling !== undefined && terminal.hand.press()) presses += 1
    const answer = await adding
    expect(presses).toBe(3)
    const person = {
      device_id: deviceId,
      user_id: '1042',
      name: 'Siti Rahma',
      privilege: 0,
      card_number: null,
      group: 1,
      has_password: false,
      fingers: [6],
      on_device: true,
      updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    }
    expect(answer.reply).toEqual({
      status: 201,
      body: { status: true, message: 'User added successfully', data: person },
    })
    const uid = terminal.memory.people.findByPin('1042')?.uid ?? 0
    expect(terminal.memory.templates.fingersOf(uid)).toEqual([6])
    expect((await service.client.get(path(), { token: operator })).data).toEqual([person])
  })

  it('S-USR-02 answers 409 where the user_id is taken, in the database or on the terminal alone', async () => {
    expect((await add({ user_id: '1042', name: 'Another' })).reply).toEqual(refused(409, 'USER_EXISTS'))
    terminal.hand.addPerson({ uid: 900, pin: '900', name: 'At the keypad' })
    expect((await add({ user_id: '900', name: 'Another' })).reply).toEqual(refused(409, 'USER_EXISTS'))
    terminal.hand.removePerson('900')
  })

  it('S-USR-06 S-USR-07 answers 400 when the finger is not enrolled, and takes the person off again', async () => {
    const before = terminal.memory.people.list()
    for (const [script, reason] of [
      ['poor', 'quality'],
      ['duplicate', 'duplicate'],
      ['cancelled', 'cancelled'],
    ] as const) {
      terminal.hand.answerEnrolments(script)
      const answer = await add({ user_id: '77', name: 'Unlucky' })
      expect(answer.reply).toEqual(refused(400, 'ENROLLMENT_FAILED', { details: { reason } }))
      expect(terminal.memory.people.list()).toEqual(before)
    }
    const { data } = await service.client.get('/api/v1/users?search=unlucky', { token: operator })
    expect(data).toEqual([])
  })

  it('S-USR-07 takes the person off again when whoever asked has gone', async () => {
    const before = terminal.memory.people.list()
    terminal.hand.answerEnrolments('by-hand')
    const asking = request(`${service.client.address}${path()}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
    })
    asking.on('error', () => undefined)
    asking.end(JSON.stringify({ user_id: '78', name: 'Gone' }))
    while (terminal.memory.sensor.enrolling === undefined) await new Promise((go) => setTimeout(go, 5))
    asking.destroy()
    while (terminal.memory.people.findByPin('78') !== undefined) await new Promise((go) => setTimeout(go, 5))
    expect(terminal.memory.people.list()).toEqual(before)
    expect(terminal.memory.sensor.enrolling).toBeUndefined()
  })

  it('S-USR-07 adds without a finger where that is asked for', async () => {
    terminal.hand.answerEnrolments('poor')
    const answer = await add({ user_id: '79', name: 'No Finger', enroll: false })
    expect(answer.reply).toMatchObject({ status: 201, body: { data: { user_id: '79', fingers: [] } } })
  })

  it('is for operators, and for admins alone where rights at the terminal are given', async () => {
    const user = await service.account('user')
    expect((await add({ user_id: '80', name: 'X' }, user)).reply).toEqual(refused(403, 'FORBIDDEN'))
    const boss = { user_id: '80', name: 'Boss', privilege: 14, enroll: false }
    expect((await add(boss)).reply).toEqual(
      refused(403, 'FORBIDDEN', { message: 'Forbidden - Not an admin' }),
    )
    expect((await add(boss, service.admin)).status).toBe(201)
    const change = (body: unknown, token: string) =>
      service.client.ask('PUT', `${path()}/80`, { token, body })
    expect((await change({ password: '1234' }, operator)).status).toBe(403)
    expect((await change({ name: 'Chief', privilege: 6 }, service.admin)).data).toMatchObject({
      name: 'Chief',
      privilege: 6,
    })
    expect((await change({ name: 'x'.repeat(60) }, service.admin)).faults).toEqual(['name'])
    const gone = await service.client.ask('DELETE', `${path()}/80`, { token: operator })
    expect(gone.reply).toMatchObject({ status: 200, body: { data: { user_id: '80' } } })
    expect((await change({ name: 'Nobody' }, service.admin)).reply).toEqual(refused(404, 'USER_NOT_FOUND'))
  })

  it('S-USR-08 S-USR-15 answers 202 at once, for few people too, and one job a device', async () => {
    const few = await newTerminal({ people: 3, fingers: 2, seed: 5 })
    const sync = () =>
      service.client.post(`${path(few.deviceId)}/syncUserToDb`, undefined, { token: operator })
    const answer = await sync()
    expect(answer.reply).toEqual({
      status: 202,
      body: {
        status: true,
        message: 'User sync job queued successfully',
        data: {
          job_id: expect.stringMatching(new RegExp(`^sync-users-device-${few.deviceId}-\\d{14}$`)),
          device_id: few.deviceId,
          status: 'queued',
          queued_at: expect.stringMatching(/Z$/),
        },
      },
    })
    expect(await finished(answer)).toMatchObject({ state: 'completed', result: { read: 3, inserted: 3 } })
  })

  it('S-USR-09 S-USR-10 S-USR-12 S-USR-13 S-USR-14 reads a thousand in batches, inserts and updates', async () => {
    const many = await newTerminal({ people: 1_000, seed: 6 })
    const sync = () => service.client.post(`${path(many.deviceId)}/syncUserToDb`, {}, { token: operator })
    const list = (query: string) => service.client.get(`${path(many.deviceId)}?${query}`, { token: operator })
    expect(await finished(await sync())).toMatchObject({
      state: 'completed',
      result: { announced: 1_000, read: 1_000, inserted: 1_000, updated: 0, gone: 0 },
    })
    expect((await list('limit=1')).body).toMatchObject({ pagination: { total: 1_000 } })

    const [first, second] = many.terminal.memory.people.list()
    many.terminal.hand.addPerson({ uid: first?.uid ?? 0, pin: first?.pin ?? '', name: 'Renamed' })
    many.terminal.hand.removePerson(second?.pin ?? '')
    expect(await finished(await sync())).toMatchObject({
      result: { read: 999, inserted: 0, updated: 1, unchanged: 998, gone: 1 },
    })
    expect((await list('search=renamed')).data).toMatchObject([{ user_id: first?.pin, name: 'Renamed' }])
    expect((await list('on_device=false')).data).toMatchObject([{ user_id: second?.pin, on_device: false }])
    const asked = await list('source=device&limit=1000')
    expect(asked.body).toMatchObject({ pagination: { total: 999 } })

    const stats = await service.client.get('/api/v1/queue/stats', { token: operator })
    const { queues } = stats.data as { queues: Record<string, { completed: number }> }
    expect(queues['user-sync']?.completed).toBeGreaterThanOrEqual(2)
  })

  it('S-USR-11 is tried again when the terminal was away, three times', async () => {
    const away = await newTerminal({ people: 4, seed: 7 })
    await away.terminal.stop()
    const answer = await service.client.post(`${path(away.deviceId)}/syncUserToDb`, {}, { token: operator })
    const { job_id } = answer.data as { job_id: string }
    const job = async () =>
      (await service.client.get(`/api/v1/queue/jobs/${job_id}`, { token: operator })).data as {
        error: object | null
      }
    await expect.poll(async () => (await job()).error, { timeout: 60_000 }).not.toBeNull()
    expect(await job()).toMatchObject({
      state: 'waiting',
      attempts: 1,
      max_attempts: 4,
      error: { code: 'DEVICE_UNREACHABLE' },
    })
    terminals.push(await startTerminal({ memory: away.terminal.memory, port: away.terminal.port }))
    const done = await service.finished(job_id)
    expect(done).toMatchObject({ state: 'completed', result: { inserted: 4 } })
    expect(done.attempts).toBeGreaterThan(1)
  })

  it('S-USR-12 clears the list of people, and the names in the list of punches, when it is done', async () => {
    const { terminal: gate, deviceId: id } = await newTerminal({ people: 2, punches: 3, seed: 9 })
    const lists = [
      '/api/v1/users?search=newly',
      `/api/v1/attendance?device_id=${id}`,
      `/api/v1/attendance/device/${id}`,
    ]
    const run = async (url: string) =>
      finished(await service.client.post(`/api/v1/${url}`, {}, { token: operator }))
    const seen = async () =>
      Promise.all(
        lists.map(async (url) => {
          const { headers, text } = await service.client.get(url, { token: operator })
          return [headers.get('x-cache'), text.includes('Newly Named')]
        }),
      )
    await run(`attendance/device/${id}/sync`)
    await run(`users/device/${id}/syncUserToDb`)
    await seen()
    expect(await seen()).toEqual(lists.map(() => ['HIT', false]))
    for (const person of gate.memory.people.list())
      gate.hand.addPerson({ uid: person.uid, pin: person.pin, name: 'Newly Named' })
    await run(`users/device/${id}/syncUserToDb`)
    expect(await seen()).toEqual(lists.map(() => ['MISS', true]))
  })

  it('copies people and their fingers to another terminal, and tells what became of each', async () => {
    const source = await newTerminal({ people: 4, fingers: 4, seed: 8 })
    const other = await newTerminal({ people: 0, profile: profileNamed('visible-light') })
    const copy = async (body: unknown, token = service.admin) => {
      const url = `${path(other.deviceId)}/syncUserToDevice`
      return (await finished(await service.client.post(url, body, { token }))).result as unknown
    }
    const order = { from_device_id: source.deviceId }
    const tried = await copy({ ...order, dry_run: true })
    expect(tried).toMatchObject({ dry_run: true, chosen: 4 })
    expect(other.terminal.memory.people.count).toBe(0)
    const done = await copy(order)
    expect(done).toMatchObject({ dry_run: false, chosen: 4, added: { count: 4 } })
    expect(other.terminal.memory.people.count).toBe(4)
    expect(await copy(order)).toMatchObject({ added: { count: 0 }, updated: { count: 0 } })
    const itself = await service.client.post(
      `${path(other.deviceId)}/syncUserToDevice`,
      { from_device_id: other.deviceId },
      { token: operator },
    )
    expect(itself.faults).toEqual(['from_device_id'])
  })

  it('knows nobody of a device that is not there', async () => {
    const unknown = path(999_999)
    for (const answer of [
      await service.client.get(unknown, { token: operator }),
      await service.client.get(`${unknown}?source=device`, { token: operator }),
      await service.client.post(unknown, { user_id: '1', name: 'A' }, { token: operator }),
      await service.client.post(`${unknown}/syncUserToDb`, {}, { token: operator }),
      await service.client.post(`${unknown}/syncUserToDevice`, {}, { token: operator }),
    ])
      expect(answer.reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
  })
})
