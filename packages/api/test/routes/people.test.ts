// /users: what goes to the service, and how its answers look.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '@org/core'
import type { AddPersonInput, CopyPeopleRequest, EditPersonInput, PersonFilter } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'
import { ADMIN, JOB, PERSON } from '../support/services-double.ts'

const api = listeningForAll()

const DEVICE = '/api/v1/users/device/1'
const REPLY = {
  device_id: 1,
  user_id: '1042',
  name: 'Siti Rahma',
  privilege: 0,
  card_number: 8_812_345,
  group: 1,
  has_password: true,
  fingers: [6],
  on_device: true,
  updated_at: '2024-02-05T14:30:00Z',
}

describe('GET /users', () => {
  it('lists people without what nobody may see', async () => {
    const answer = await api.client.get('/api/v1/users', { token: api.token })
    expect(answer.body).toEqual({
      status: true,
      message: 'Users',
      data: [REPLY],
      pagination: { page: 1, limit: 100, total: 1, total_pages: 1, next_cursor: null },
    })
  })

  it('passes its filters on, and those of a device', async () => {
    const seen: PersonFilter[] = []
    const list = async (filter: PersonFilter) => {
      seen.push(filter)
      return { rows: [], total: 0 }
    }
    await using api = await listening({
      people: { list, listOfDevice: async (deviceId, filter) => list({ deviceIds: [deviceId], ...filter }) },
    })
    const { client, token } = api
    await client.get('/api/v1/users?device_id=7&search=rah&on_device=false', { token })
    await client.get(`${DEVICE}?on_device=true&page=2&limit=5`, { token })
    expect(seen).toEqual([
      { deviceIds: [7], search: 'rah', onDevice: false },
      { deviceIds: [1], onDevice: true },
    ])
    const answer = await client.get(`${DEVICE}?source=elsewhere&on_device=1`, { token })
    expect(answer.faults).toEqual(['on_device', 'source'])
  })
})

describe('POST /users/device/{deviceId}', () => {
  it('adds with a finger and a minute to enrol it, unless something else is said', async () => {
    const seen: AddPersonInput[] = []
    await using api = await listening({
      people: { add: async (input) => (seen.push(input), PERSON) },
    })
    const { client, token } = api
    const answer = await client.post(DEVICE, { user_id: '1042', name: 'Siti Rahma' }, { token })
    expect(answer.reply).toEqual({
      status: 201,
      body: { status: true, message: 'User added successfully', data: REPLY },
    })
    const whole = {
      user_id: '7',
      name: 'Budi',
      privilege: 14,
      password: '4711',
      card_number: null,
      group: 2,
      finger: 0,
      enroll: true,
      enroll_timeout: 180,
    }
    await client.post(DEVICE, whole, { token })
    await client.post(DEVICE, { user_id: '8', name: 'C', enroll: false }, { token })
    const common = { deviceId: 1, mayGrant: true, signal: expect.any(AbortSignal) }
    const by = { name: ADMIN.email, accountId: ADMIN.id, address: '127.0.0.1' }
    expect(seen).toEqual([
      { ...common, by, pin: '1042', name: 'Siti Rahma', enrol: { finger: 6, timeoutSeconds: 60 } },
      {
        ...common,
        by,
        pin: '7',
        name: 'Budi',
        privilege: 14,
        password: '4711',
        cardNumber: null,
        group: 2,
        enrol: { finger: 0, timeoutSeconds: 180 },
      },
      { ...common, by, pin: '8', name: 'C', enrol: null },
    ])
  })

  it.each([
    [{}, ['name', 'user_id']],
    [{ user_id: '', name: ' ' }, ['name', 'user_id']],
    [{ user_id: '1'.repeat(25), name: 'A' }, ['user_id']],
    [{ user_id: 'ä', name: 'A' }, ['user_id']],
    [{ user_id: 1042, name: 'A' }, ['user_id']],
    [{ user_id: '1', name: 'A', privilege: 1 }, ['privilege']],
    [{ user_id: '1', name: 'A', password: 'abc' }, ['password']],
    [{ user_id: '1', name: 'A', finger: 10, enroll_timeout: 9 }, ['enroll_timeout', 'finger']],
    [{ user_id: '1', name: 'A', enroll_timeout: 181, group: 0 }, ['enroll_timeout', 'group']],
    [{ user_id: '1', name: 'A', uid: 3 }, ['uid']],
  ])('refuses %j', async (body, fields) => {
    const answer = await api.client.post(DEVICE, body, { token: api.token })
    expect(answer.status).toBe(400)
    expect(answer.faults).toEqual(fields)
  })

  it.each([
    ['USER_EXISTS', 409],
    ['ENROLLMENT_FAILED', 400],
    ['FORBIDDEN', 403],
    ['DEVICE_BUSY', 503],
  ] as const)('answers %s with %i', async (code, status) => {
    const error = new ServiceError(code, { details: { reason: 'quality' } })
    await using api = await listening({ people: { add: () => Promise.reject(error) } })
    const answer = await api.client.post(DEVICE, { user_id: '1', name: 'A' }, { token: api.token })
    expect(answer.reply).toEqual(refused(status, code, { details: { reason: 'quality' } }))
  })
})

