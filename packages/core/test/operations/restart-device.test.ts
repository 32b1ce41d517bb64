// Restarting a terminal: recorded, told, sent once, and watched until it is back.
import { DatabaseUnavailable } from '@org/data'
import { profileNamed } from '@org/zk-sim'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SYSTEM } from '../../src/index.ts'
import { createChanges } from '../../src/changes.ts'
import { restartDevice, type RestartDeviceParts } from '../../src/operations/restart-device.ts'
import { createRestartWatch } from '../../src/operations/restart-watch.ts'
import { leaseLost } from '../../src/terminals/lease.ts'
import { alteredWay, refuse, type AlteredWay } from '../support/altered-terminals.ts'
import { noNotices } from '../support/nobody.ts'
import { quiet, scratchService, type ScratchService } from '../support/scratch-service.ts'

const signal = new AbortController().signal
const typical = profileNamed('typical')

const restart = ({ services }: ScratchService, id: number) => services.devices.restart(id, SYSTEM, signal)
const outcomes = async ({ database }: ScratchService) =>
  (await database.audit.list({ action: 'device.restart' }, { offset: 0, limit: 9 })).rows
    .toReversed()
    .map(({ outcome, errorCode }) => [outcome, errorCode])

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(50))
    if (Date.now() > deadline) throw new Error('it did not come to that')
}

const partsOf = (service: ScratchService, way: AlteredWay): RestartDeviceParts => ({
  ...way,
  database: service.database,
  notices: service.services.notices,
  changes: createChanges(quiet),
  restartWatch: createRestartWatch({ ...way, changes: createChanges(quiet), log: quiet }),
  log: quiet,
})

describe('restarting a terminal', () => {
  it.each([
    ['acknowledges', true],
    ['goes without a word', false],
  ])(
    'that %s marks it as away, and as connected when it is back',
    { timeout: 90_000 },
    async (_, acknowledged) => {
      await using service = await scratchService()
      const profile = { ...typical, restart: { acknowledged, downMs: 1_000 } }
      const terminal = await service.terminal({ profile, punches: 0 })
      const { id } = await service.register(terminal)
      expect(await restart(service, id)).toMatchObject({ deviceId: id, acknowledged })
      expect(await service.services.devices.find(id)).toMatchObject({ isConnected: false })
      expect(await outcomes(service)).toEqual([
        ['attempted', null],
        ['success', null],
      ])
      expect(terminal.stats.requests['restartTerminal']).toBe(1)
      await until(async () => (await service.services.devices.find(id)).isConnected)
      expect(terminal.isOn).toBe(true)
      await service.services.devices.readInfo(id, signal)
    },
  )

  it('that refuses is an error, recorded, and changes nothing', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    await using way = await alteredWay(service, ({ power }) => {
      power.restart = refuse
    })
    await expect(restartDevice(partsOf(service, way), id, SYSTEM, signal)).rejects.toMatchObject({
      code: 'DEVICE_COMMAND_FAILED',
      status: 500,
    })
    expect(await outcomes(service)).toEqual([
      ['attempted', null],
      ['refused', 'DEVICE_COMMAND_FAILED'],
    ])
    expect(await service.services.devices.find(id)).toMatchObject({ isConnected: true })
  })

  it('is told as a failure that nobody repeats by reflex where it was sent and the lease was lost meanwhile', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    await using way = await alteredWay(service, ({ power }) => {
      power.restart = () => Promise.reject(leaseLost(undefined))
    })
    await expect(restartDevice(partsOf(service, way), id, SYSTEM, signal)).rejects.toMatchObject({
      code: 'DEVICE_UNREACHABLE',
      status: 500,
      message: expect.stringContaining('was sent'),
    })
    expect(await outcomes(service)).toEqual([
      ['attempted', null],
      ['unknown', 'DEVICE_UNREACHABLE'],
    ])
  })

  it('that was sent is told as one, watched and noticed, though the database is away by then', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    await using way = await alteredWay(service, () => undefined)
    const told: string[] = []
    const watched: number[] = []
    const { database } = service
    const away = () => Promise.reject(new DatabaseUnavailable('refused'))
    let recorded = 0
    const parts = {
      ...partsOf(service, way),
      database: Object.create(database, {
        transaction: {
          value: (act: Parameters<typeof database.transaction>[0]) =>
            (recorded += 1) === 1 ? database.transaction(act) : away(),
        },
        devices: { value: Object.create(database.devices, { noteContact: { value: away } }) },
      }) as typeof database,
      restartWatch: {
        begin: (deviceId: number) => void watched.push(deviceId),
        close: async () => undefined,
      },
      notices: { ...noNotices, tell: async ({ kind }: { readonly kind: string }) => void told.push(kind) },
    }
    expect(await restartDevice(parts, id, SYSTEM, signal)).toMatchObject({ deviceId: id })
    expect(watched).toEqual([id])
    expect(told).toEqual(['device.restart'])
  })

  it('that is silent is 500 before anything was sent', { timeout: 60_000 }, async () => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    await terminal.hand.pullPlug()
    await expect(restart(service, id)).rejects.toMatchObject({ code: 'DEVICE_UNREACHABLE', status: 500 })
    expect(await outcomes(service)).toEqual([
      ['attempted', null],
      ['unreachable', 'DEVICE_UNREACHABLE'],
    ])
    expect(terminal.stats.requests['restartTerminal']).toBeUndefined()
  })

  it('waits for its turn and is DEVICE_BUSY where it does not come', { timeout: 60_000 }, async () => {
    await using service = await scratchService('sqlite', { DEVICE_WAIT_MS: '300' })
    const terminal = await service.terminal({ people: 5, punches: 4_000, seed: 501, paceMs: 5 })
    const { id } = await service.register(terminal)
    let busy: Promise<unknown> | undefined
    await service.sync(id, {
      progress: ({ phase }) => {
        if (phase === 'reading') busy ??= restart(service, id).catch((error: unknown) => error)
      },
    })
    expect(await busy).toMatchObject({ code: 'DEVICE_BUSY', status: 503 })
    expect(terminal.stats.requests['restartTerminal']).toBeUndefined()
  })

  it('is told to whoever is to be told', async () => {
    const env = { WEBHOOK_URL: 'https://hooks.example.org/zk', WEBHOOK_SECRET: 'w'.repeat(40) }
    await using service = await scratchService('sqlite', env)
    const { id } = await service.register(await service.terminal({ punches: 0 }))
    await restart(service, id)
    const page = { offset: 0, limit: 1 }
    const { rows } = await service.database.jobs.list({ queue: 'notifications' }, page)
    expect(rows[0]?.data).toMatchObject({
      channel: 'webhook',
      notice: { kind: 'device.restart', deviceId: id, deviceName: 'Gate', by: 'system' },
    })
  })

  it('is watched no longer than the service lives', async () => {
    const service = await scratchService()
    const terminal = await service.terminal({ punches: 0 })
    const { id } = await service.register(terminal)
    await restart(service, id)
    const { sessionsOpened } = terminal.stats
    await service[Symbol.asyncDispose]()
    expect(terminal.stats.sessionsOpened).toBe(sessionsOpened)
  })

  it('of a device that is not there or switched off sends nothing', async () => {
    await using service = await scratchService()
    const { id } = await service.register(await service.terminal({ punches: 0 }))
    await expect(restart(service, 4_711)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    await service.services.devices.change(id, { status: 'inactive' }, SYSTEM)
    await expect(restart(service, id)).rejects.toMatchObject({ code: 'DEVICE_INACTIVE' })
    expect(await outcomes(service)).toEqual([])
  })
})
