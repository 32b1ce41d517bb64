// Writing punches under a lease: a newer lease ends the older one's right to write, whatever it still holds.
import { describe, expect, it } from 'vitest'
import { AttendanceWriter } from '../../src/operations/attendance-writer.ts'
import { storePeople } from '../../src/operations/store-people.ts'
import { noPunchNews, noRetention } from '../support/nobody.ts'
import { scratchService } from '../support/scratch-service.ts'

describe('writing for a device', () => {
  it('is refused to an older lease once a newer one has written', async () => {
    await using service = await scratchService()
    const { database } = service
    const device = await service.register(await service.terminal({ punches: 0 }))
    const bookmark = { index: 1, recordSize: 40, layout: 'attendance/40', anchor: 'a'.repeat(64) }
    const writerOf = (fence: number) =>
      new AttendanceWriter({
        database,
        deviceId: device.id,
        bookmark: null,
        lease: { fence },
        punchNews: noPunchNews,
        retention: noRetention,
      })
    const [older, newer] = [
      await database.devices.issueFence(device.id),
      await database.devices.issueFence(device.id),
    ]

    await writerOf(newer).endWhole(bookmark)

    const late = writerOf(older)
    await expect(late.storeWhole([])).rejects.toMatchObject({ name: 'StaleFence', fence: older, seen: newer })
    await expect(late.storeTail([], { ...bookmark, index: 2 })).rejects.toMatchObject({ name: 'StaleFence' })
    await expect(late.endWhole({ ...bookmark, index: 2 })).rejects.toMatchObject({ name: 'StaleFence' })
    expect((await database.devices.findById(device.id))?.bookmark).toEqual(bookmark)
  })

  it('refuses to move a bookmark that somebody else has moved', async () => {
    await using service = await scratchService()
    const { database } = service
    const device = await service.register(await service.terminal({ punches: 0 }))
    const fence = await database.devices.issueFence(device.id)
    const bookmark = { index: 1, recordSize: 40, layout: 'attendance/40', anchor: 'a'.repeat(64) }
    const lease = { fence }
    const parts = {
      database,
      deviceId: device.id,
      bookmark: null,
      lease,
      punchNews: noPunchNews,
      retention: noRetention,
    }
    await new AttendanceWriter(parts).endWhole(bookmark)
    await expect(new AttendanceWriter(parts).endWhole({ ...bookmark, index: 5 })).rejects.toMatchObject({
      name: 'StaleBookmark',
    })
  })
})

describe('people of a terminal', () => {
  it('become rows, leave known fingers alone, and leave out what is nobody', async () => {
    await using service = await scratchService()
    const { database } = service
    const terminal = await service.terminal({ people: 4, punches: 1, seed: 81 })
    const device = await service.register(terminal)
    const [first] = terminal.memory.truth().people
    const pin = first?.pin ?? ''
    const known = {
      pin,
      uid: 1,
      name: 'before',
      privilege: 0,
      cardNumber: null,
      groupNumber: 1,
      hasPassword: false,
    }
    await database.people.upsertMany(device.id, [{ ...known, fingers: [6, 7] }], new Date().toISOString())

    await service.sync(device.id)

    const { rows, total } = await database.people.list({ deviceIds: [device.id] }, { offset: 0, limit: 10 })
    expect(total).toBe(4)
    expect(rows.find((row) => row.pin === pin)).toMatchObject({
      name: first?.name,
      fingers: [6, 7],
      onDevice: true,
    })
    expect(rows.every(({ onDevice }) => onDevice)).toBe(true)
  })

  it('are gone when the list lacks them, as long as it is as long as the terminal counts', async () => {
    await using service = await scratchService()
    const { database } = service
    const device = await service.register(await service.terminal({ people: 2, punches: 1, seed: 82 }))
    await service.sync(device.id)
    const owner = { deviceId: device.id, fence: await database.devices.issueFence(device.id) }
    const onDevice = async () =>
      (await database.people.list({ deviceIds: [device.id], onDevice: true }, { offset: 0, limit: 10 })).total

    for (const announced of [null, 2]) {
      await storePeople(database, owner, { people: [], announced })
      expect(await onDevice()).toBe(2)
    }
    await storePeople(database, owner, { people: [], announced: 0 })
    expect(await onDevice()).toBe(0)
  })
})
