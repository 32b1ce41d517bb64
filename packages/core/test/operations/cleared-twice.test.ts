// What follows a clearing is new, whoever reads it and however: also where the clock was set back, so that the same person punches
// once more in a second that was cleared, and also where a read was under way that the clearing made wait.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { SYSTEM } from '../../src/index.ts'
import { rowsOf, sorted, toldBy } from '../support/same-as-terminal.ts'
import { scratchService, type ScratchService } from '../support/scratch-service.ts'
import { waitUntil } from '../support/wait-until.ts'

const AGAIN = { pin: '1', wallTime: '2026-05-04T08:00:00' }
const QUICK = { countEveryMs: 200, settleMs: 50, uncountedMs: 300, firstReadMs: 0 }

function clear({ services }: ScratchService, deviceId: number, whenDone = (): void => undefined) {
  return services.clearAttendance({
    deviceId,
    by: SYSTEM,
    jobId: 'clear-1',
    signal: new AbortController().signal,
    progress: ({ phase }) => void (phase === 'done' && whenDone()),
  })
}

const READINGS: readonly (readonly [
  string,
  (service: ScratchService, deviceId: number) => Promise<object>,
])[] = [
  ['clearing', clear],
  ['full sync', (service, deviceId) => service.sync(deviceId, { mode: 'full' })],
]

it.each(READINGS)(
  'a %s takes a punch of a cleared second for new, though what lies before it was read already',
  async (_name, read) => {
    await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '15000' })
    const terminal = await service.terminal({ people: 3, punches: 20, seed: 311 })
    const { memory } = terminal
    const device = await service.register(terminal)
    memory.punch(AGAIN)
    const before = toldBy(memory)
    await clear(service, device.id)
    memory.punch({ pin: '2', wallTime: '2026-05-04T08:30:00' })
    await service.sync(device.id)
    memory.punch(AGAIN)
    const after = toldBy(memory)
    expect(await read(service, device.id)).toMatchObject({ read: 2, new: 1 })
    expect(await rowsOf(service.database, device.id)).toEqual(sorted([...before, ...after]))
    expect(await service.sync(device.id, { mode: 'full' })).toMatchObject({ new: 0 })
    expect(terminal.stats.leftDisabled).toBe(0)
  },
)

it(
  'a watch whose first read gave way to a clearing takes what follows for new',
  { timeout: 120_000 },
  async () => {
    await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '30000' }, { watchTimings: QUICK })
    const terminal = await service.terminal({ people: 3, punches: 6_000, seed: 312, paceMs: 5 })
    const { memory } = terminal
    const device = await service.register(terminal)
    memory.punch(AGAIN)
    const before = toldBy(memory)
    const watch = service.services.watchDevices()
    try {
      await waitUntil('the watch reads', async () => {
        const { length } = await rowsOf(service.database, device.id)
        return length > 0 ? length < before.length : undefined
      })
      await clear(service, device.id, () => void memory.punch(AGAIN))
      const all = sorted([...before, ...toldBy(memory)])
      await waitUntil('the watch is back', async () => {
        const { bookmark } = (await service.database.devices.findById(device.id)) ?? {}
        return bookmark?.index === 1 ? true : undefined
      })
      await sleep(2 * QUICK.countEveryMs)
      expect(await rowsOf(service.database, device.id)).toEqual(all)
      expect(terminal.stats).toMatchObject({ maxConcurrentSessions: 1, leftDisabled: 0 })
    } finally {
      await watch.stop()
    }
  },
)
