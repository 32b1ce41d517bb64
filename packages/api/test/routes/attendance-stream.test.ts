// The stream of new punches over real HTTP, in both modes.
import { setTimeout as sleep } from 'node:timers/promises'
import { startTerminal } from '@org/zk-sim'
import { SYSTEM } from '@org/core'
import { describe, expect, it } from 'vitest'
import { startApi } from '../../src/index.ts'
import { refused } from '../support/client.ts'
import { EventReader } from '../support/event-reader.ts'
import { listening } from '../support/listening.ts'
import { ADMIN, PUNCH, servicesDouble } from '../support/services-double.ts'
import { signToken } from '../support/signed-token.ts'
import { MODES, wholeService, type WholeService } from '../support/whole-service.ts'

const PATH = '/api/v1/attendance/stream'
const WITHIN_MS = 60_000

describe.each(MODES)('the stream of new punches, %s', { timeout: 180_000 }, (mode) => {
  it('gives every punch of a sync in the form of the lists, and the rest to whoever comes back', async () => {
    await using service = await wholeService(mode)
    await using terminal = await startTerminal({ people: 3, punches: 20 })
    const { device } = await service.services.devices.register(
      { name: 'Gate', ip: terminal.host, port: terminal.port },
      SYSTEM,
    )
    // From the very beginning: what came before the stream was opened is given too.
    await using heard = await EventReader.open(service.client.address, service.admin, {
      'last-event-id': '0',
    })
    await service.services.attendance.requestSync(device.id, {}, SYSTEM)
    const events = await heard.events(20)
    const listed = await service.client.get(`/api/v1/attendance?device_id=${device.id}`, {
      token: service.admin,
    })
    const rows = listed.data as { id: number }[]
    expect(events.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => String(id)).toSorted())
    expect(events.map(({ data }) => data)).toEqual(expect.arrayContaining(rows))

    const seen = events[10]?.id ?? ''
    await using back = await EventReader.open(
      service.client.address,
      service.admin,
      {},
      `?last_event_id=${seen}`,
    )
    const again = await back.events(20 - 11)
    expect(again.map(({ id }) => id)).toEqual(expect.arrayContaining([events[19]?.id]))
  })

  it('gives a live punch to the listeners of every process', async () => {
    await using service = await wholeService(mode, { env: { LIVE_WATCH: 'true' } })
    await using terminal = await startTerminal({ people: 3, punches: 20 })
    await using other = await startApi(service.services, { host: '127.0.0.1', port: 0 }).then((api) => ({
      ...api,
      [Symbol.asyncDispose]: () => api.close(),
    }))
    const { device } = await service.services.devices.register(
      { name: 'Gate', ip: terminal.host, port: terminal.port },
      SYSTEM,
    )
    await hasBookmark(service, device.id)
    await using here = await EventReader.open(service.client.address, service.admin)
    await using there = await EventReader.open(other.address, service.admin, {}, `?device_id=${device.id}`)
    await using elsewhere = await EventReader.open(other.address, service.admin, {}, '?device_id=999')
    const pin = terminal.memory.truth().people[0]?.pin ?? ''
    while (terminal.hand.present(pin) === undefined) await sleep(20)
    const punch = { user_id: pin, device_id: device.id, source: 'live' }
    expect((await here.events(1))[0]?.data).toMatchObject(punch)
    expect((await there.events(1))[0]?.data).toMatchObject(punch)
    expect(elsewhere.got).toEqual([])
  })
})

describe('the stream of new punches', () => {
  it('ends with the token, and begins with how soon to come back', async () => {
    await using service = await listening(silent())
    const exp = Math.floor(Date.now() / 1000) + 2
    await using heard = await EventReader.open(service.client.address, signToken({ claims: { exp } }))
    await heard.ended
    expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000)
    expect(heard.text).toMatch(/^retry: \d+\n\n/)
    expect(heard.type).toBe('text/event-stream; charset=utf-8')
  })

  it(
    'ends when the account of its reader is gone, and shows a sign of life until then',
    { timeout: 60_000 },
    async () => {
      let isGone = false
      const findForToken = async () => (isGone ? undefined : ADMIN)
      await using service = await listening({ ...silent(), accounts: { findForToken } })
      await using heard = await EventReader.open(service.client.address, signToken())
      await heard.until((text) => text.includes(': still here'))
      isGone = true
      await heard.ended
      expect(heard.got).toEqual([])
    },
  )

  it('ends when the service closes, well within its limit', async () => {
    const api = await startApi(servicesDouble(silent()), { host: '127.0.0.1', port: 0 })
    await using heard = await EventReader.open(api.address, signToken())
    const closed = performance.now()
    await api.close()
    await heard.ended
    expect(performance.now() - closed).toBeLessThan(6_000)
    expect(heard.text).toMatch(/\n: the process stops; come back with the last id\nretry: \d+\n\n$/)
  })

  it('gives punches by their ids, and tells the service where its reader stood', async () => {
    const asked: unknown[] = []
    await using service = await listening({
      attendance: {
        async *follow({ filter, after }) {
          asked.push({ filter, after })
          yield PUNCH
        },
      },
    })
    await using heard = await EventReader.open(
      service.client.address,
      signToken(),
      { 'last-event-id': '6' },
      '?device_id=1&denied=all&last_event_id=3',
    )
    const [event] = await heard.events(1)
    expect(event).toMatchObject({ id: '7', event: 'punch', data: { id: 7, user_id: '0042' } })
    expect(asked).toEqual([{ filter: { deviceIds: [1], denied: 'all' }, after: 6 }])
  })

  it('refuses ids that are none, and whoever is not logged in', async () => {
    await using service = await listening()
    const { client } = service
    for (const id of ['x', '-1', '1.5', '01'])
      expect(
        (await client.get(PATH, { token: signToken(), headers: { 'last-event-id': id } })).faults,
      ).toEqual(['last-event-id'])
    expect((await client.get(`${PATH}?last_event_id=x`, { token: signToken() })).faults).toEqual([
      'last_event_id',
    ])
    expect((await client.get(PATH)).reply).toEqual(refused(401, 'UNAUTHORIZED'))
  })
})

/** A service in which nothing ever happens. */
function silent() {
  return {
    attendance: {
      async *follow({ signal }: { signal: AbortSignal }) {
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        )
        yield* []
      },
    },
  }
}

async function hasBookmark({ database }: WholeService, deviceId: number): Promise<void> {
  const deadline = Date.now() + WITHIN_MS
  while ((await database.devices.findById(deviceId))?.bookmark === null) {
    if (Date.now() > deadline) throw new Error('the watch has not read the log')
    await sleep(50)
  }
}
