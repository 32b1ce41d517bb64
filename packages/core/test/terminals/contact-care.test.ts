// What contacts are used for beside their own work: the clock is measured, seldom, and never after a door.
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../src/index.ts'
import { alteredWay, refuse } from '../support/altered-terminals.ts'
import { scratchService } from '../support/scratch-service.ts'

const signal = new AbortController().signal

describe('a contact with a terminal', () => {
  it('measures the clock of a new session, and of one that is reused not again within a minute', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0, zone: 'Asia/Jakarta', driftSeconds: -95 })
    const { id } = await service.register(terminal, { timezone: 'Asia/Jakarta' })
    await service.database.devices.noteContact(id, { clockDriftSeconds: null })
    await using way = await alteredWay(service, () => undefined, { idleMs: 60_000 })
    const ask = () =>
      way.withTerminal(id, { signal }, (hand) => hand.terminal.readOption('~SerialNumber', { signal }))
    await ask()
    const drift = (await service.services.devices.find(id)).clockDriftSeconds ?? 0
    expect(Math.abs(drift + 95)).toBeLessThanOrEqual(3)
    const asked = terminal.stats.requests['readClock']
    const { sessionsOpened } = terminal.stats
    await ask()
    expect(terminal.stats).toMatchObject({ sessionsOpened, requests: { readClock: asked } })
  })

  it('is as good where the terminal refuses to tell its clock', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0 })
    const { id, clockDriftSeconds } = await service.register(terminal)
    await using way = await alteredWay(service, (dialled) => {
      dialled.readTime = refuse
    })
    expect(await way.withTerminal(id, { signal }, async () => 'done')).toBe('done')
    expect(await service.services.devices.find(id)).toMatchObject({
      clockDriftSeconds,
      isConnected: true,
      lastError: null,
    })
  })

  it('asks nothing after a door, and measures in the zone that is in force', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0, zone: 'UTC' })
    const { id } = await service.register(terminal, { timezone: 'UTC' })
    const asked = () => terminal.stats.requests['readClock'] ?? 0
    const before = asked()
    const door = { deviceId: id, seconds: 1, by: SYSTEM, signal }
    expect((await service.services.doors.unlock(door)).answer).toMatchObject({ deviceId: id })
    expect(asked()).toBe(before)

    const move = { timezone: 'Asia/Jakarta', timezoneSince: '2099-01-01T00:00:00' }
    expect((await service.services.devices.change(id, move, SYSTEM)).device.timezone).toBe('Asia/Jakarta')
    const info = await service.services.devices.readInfo(id, signal)
    expect(Math.abs(info.driftSeconds ?? 99)).toBeLessThanOrEqual(3)
    expect(await service.services.devices.setClock(id, SYSTEM, signal)).toMatchObject({ timezone: 'UTC' })
  })
})
