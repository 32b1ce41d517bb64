// What is refused before a handler sees it, field by field, and what reaches the service when it is not.
import { describe, expect, it } from 'vitest'
import type { DeviceInput, NewAccount, PunchFilter, PunchPaging } from '@org/core'
import { refused } from '../support/client.ts'
import { listening, listeningForAll } from '../support/listening.ts'
import { ADMIN, DEVICE } from '../support/services-double.ts'

const api = listeningForAll()

const DEVICES = '/api/v1/devices'
const REGISTER = '/api/v1/auth/register'
const NEWCOMER = { username: 'john_doe', email: 'john@example.com', password: 'password123', role: 'user' }
const TERMINAL = { name: 'Main Entrance Reader', ip: '192.168.1.100' }

describe('a body', () => {
  it('is refused with every fault at once', async () => {
    const body = { username: 'x', email: 'john', password: 'short', role: 'king', extra: 1 }
    const answer = await api.client.post(REGISTER, body, { token: api.token })
    expect(answer.reply).toEqual(
      refused(400, 'VALIDATION_ERROR', {
        details: expect.arrayContaining([
          { field: 'email', message: 'must be an e-mail address' },
          { field: 'extra', message: 'is not a known field' },
          { field: 'role', message: 'must be one of admin, operator, user' },
        ]),
      }),
    )
    expect(answer.faults).toEqual(['email', 'extra', 'password', 'role', 'username'])
  })

  it('that is left out counts as {}', async () => {
    const answer = await api.client.post(REGISTER, undefined, { token: api.token })
    expect(answer.faults).toEqual(['email', 'password', 'role', 'username'])
  })

  it.each([
    ['no JSON', '{"email":'],
    ['more than JSON', '{} {}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['a text', '"text"'],
    ['a way to Object.prototype', '{"__proto__":{"role":"admin"}}'],
    ['a way to a constructor', '{"constructor":{"prototype":{"role":"admin"}}}'],
    ['broken UTF-8', new Uint8Array([0x22, 0xc3, 0x28, 0x22])],
    ['UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
    ['a million brackets', '['.repeat(500_000) + ']'.repeat(500_000)],
  ])('that is %s is refused as a whole', async (_, body) => {
    const answer = await api.client.ask('POST', REGISTER, {
      token: api.token,
      raw: { body, type: 'application/json' },
    })
    expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(answer.faults).toEqual(['body'])
  })

  it.each(['{"force":true}', '[]', 'null', '0'])('is refused where none is known: %s', async (body) => {
    const raw = { body, type: 'application/json' }
    for (const [method, path] of [
      ['DELETE', '/api/v1/devices/1'],
      ['DELETE', '/api/v1/auth/accounts/1'],
      ['DELETE', '/api/v1/auth/api-keys/1'],
      ['DELETE', '/api/v1/users/device/1/1'],
    ] as const) {
      const answer = await api.client.ask(method, path, { token: api.token, raw })
      expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
      expect(answer.faults).toEqual(['body'])
    }
  })

  it('of more than a mebibyte is 413', async () => {
    const body = JSON.stringify({ ...NEWCOMER, username: 'x'.repeat(1_048_576) })
    const answer = await api.client.ask('POST', REGISTER, {
      token: api.token,
      raw: { body, type: 'application/json' },
    })
    expect(answer.reply).toEqual(refused(413, 'PAYLOAD_TOO_LARGE'))
  })

  it.each([
    'text/plain',
    'text/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'nonsense',
  ])('of another type than JSON is 415: %s', async (type) => {
    const raw = { body: JSON.stringify(NEWCOMER), type }
    const answer = await api.client.ask('POST', REGISTER, { token: api.token, raw })
    expect(answer.reply).toEqual(refused(415, 'UNSUPPORTED_MEDIA_TYPE'))
  })

  it('with a hundred thousand unknown fields is answered with a hundred faults', async () => {
    const body = Object.fromEntries(Array.from({ length: 90_000 }, (_, i) => [`f${i}`, 1]))
    const answer = await api.client.post(REGISTER, body, { token: api.token })
    expect(answer.faults).toHaveLength(100)
  })

  it('is neither trimmed nor changed in type', async () => {
    const seen: NewAccount[] = []
    await using api = await listening({
      accounts: {
        register: async (account) => {
          seen.push(account)
          return ADMIN
        },
      },
    })
    await api.client.post(REGISTER, { ...NEWCOMER, password: '  pass word  ' }, { token: api.token })
    expect(seen).toEqual([{ ...NEWCOMER, password: '  pass word  ' }])
    const answer = await api.client.post(
      DEVICES,
      { ...TERMINAL, port: '4370', live: 'true' },
      { token: api.token },
    )
    expect(answer.faults).toEqual(['live', 'port'])
  })
})

describe('the body of POST /devices', () => {
  const wrong: [string, Record<string, unknown>, string][] = [
    ['a blank name', { name: '  ' }, 'name'],
    ['an endless name', { name: 'x'.repeat(101) }, 'name'],
    ['an address that is none', { ip: 'main entrance' }, 'ip'],
    ['a URL as address', { ip: 'http://192.168.1.100' }, 'ip'],
    ['an address with a port', { ip: '192.168.1.100:4370' }, 'ip'],
    ['an address spelled short', { ip: '127.1' }, 'ip'],
    ['an address in hex', { ip: '0x7f000001' }, 'ip'],
    ['a number too large for an address', { ip: '256.1.1.1' }, 'ip'],
    ['port 0', { port: 0 }, 'port'],
    ['port 65536', { port: 65_536 }, 'port'],
    ['half a port', { port: 4370.5 }, 'port'],
    ['a key with letters', { password: 'abc' }, 'password'],
    ['a key of more than 32 bits', { password: '4294967296' }, 'password'],
    ['a key as a number', { password: 1234 }, 'password'],
    ['a null key', { password: null }, 'password'],
    ['an unknown transport', { transport: 'serial' }, 'transport'],
    ['an unknown zone', { timezone: 'Asia/Atlantis' }, 'timezone'],
    ['an unknown encoding', { name_encoding: 'klingon' }, 'name_encoding'],
    ['an interval of 0', { sync_interval_minutes: 0 }, 'sync_interval_minutes'],
    ['an unknown unit', { unlock_unit: 'hours' }, 'unlock_unit'],
  ]

  it.each(wrong)('is refused for %s', async (_, change, field) => {
    const answer = await api.client.post(DEVICES, { ...TERMINAL, ...change }, { token: api.token })
    expect(answer.reply).toEqual(refused(400, 'VALIDATION_ERROR'))
    expect(answer.faults).toEqual([field])
  })

  it.each([
    { ip: '::1' },
    { ip: '2001:db8::7' },
    { ip: 'reader-1.site.example' },
    { ip: 'localhost' },
    { password: '0' },
    { password: '4294967295' },
    { name_encoding: 'gb18030' },
    { timezone: 'Asia/Kathmandu' },
  ])('is taken with %j', async (change) => {
    const answer = await api.client.post(DEVICES, { ...TERMINAL, ...change }, { token: api.token })
    expect(answer.status).toBe(201)
  })

  it('reaches the service whole, under the names of the service', async () => {
    const seen: DeviceInput[] = []
    await using api = await listening({
      devices: {
        register: async (input) => {
          seen.push(input)
          return { device: DEVICE, warnings: [] }
        },
      },
    })
    await api.client.post(
      DEVICES,
      {
        ...TERMINAL,
        port: 4371,
        password: '12',
        location: 'Door',
        serial_number: 'S1',
        transport: 'tcp',
        timezone: 'Asia/Jakarta',
        name_encoding: 'auto',
        live: false,
        sync_interval_minutes: 60,
        unlock_unit: 'seconds',
      },
      { token: api.token },
    )
    await api.client.post(DEVICES, TERMINAL, { token: api.token })
    expect(seen).toEqual([
      {
        ...TERMINAL,
        port: 4371,
        password: '12',
        location: 'Door',
        serialNumber: 'S1',
        transport: 'tcp',
        timezone: 'Asia/Jakarta',
        nameEncoding: 'auto',
        live: false,
        syncIntervalMinutes: 60,
        unlockUnit: 'seconds',
      },
      TERMINAL,
    ])
  })
})

describe('a path', () => {
  it.each(['0', '-1', '1.5', '1e3', '0x10', '01', 'abc', '9007199254740993', '%20', '１'])(
    'has only positive whole numbers for ids: %s is refused',
    async (id) => {
      const answer = await api.client.get(`${DEVICES}/${id}`, { token: api.token })
      expect(answer.faults).toEqual(['deviceId'])
    },
  )
})

describe('the query of GET /attendance', () => {
  async function asked(
    query: string,
  ): Promise<{ filter: PunchFilter; paging: PunchPaging } | readonly string[]> {
    const seen: { filter: PunchFilter; paging: PunchPaging }[] = []
    await using api = await listening({
      attendance: {
        list: async (filter, paging) => {
          seen.push({ filter, paging })
          return { rows: [], total: 0, nextCursor: null }
        },
      },
    })
    const answer = await api.client.get(`/api/v1/attendance?${query}`, { token: api.token })
    return seen[0] ?? answer.faults
  }

  it('has defaults', async () => {
    expect(await asked('')).toEqual({
      filter: { denied: false },
      paging: { page: 1, limit: 100, sort: '-timestamp' },
    })
  })

  it('reads numbers and passes texts on as they are', async () => {
    const query =
      'device_id=3&user_id=0042&state=1&time_status=gap&denied=all&sort=timestamp&page=2&limit=1000'
    expect(await asked(query)).toEqual({
      filter: { deviceIds: [3], pin: '0042', state: 1, timeStatus: 'gap', denied: 'all' },
      paging: { page: 2, limit: 1000, sort: 'timestamp' },
    })
  })

  it('asks by cursor when it has one, whatever the page', async () => {
    expect(await asked('cursor=abc&page=3&limit=5')).toEqual({
      filter: { denied: false },
      paging: { cursor: 'abc', limit: 5, sort: '-timestamp' },
    })
  })

  it.each([
    ['from=2024-02-05T14:30:00Z', { atFrom: '2024-02-05T14:30:00.000Z' }],
    ['from=2024-02-05T14:30:00%2B07:00', { atFrom: '2024-02-05T07:30:00.000Z' }],
    ['from=2024-02-05T14:30Z', { atFrom: '2024-02-05T14:30:00.000Z' }],
    ['to=2024-02-05T14:30Z', { atTo: '2024-02-05T14:30:59.000Z' }],
    ['from=2024-02-05T14:30:00', { wallFrom: '2024-02-05T14:30:00' }],
    ['from=2024-02-05', { wallFrom: '2024-02-05T00:00:00' }],
    ['to=2024-02-05', { wallTo: '2024-02-05T23:59:59' }],
    ['from=0001-01-01T00:00:00Z', { atFrom: '1000-01-01T00:00:00.000Z' }],
    ['from=0000-01-01T00:00:00%2B14:00', { atFrom: '1000-01-01T00:00:00.000Z' }],
    ['to=9999-12-31T23:59:59-12:00', { atTo: '9999-12-31T23:59:59.999Z' }],
    [
      'from=2024-02-01&to=2024-02-29T12:00:00Z',
      { wallFrom: '2024-02-01T00:00:00', atTo: '2024-02-29T12:00:00.000Z' },
    ],
  ])('reads bounds by their zone: %s', async (query, bounds) => {
    expect(await asked(query)).toMatchObject({ filter: { ...bounds, denied: false } })
  })

  it.each([
    ['page=0', ['page']],
    ['page=1.5', ['page']],
    ['page=&limit=', ['limit', 'page']],
    ['limit=1001', ['limit']],
    ['limit=10&limit=20', ['limit']],
    ['device_id=abc', ['device_id']],
    ['device_id=1,2', ['device_id']],
    ['user_id=', ['user_id']],
    [`user_id=${'1'.repeat(25)}`, ['user_id']],
    ['state=-1', ['state']],
    ['denied=yes', ['denied']],
    ['sort=name', ['sort']],
    ['time_status=late', ['time_status']],
    ['from=yesterday', ['from']],
    ['from=2024-02-31', ['from']],
    ['from=2024-02-05T24:00:00', ['from']],
    ['from=2024-02-05T14:30:00+07:00', ['from']],
    ['from=2024-02-05T14:30:00%2B99:99', ['from']],
    ['from=2024-02-05%0A', ['from']],
    ['cursor=', ['cursor']],
  ])('is refused: %s', async (query, faults) => {
    expect(await asked(query)).toEqual(faults)
  })
})
