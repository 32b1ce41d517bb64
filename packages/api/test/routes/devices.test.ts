// /devices: what goes to the service, and how its answers look.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '@org/core'
import type { ErrorName } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'
import { DEVICE } from '../support/services-double.ts'

const api = listeningForAll()

const DEVICES = '/api/v1/devices'
const TERMINAL = { name: 'Main Entrance Reader', ip: '192.168.1.100' }
const REGISTERED = {
  id: 1,
  name: 'Main Entrance Reader',
  ip: '192.168.1.100',
  port: 4370,
  location: 'Building A - Main Entrance',
  serial_number: 'ZKT-001-2024',
  status: 'active',
  is_connected: true,
  created_at: '2024-02-05T14:30:00Z',
}

describe('POST /devices', () => {
  it('answers with the fields of the seed document and no other', async () => {
    const answer = await api.client.post(DEVICES, TERMINAL, { token: api.token })
    expect(answer.reply).toEqual({
      status: 201,
      body: { status: true, message: 'Device registered successfully', data: REGISTERED },
    })
    expect(answer.headers.get('location')).toBe('/api/v1/devices/1')
  })

  it('adds warnings when there are any', async () => {
    const warnings = ['The terminal names itself otherwise']
    await using api = await listening({ devices: { register: async () => ({ device: DEVICE, warnings }) } })
    const answer = await api.client.post(DEVICES, TERMINAL, { token: api.token })
    expect(answer.data).toEqual({ ...REGISTERED, warnings })
  })

  it('answers 500 when the database fails', async () => {
    await using api = await listening({
      devices: {
        register: async () => {
          throw new ServiceError('DATABASE_UNAVAILABLE_AT_REGISTRATION')
        },
      },
    })
    const answer = await api.client.post(DEVICES, TERMINAL, { token: api.token })
    expect(answer.reply).toEqual(refused(500, 'DATABASE_UNAVAILABLE'))
  })

  it.each<[ErrorName, number, string]>([
    ['DEVICE_EXISTS', 409, 'DEVICE_EXISTS'],
    ['DEVICE_EXISTS_BY_SERIAL', 409, 'DEVICE_EXISTS'],
    ['DEVICE_UNREACHABLE_AT_REGISTRATION', 400, 'DEVICE_UNREACHABLE'],
    ['DEVICE_AUTH_FAILED_AT_REGISTRATION', 400, 'DEVICE_AUTH_FAILED'],
    ['DEVICE_BUSY', 503, 'DEVICE_BUSY'],
  ])('answers %s with %i %s', async (name, status, code) => {
    await using api = await listening({
      devices: {
        register: async () => {
          throw new ServiceError(name)
        },
      },
    })
    const answer = await api.client.post(DEVICES, TERMINAL, { token: api.token })
    expect(answer.reply).toEqual(refused(status, code))
  })
})

describe('GET /devices', () => {
  const shown = {
    ...REGISTERED,
    terminal_serial_number: 'BOCK194961234',
    transport: 'auto',
    timezone: 'Asia/Jakarta',
    name_encoding: 'auto',
    live: true,
    sync_interval_minutes: null,
    next_sync_at: null,
    unlock_unit: 'tenths',
    has_comm_key: true,
    last_seen_at: '2024-02-05T14:30:00Z',
    last_sync_at: null,
    last_error: null,
    clock_drift_seconds: -2,
    updated_at: '2024-02-05T14:30:00Z',
  }

  it('lists devices with all that is known of them', async () => {
    const answer = await api.client.get(DEVICES, { token: api.token })
    expect(answer.body).toEqual({
      status: true,
      message: 'Devices',
      data: [shown],
      pagination: { page: 1, limit: 100, total: 1, total_pages: 1, next_cursor: null },
    })
  })

  it('hands filter and page on', async () => {
    const seen: unknown[] = []
    await using api = await listening({
      devices: {
        list: async (...asked) => {
          seen.push(asked)
          return { rows: [], total: 41 }
        },
      },
    })
    const path = `${DEVICES}?status=inactive&search=door&page=3&limit=20`
    const answer = await api.client.get(path, { token: api.token })
    expect(seen).toEqual([
      [
        { status: 'inactive', search: 'door' },
        { page: 3, limit: 20 },
      ],
    ])
    expect(answer.body).toMatchObject({
      data: [],
      pagination: { page: 3, limit: 20, total: 41, total_pages: 3 },
    })
  })

  it('shows one', async () => {
    const answer = await api.client.get(`${DEVICES}/1`, { token: api.token })
    expect(answer.data).toEqual(shown)
  })

  it('answers 404 for one that is not there', async () => {
    await using api = await listening({
      devices: {
        find: async () => {
          throw new ServiceError('DEVICE_NOT_FOUND')
        },
      },
    })
    const answer = await api.client.get(`${DEVICES}/2`, { token: api.token })
    expect(answer.reply).toEqual(refused(404, 'DEVICE_NOT_FOUND'))
  })
})
