// Whoever changes rows clears what is kept of them before the change counts as done: after each way to change something, every list that
// was kept before says the same as the database.
import { startTerminal } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MODES, wholeService } from './support/whole-service.ts'
import type { WholeService } from './support/whole-service.ts'

const PIN = '4242'

describe.each(MODES)('a kept list in %s', (mode) => {
  let service: WholeService
  let terminal: SimulatedTerminal
  let deviceId: number
  beforeAll(async () => {
    service = await wholeService(mode, { env: { LIVE_WATCH: 'true' } })
    terminal = await startTerminal({ people: 4, punches: 30, serialNumber: 'FRESH', enrolment: 'good' })
    deviceId = await register()
    await job('POST', `/attendance/device/${deviceId}/sync`)
    await job('POST', `/users/device/${deviceId}/syncUserToDb`)
  })
  afterAll(async () => {
    await service[Symbol.asyncDispose]()
    await terminal.stop()
  })

  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await service.client.ask(method, `/api/v1${path}`, { token: service.admin, body })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`)
    return answer
  }
  const register = async () => {
    const body = { name: 'Gate', ip: '127.0.0.1', port: terminal.port, timezone: 'Asia/Jakarta' }
    return ((await ask('POST', '/devices', body)).data as { id: number }).id
  }
  const job = async (method: string, path: string, body?: unknown) => {
    const { job_id: jobId } = (await ask(method, path, body)).data as { job_id: string }
    expect((await service.finished(jobId)).state).toBe('completed')
  }
  /** Changing a zone queues the correction of what is stored; done when no such job is left. */
  const zone = async (body: object) => {
    await ask('PATCH', `/devices/${deviceId}`, body)
    const left = async () => {
      const { data } = await ask('GET', '/queue/jobs?queue=maintenance&limit=1000')
      return (data as { finished_at: string | null; device_id: number | null }[]).filter(
        (it) => it.device_id === deviceId && it.finished_at === null,
      ).length
    }
    await expect.poll(left, { timeout: 60_000 }).toBe(0)
  }

  const lists = () => [
    '/attendance?limit=1000',
    `/attendance?device_id=${deviceId}&limit=1000`,
    `/attendance/device/${deviceId}?limit=1000`,
    `/attendance/user/${PIN}?limit=1000`,
    '/users?limit=1000',
    `/users?search=${PIN}`,
  ]
  const read = () => Promise.all(lists().map(async (path) => (await ask('GET', path)).body))
  /** Punches, and waits until the list of this person has it. */
  const seenPunch = async (punch: () => unknown) => {
    const total = async () =>
      ((await ask('GET', `/attendance/user/${PIN}`)).body as { pagination: { total: number } }).pagination
        .total
    const before = await total()
    while (punch() === undefined) await new Promise((resolve) => setTimeout(resolve, 20))
    await expect.poll(total, { timeout: 60_000 }).toBe(before + 1)
  }

  const person = (): string => `/users/device/${deviceId}`
  it.each<[string, () => Promise<unknown>]>([
    ['a person is added', () => ask('POST', person(), { user_id: PIN, name: 'Siti' })],
    ['somebody punches, and is seen live', () => seenPunch(() => terminal.hand.present(PIN))],
    ['the terminal tells nobody of a punch', () => seenPunch(() => terminal.memory.punch({ pin: PIN }))],
    ['a person is renamed', () => ask('PUT', `${person()}/${PIN}`, { name: 'Siti Rahma' })],
    [
      'a sync finds new punches',
      async () => {
        terminal.memory.punch({ pin: PIN })
        await job('POST', `/attendance/device/${deviceId}/sync`, { mode: 'full' })
      },
    ],
    [
      'a sync of people finds another name',
      async () => {
        const { uid = 0 } = terminal.memory.people.findByPin(PIN) ?? {}
        terminal.hand.addPerson({ uid, pin: PIN, name: 'At the keypad' })
        await job('POST', `${person()}/syncUserToDb`)
      },
    ],
    ['a zone is corrected', () => zone({ timezone: 'Asia/Tokyo' })],
    ['a device has moved', () => zone({ timezone: 'Asia/Kolkata', timezone_since: '2020-01-01T00:00:00' })],
    ['a person is removed', () => ask('DELETE', `${person()}/${PIN}`)],
    [
      'the log of the terminal is cleared',
      () => job('DELETE', `/attendance/device/${deviceId}`, { confirm: 'FRESH' }),
    ],
    ['a device is deleted', () => ask('DELETE', `/devices/${deviceId}`)],
    ['a device comes back', async () => expect(await register()).toBe(deviceId)],
  ])('says what is true when %s', async (_, act) => {
    await read()
    await act()
    const said = await read()
    await ask('POST', '/cache/clear')
    expect(said).toEqual(await read())
  })
})
