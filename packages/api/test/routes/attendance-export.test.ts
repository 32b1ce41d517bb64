// /attendance/export: the answer around the file, and clients and databases that do not see it through.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ServiceError } from '@org/core'
import type { Punch } from '@org/core'
import { describe, expect, it } from 'vitest'
import { refused } from '../support/client.ts'
import { listening } from '../support/listening.ts'
import type { Listening } from '../support/listening.ts'
import { PUNCH } from '../support/services-double.ts'

const PATH = '/api/v1/attendance/export'
const BATCH = Array.from({ length: 1_000 }, () => PUNCH)

/** Asks and takes what is given to it, and no more. */
function asking(api: Listening, query: string): Socket {
  const { hostname, port } = new URL(api.client.address)
  const socket = connect(Number(port), hostname)
  socket.write(`GET ${PATH}?${query} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${api.token}\r\n\r\n`)
  return socket
}

describe('GET /attendance/export', () => {
  it.each([
    ['csv', 'text/csv; charset=utf-8; header=present'],
    ['ndjson', 'application/x-ndjson; charset=utf-8'],
    ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ])('names the file and its type: %s', async (format, type) => {
    await using api = await listening()
    const answer = await api.client.get(`${PATH}?format=${format}`, { token: api.token })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe(type)
    expect(answer.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="attendance-\\d{8}T\\d{6}Z\\.${format}"$`),
    )
  })

  it('is csv when nothing is said, with the fields of the list', async () => {
    await using api = await listening()
    const { text } = await api.client.get(PATH, { token: api.token })
    expect(text).toBe(
      'id,device_id,user_id,user_name,timestamp,local_time,timezone,time_status,state,state_name,verify_mode,verify_name,work_code,denied,source,received_at\r\n' +
        '7,1,0042,Siti Rahma,2024-02-05T14:30:00Z,2024-02-05T21:30:00,Asia/Jakarta,ok,0,check in,1,fingerprint,0,false,sync,2024-02-05T14:31:12Z\r\n',
    )
  })

  it('asks for what the filters say', async () => {
    const asked: unknown[] = []
    await using api = await listening({
      attendance: {
        async *each(filter, sort) {
          asked.push(filter, sort)
          yield []
        },
      },
    })
    await api.client.get(`${PATH}?device_id=3&user_id=0042&from=2024-02-05&denied=all&sort=timestamp`, {
      token: api.token,
    })
    expect(asked).toEqual([
      { deviceIds: [3], pin: '0042', wallFrom: '2024-02-05T00:00:00', denied: 'all' },
      'timestamp',
    ])
  })

  it('is refused without a token, in a format that is none, and as HEAD', async () => {
    await using api = await listening()
    expect((await api.client.get(PATH)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
    const answer = await api.client.get(`${PATH}?format=pdf`, { token: api.token })
    expect(answer.faults).toEqual(['format'])
    expect((await api.client.ask('HEAD', PATH, { token: api.token })).status).toBe(405)
  })

  it('is an error like any other when the database is away from the beginning', async () => {
    await using api = await listening({
      attendance: {
        async *each() {
          await Promise.reject(new ServiceError('DATABASE_UNAVAILABLE'))
          yield []
        },
      },
    })
    const answer = await api.client.get(PATH, { token: api.token })
    expect(answer.reply).toEqual(refused(503, 'DATABASE_UNAVAILABLE'))
  })

  it.each(['csv', 'ndjson', 'xlsx'])(
    'breaks off, and does not end, when the database fails: %s',
    async (format) => {
      await using api = await listening({
        attendance: {
          async *each() {
            yield BATCH
            await sleep(50)
            throw new ServiceError('DATABASE_UNAVAILABLE')
          },
        },
      })
      const answer = await fetch(`${api.client.address}${PATH}?format=${format}`, {
        headers: { authorization: `Bearer ${api.token}` },
      })
      await expect(answer.arrayBuffer()).rejects.toThrow(/terminated|fetch failed/)
    },
  )

  it.each(['csv', 'ndjson', 'xlsx'])(
    'reads no further than its client takes, and stops when the client is gone: %s',
    async (format) => {
      let batches = 0
      const ended = Promise.withResolvers<AbortSignal>()
      await using api = await listening({
        attendance: {
          async *each(_filter, _sort, signal): AsyncGenerator<readonly Punch[]> {
            try {
              for (; !signal.aborted; batches += 1) {
                // Random names, so that compression does not make nothing of them.
                yield BATCH.map((punch) => ({ ...punch, userName: `${Math.random()}${Math.random()}` }))
                await sleep(1)
              }
            } finally {
              ended.resolve(signal)
            }
          },
        },
      })
      const socket = asking(api, `format=${format}`)
      await new Promise((resolve) => socket.once('readable', resolve))
      // Nothing is taken from here on: what the two sides and the system hold in between fills up, and reading stops.
      let before = -1
      const deadline = Date.now() + 60_000
      while (before !== batches) {
        before = batches
        await sleep(1_000)
        if (Date.now() > deadline) throw new Error(`it still reads, after ${batches} batches`)
      }
      expect(batches).toBeLessThan(500)
      socket.destroy()
      await ended.promise
    },
  )
})