describe('PUT and DELETE /users/device/{deviceId}/{userId}', () => {
  it('change what is named', async () => {
    const seen: EditPersonInput[] = []
    await using api = await listening({ people: { edit: async (input) => (seen.push(input), PERSON) } })
    const { client, token } = api
    const answer = await client.ask('PUT', `${DEVICE}/00%2F42`, { token, body: { card_number: 0 } })
    expect(answer.reply).toMatchObject({ status: 200, body: { message: 'User updated successfully' } })
    expect(seen).toMatchObject([{ deviceId: 1, pin: '00/42', changes: { cardNumber: 0 }, mayGrant: true }])
    for (const body of [{}, undefined]) {
      expect((await client.ask('PUT', `${DEVICE}/1042`, { token, body })).status).toBe(400)
    }
  })

  it('remove', async () => {
    const answer = await api.client.ask('DELETE', `${DEVICE}/1042`, { token: api.token })
    expect(answer.reply).toEqual({
      status: 200,
      body: {
        status: true,
        message: 'User deleted successfully',
        data: { device_id: 1, user_id: '1042' },
      },
    })
    await using failing = await listening({
      people: { remove: () => Promise.reject(new ServiceError('USER_NOT_FOUND')) },
    })
    const missing = await failing.client.ask('DELETE', `${DEVICE}/1042`, { token: failing.token })
    expect(missing.reply).toEqual(refused(404, 'USER_NOT_FOUND'))
  })
})

describe('the jobs on people', () => {
  it('are answered at once', async () => {
    for (const path of ['syncUserToDb', 'syncUserToDevice']) {
      const answer = await api.client.post(`${DEVICE}/${path}`, undefined, { token: api.token })
      expect(answer.status).toBe(202)
      expect(answer.headers.get('location')).toBe(`/api/v1/queue/jobs/${JOB.id}`)
    }
  })

  it('copy whom they are told to, from where they are told to', async () => {
    const seen: CopyPeopleRequest[] = []
    await using api = await listening({
      people: {
        requestCopy: async (_, request) => (seen.push(request), { job: JOB, deduplicated: false }),
      },
    })
    const { client, token } = api
    const copy = (body?: unknown) => client.post(`${DEVICE}/syncUserToDevice`, body, { token })
    await copy()
    await copy({ user_ids: ['1'], from_device_id: 2, templates: false, dry_run: true })
    expect(seen).toEqual([
      { templates: true, dryRun: false, mayGrant: true, within: 'all' },
      { pins: ['1'], fromDeviceId: 2, templates: false, dryRun: true, mayGrant: true, within: 'all' },
    ])
    expect((await copy({ user_ids: [], from_device_id: 0 })).faults).toEqual(['from_device_id', 'user_ids'])
  })
})
