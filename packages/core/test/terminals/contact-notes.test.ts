// People are told once that a terminal is away and once that it is back, however many processes notice it and however it flaps.
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { ServiceError, type Notice, type Notices } from '../../src/index.ts'
import { createContactNotes, restartingNow } from '../../src/terminals/contact-notes.ts'
import { noNotices } from '../support/nobody.ts'
import { quiet, scratchService, type Engine } from '../support/scratch-service.ts'

const SILENT = new ServiceError('DEVICE_UNREACHABLE', { details: { reason: 'silent' } })
const failed = { reached: false, error: SILENT }
const well = { reached: true, error: undefined }
const engines: readonly Engine[] = EMBEDDED_ONLY ? ['sqlite'] : ['sqlite', 'mysql']

describe.each(engines)('contacts with a terminal, noted in %s', (engine) => {
  const setUp = async (offlineAfterMs: number) => {
    const service = await scratchService(engine)
    const { database } = service
    const { id } = await service.register(await service.terminal({ punches: 0 }))
    const told: Notice['kind'][] = []
    const notices: Notices = {
      ...noNotices,
      async tellIn(tx, { kind }) {
        tx.afterCommit(() => told.push(kind))
      },
    }
    const note = createContactNotes({ database, notices, log: quiet, offlineAfterMs })
    return { service, database, id, told, note, notices }
  }

  it('tell nobody of the first that fails, since the next may go well', async () => {
    const { service, database, id, told, note } = await setUp(0)
    await using _service = service
    await note(id, failed)
    expect(await database.devices.findById(id)).toMatchObject({
      isConnected: false,
      lastError: 'DEVICE_UNREACHABLE',
      offlineTold: false,
    })
    await note(id, well)
    expect(await database.devices.findById(id)).toMatchObject({
      isConnected: true,
      lastError: null,
      unreachableSince: null,
    })
    expect(told).toEqual([])
  })

  it('tell that it is away once it has been for a while, and that it is back, once each', async () => {
    const { service, id, told, note } = await setUp(0)
    await using _service = service
    for (let i = 0; i < 4; i += 1) await note(id, failed)
    for (let i = 0; i < 3; i += 1) await note(id, well)
    expect(told).toEqual(['device.offline', 'device.online'])
    await note(id, failed)
    await note(id, failed)
    expect(told).toEqual(['device.offline', 'device.online', 'device.offline'])
  })

  it('tell nobody of a terminal that is away for a moment, however often it is tried', async () => {
    const { service, id, told, note } = await setUp(3_600_000)
    await using _service = service
    for (let i = 0; i < 5; i += 1) await note(id, failed)
    await note(id, well)
    expect(told).toEqual([])
  })

  it('tell nobody of a terminal that was restarted until it is away for longer than a restart takes', async () => {
    const { service, database, id, told, note } = await setUp(30_000)
    await using _service = service
    await database.devices.noteContact(id, restartingNow())
    for (let i = 0; i < 3; i += 1) await note(id, failed)
    expect(told).toEqual([])
    await database.devices.noteContact(id, restartingNow(Date.now() - 91_000))
    await note(id, failed)
    expect(told).toEqual(['device.offline'])
  })

  it('tell once when many notice it at the same time', async () => {
    const { service, id, told, note } = await setUp(0)
    await using _service = service
    await note(id, failed)
    await Promise.all(Array.from({ length: 12 }, () => note(id, failed)))
    expect(told).toEqual(['device.offline'])
    await Promise.all(Array.from({ length: 12 }, () => note(id, well)))
    expect(told).toEqual(['device.offline', 'device.online'])
  })

  it('say nothing where the fault is not the terminal’s, and let a terminal that refuses count as there', async () => {
    const { service, database, id, told, note } = await setUp(0)
    await using _service = service
    const before = await database.devices.findById(id)
    await note(id, { reached: false, error: new ServiceError('DEVICE_BUSY') })
    await note(id, { reached: false, error: new Error('the disk is full') })
    expect(await database.devices.findById(id)).toEqual(before)
    await note(id, { reached: true, error: new ServiceError('DEVICE_COMMAND_FAILED') })
    expect(await database.devices.findById(id)).toMatchObject({
      isConnected: true,
      lastError: 'DEVICE_COMMAND_FAILED',
    })
    expect(told).toEqual([])
  })

  it('leave the row as it was when the notice cannot be queued, so that it is told with the next', async () => {
    const { service, database, id, told, note, notices } = await setUp(0)
    await using _service = service
    await note(id, failed)
    const broken = createContactNotes({
      database,
      notices: { ...notices, tellIn: () => Promise.reject(new Error('full')) },
      log: quiet,
      offlineAfterMs: 0,
    })
    await broken(id, failed)
    expect((await database.devices.findById(id))?.offlineTold).toBe(false)
    await note(id, failed)
    expect(told).toEqual(['device.offline'])
  })
})
