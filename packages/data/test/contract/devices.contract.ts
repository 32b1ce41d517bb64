// What every database promises of devices, their fences and their bookmarks.
import { describe, expect, it } from 'vitest'
import { MissingReference, StaleBookmark, StaleFence, type Bookmark } from '../../src/index.ts'
import { device, FIRST_100, later, newDevice, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function devicesContract({ database, another }: Given): void {
  describe('devices', () => {
    it('are stored as given, and found by id, address and terminal serial number', async () => {
      const { devices } = database()
      const given = device(10_001, {
        ip: 'Gate.Example.ORG',
        commKeyEncrypted: 'v1:abc',
        location: 'Lobby, 1st floor',
        terminalSerialNumber: 'CKJ-10001',
        syncIntervalMinutes: 15,
        unlockUnit: 'seconds',
        clockDriftSeconds: -1.25,
        info: { model: 'K40', people: { count: 3, capacity: 1_000 } },
      })
      const made = await devices.insert(given)
      expect(made).toMatchObject({
        ...given,
        status: 'active',
        lastSyncAt: null,
        lastError: null,
        bookmark: null,
        updatedAt: NOON,
        deletedAt: null,
      })
      expect(await devices.findById(made.id)).toEqual(made)
      expect(await devices.findByAddress('gate.EXAMPLE.org', 10_001)).toEqual(made)
      expect(await devices.findByTerminalSerial('CKJ-10001')).toEqual(made)
      expect(await devices.findByAddress('gate.example.org', 1)).toBeUndefined()
      expect(await devices.findByTerminalSerial('ckj-10001')).toBeUndefined()
      expect(await devices.findById(999_999)).toBeUndefined()
    })

    it('have an address and a terminal of their own', async () => {
      const { devices } = database()
      await devices.insert(device(10_002, { ip: 'gate-b' }))
      const sameAddress = devices.insert(device(10_002, { ip: 'GATE-B', terminalSerialNumber: 'other' }))
      await expect(sameAddress).rejects.toMatchObject({ constraint: 'devices.address' })
      const sameTerminal = devices.insert(device(10_003, { terminalSerialNumber: 'SERIAL-10002' }))
      await expect(sameTerminal).rejects.toMatchObject({ constraint: 'devices.terminal_serial' })
    })

    it('may be many of whose terminal no serial number is known', async () => {
      const unknown = { terminalSerialNumber: null }
      const first = await database().devices.insert(device(10_004, unknown))
      const second = await database().devices.insert(device(10_005, unknown))
      expect(second.id).not.toBe(first.id)
    })

    it('change in the fields that are named, and only in them', async () => {
      const { devices } = database()
      const made = await devices.insert(device(10_010, { location: 'Old' }))
      const changed = await devices.update(
        made.id,
        { name: 'New', port: 10_011, status: 'inactive' },
        later(5),
      )
      expect(changed).toEqual(await devices.findById(made.id))
      expect(changed).toMatchObject({
        name: 'New',
        port: 10_011,
        status: 'inactive',
        location: 'Old',
        updatedAt: later(5),
      })
      expect(await devices.findByAddress('10.0.0.1', 10_010)).toBeUndefined()
      expect(await devices.findByAddress('10.0.0.1', 10_011)).toEqual(changed)
      const other = await newDevice(database())
      await expect(devices.update(other, { ip: '10.0.0.1', port: 10_011 }, NOON)).rejects.toMatchObject({
        constraint: 'devices.address',
      })
      expect(await devices.update(999_999, { name: 'x' }, NOON)).toBeUndefined()
    })

    it('are gone when deleted: the address is free, the terminal is remembered', async () => {
      const { devices } = database()
      const gone = await devices.insert(device(10_020))
      expect(await devices.remove(gone.id, later(1))).toBe(true)
      expect(await devices.remove(gone.id, later(2))).toBe(false)
      expect(await devices.exists(gone.id)).toBe(true)
      expect(await devices.exists(999_999)).toBe(false)
      expect(await devices.findById(gone.id)).toBeUndefined()
      expect(await devices.findByTerminalSerial('SERIAL-10020')).toBeUndefined()
      expect(await devices.findByTerminalSerial('SERIAL-10020', { deleted: true })).toMatchObject({
        id: gone.id,
        deletedAt: later(1),
      })
      expect(await devices.update(gone.id, { name: 'x' }, NOON)).toBeUndefined()
      await devices.insert(device(10_020, { terminalSerialNumber: 'another terminal' }))
    })

    it('come back under their id, with new data and what was known of their log', async () => {
      const { devices } = database()
      const gone = await devices.insert(device(10_030, { location: 'Old', info: { model: 'K40' } }))
      const fence = await devices.issueFence(gone.id)
      const next = bookmark(7)
      await database().transaction((tx) =>
        tx.devices.moveBookmark(gone.id, { expected: null, next, fence, at: NOON }),
      )
      await devices.remove(gone.id, later(1))
      const back = await devices.revive(
        gone.id,
        device(10_031, { terminalSerialNumber: 'SERIAL-10030', createdAt: later(2) }),
      )
      expect(back).toMatchObject({
        id: gone.id,
        port: 10_031,
        location: null,
        info: null,
        status: 'active',
        bookmark: next,
      })
      expect(back).toMatchObject({ createdAt: NOON, updatedAt: later(2), deletedAt: null })
      expect(await devices.findById(gone.id)).toEqual(back)
      expect(await devices.issueFence(gone.id)).toBe(fence + 1)
      expect(await devices.revive(gone.id, device(10_032))).toBeUndefined()
    })

    it('are listed by id, by status, by a part of what is written of them, and by ids', async () => {
      const { devices } = database()
      const hall = await devices.insert(device(10_040, { name: 'Hall 100% ÄÖÜ', location: 'Nordflügel_7' }))
      const gate = await devices.insert(device(10_041, { name: 'Gate', location: 'NORDFLÜGEL_7' }))
      await devices.update(gate.id, { status: 'inactive' }, NOON)
      const found = async (search: string) =>
        (await devices.list({ search }, FIRST_100)).rows.map(({ id }) => id)
      expect(await found('nordFLÜGEL_7')).toEqual([hall.id, gate.id])
      expect(await found('100% ä')).toEqual([hall.id])
      expect(await found('10.0.0.1:10041')).toEqual([gate.id])
      expect(await found('serial-10040')).toEqual([hall.id])
      expect(await found('%')).toEqual([hall.id])
      expect(await found('no such thing')).toEqual([])
      const inactive = await devices.list({ status: 'inactive', search: 'nordflügel' }, FIRST_100)
      expect(inactive).toMatchObject({ total: 1, rows: [{ id: gate.id }] })
      const second = await devices.list({ ids: [hall.id, gate.id, 999_999] }, { offset: 1, limit: 1 })
      expect(second).toMatchObject({ total: 2, rows: [{ id: gate.id }] })
      expect(await devices.list({ ids: [] }, FIRST_100)).toEqual({ rows: [], total: 0 })
    })

    it('note a contact without counting as changed', async () => {
      const { devices } = database()
      const id = await newDevice(database())
      await devices.noteContact(id, {
        isConnected: false,
        lastError: 'silent',
        lastSyncAt: later(3),
        clockDriftSeconds: 0.5,
        info: { firmware: 'Ver 6.60' },
      })
      await devices.noteContact(id, { lastSeenAt: later(4) })
      await devices.noteContact(id, {})
      expect(await devices.findById(id)).toMatchObject({
        isConnected: false,
        lastError: 'silent',
        lastSeenAt: later(4),
        lastSyncAt: later(3),
        clockDriftSeconds: 0.5,
        info: { firmware: 'Ver 6.60' },
        updatedAt: NOON,
      })
    })
  })

  describe('zones', () => {
    it('are the one that the device names, until they are replaced', async () => {
      const id = await newDevice(database())
      expect(await database().devices.listZones(id)).toEqual([{ since: '', timezone: 'Asia/Jakarta' }])
      const zones = [
        { since: '', timezone: 'UTC' },
        { since: '2026-03-01T08:00:00', timezone: 'Europe/Berlin' },
      ]
      await database().transaction((tx) => tx.devices.replaceZones(id, zones, later(1)))
      expect(await database().devices.listZones(id)).toEqual(zones)
      expect(await database().devices.findById(id)).toMatchObject({
        timezone: 'Europe/Berlin',
        updatedAt: later(1),
      })
      await database().transaction((tx) => tx.devices.replaceZones(id, zones.slice(0, 1), later(2)))
      expect(await database().devices.listZones(id)).toEqual(zones.slice(0, 1))
    })

    it('begin with the beginning and go forward', async () => {
      const id = await newDevice(database())
      const wrong = [
        [],
        [{ since: '2026-03-01T08:00:00', timezone: 'UTC' }],
        [
          { since: '', timezone: 'UTC' },
          { since: '', timezone: 'Europe/Berlin' },
        ],
      ]
      for (const zones of wrong) {
        const replaced = database().transaction((tx) => tx.devices.replaceZones(id, zones, NOON))
        await expect(replaced).rejects.toThrow(TypeError)
      }
      await expect(database().devices.listZones(999_999)).rejects.toThrow(MissingReference)
    })

    it('are kept by a device that was deleted', async () => {
      const id = await newDevice(database())
      const zones = [{ since: '', timezone: 'Asia/Kathmandu' }]
      await database().transaction((tx) => tx.devices.replaceZones(id, zones, NOON))
      await database().devices.remove(id, later(1))
      expect(await database().devices.listZones(id)).toEqual(zones)
      expect(await database().transaction((tx) => tx.devices.lock(id))).toMatchObject({ id })
    })
  })

  it('a disabled terminal is noted until it is let in again', async () => {
    const id = await newDevice(database())
    await database().devices.noteDisabled(id, later(1))
    expect(await database().devices.findById(id)).toMatchObject({ disabledAt: later(1), updatedAt: NOON })
    await database().devices.noteDisabled(id, null)
    expect(await database().devices.findById(id)).toMatchObject({ disabledAt: null })
  })

  describe('fences', () => {
    it('rise by one with each that is issued, however many are asked for at once', async () => {
      const id = await newDevice(database())
      const issued = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).devices.issueFence(id),
        ),
      )
      expect(issued.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
      await expect(database().devices.issueFence(999_999)).rejects.toThrow(MissingReference)
    })

    it('refuse a holder once a newer one has written', async () => {
      const id = await newDevice(database())
      const check = (fence: number) => database().transaction((tx) => tx.devices.checkFence(id, fence))
      await check(1)
      await check(1)
      await check(3)
      await expect(check(2)).rejects.toMatchObject({ name: 'StaleFence', deviceId: id, fence: 2, seen: 3 })
      await check(3)
      await expect(database().transaction((tx) => tx.devices.checkFence(999_999, 1))).rejects.toThrow(
        MissingReference,
      )
    })

    it('are not raised by a transaction that was rolled back', async () => {
      const id = await newDevice(database())
      const failed = database().transaction(async (tx) => {
        await tx.devices.checkFence(id, 9)
        throw new Error('cut off')
      })
      await expect(failed).rejects.toThrow('cut off')
      await database().transaction((tx) => tx.devices.checkFence(id, 1))
    })

    it('let no older holder write after a newer one, raced by many', async () => {
      const id = await newDevice(database())
      const order: number[] = []
      const outcomes = await Promise.allSettled(
        Array.from({ length: 16 }, (_, index) => {
          const fence = ((index * 7) % 16) + 1
          return (index % 2 === 0 ? database() : another()).transaction(async (tx) => {
            await tx.devices.checkFence(id, fence)
            tx.afterCommit(() => order.push(fence))
          })
        }),
      )
      expect(refusals(outcomes).every((reason) => reason instanceof StaleFence)).toBe(true)
      expect(order).toContain(16)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    })
  })

  describe('a locked device', () => {
    it('is read by one after the other, so that what it says decides once', async () => {
      const id = await newDevice(database())
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).transaction(async (tx) => {
            const device = await tx.devices.lock(id)
            if (device.offlineTold) return 'known'
            await tx.devices.noteContact(id, { offlineTold: true, unreachableSince: NOON })
            return 'told'
          }),
        ),
      )
      expect(outcomes.filter((outcome) => outcome === 'told')).toHaveLength(1)
      expect(await database().devices.findById(id)).toMatchObject({
        offlineTold: true,
        unreachableSince: NOON,
        logFullTold: false,
      })
    })

    it('says when it was removed', async () => {
      const id = await newDevice(database())
      await database().devices.remove(id, NOON)
      expect(await database().transaction((tx) => tx.devices.lock(id))).toMatchObject({
        deletedAt: NOON,
      })
    })
  })

  describe('bookmarks', () => {
    it('move from the expected place, and are refused from any other', async () => {
      const id = await newDevice(database())
      const move = (expected: Bookmark | null, next: Bookmark | null) =>
        database().transaction((tx) =>
          tx.devices.moveBookmark(id, { expected, next, fence: 1, at: later(9) }),
        )
      await move(null, bookmark(10))
      expect(await database().devices.findById(id)).toMatchObject({
        bookmark: bookmark(10),
        bookmarkAt: later(9),
      })
      await expect(move(null, bookmark(20))).rejects.toThrow(StaleBookmark)
      await expect(move({ ...bookmark(10), anchor: 'other' }, bookmark(20))).rejects.toThrow(StaleBookmark)
      await move(bookmark(10), { ...bookmark(0), cleared: true })
      await expect(move(bookmark(0), bookmark(1))).rejects.toThrow(StaleBookmark)
      await expect(move({ ...bookmark(0), clearing: true }, bookmark(1))).rejects.toThrow(StaleBookmark)
      await move({ ...bookmark(0), cleared: true }, null)
      expect(await database().devices.findById(id)).toMatchObject({ bookmark: null })
    })

    it('are moved by one of many who start from the same place', async () => {
      const id = await newDevice(database())
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).transaction((tx) =>
            tx.devices.moveBookmark(id, { expected: null, next: bookmark(index + 1), fence: 1, at: NOON }),
          ),
        ),
      )
      const moved = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [index + 1] : []))
      expect(moved).toHaveLength(1)
      expect(await database().devices.findById(id)).toMatchObject({ bookmark: { index: moved[0] } })
      expect(refusals(outcomes).every((reason) => reason instanceof StaleBookmark)).toBe(true)
    })

    it('are not moved under an old fence', async () => {
      const id = await newDevice(database())
      await database().transaction((tx) => tx.devices.checkFence(id, 5))
      const old = database().transaction((tx) =>
        tx.devices.moveBookmark(id, { expected: null, next: bookmark(1), fence: 4, at: NOON }),
      )
      await expect(old).rejects.toThrow(StaleFence)
    })

    it('are counted by whether they are active, and connected', async () => {
      const { devices } = database()
      const before = await devices.countByState()
      const [one, other, third] = [
        await newDevice(database()),
        await newDevice(database()),
        await newDevice(database()),
      ]
      for (const id of [one, other, third]) await devices.noteContact(id, { isConnected: true })
      await devices.noteContact(other, { isConnected: false })
      await devices.update(third, { status: 'inactive' }, NOON)
      const counted = async () => {
        const { connected, unreachable, inactive } = await devices.countByState()
        return [connected - before.connected, unreachable - before.unreachable, inactive - before.inactive]
      }
      expect(await counted()).toEqual([1, 1, 1])
      await devices.remove(one, NOON)
      expect(await counted()).toEqual([0, 1, 1])
    })

    it('are watched while they are active and live, by what a session with them is made of', async () => {
      const id = await newDevice(database())
      const isWatched = async () => (await database().devices.listWatched()).find((it) => it.id === id)
      const { ip, port, transport, timezone, nameEncoding, commKeyEncrypted } =
        (await database().devices.findById(id)) ?? {}
      expect(await isWatched()).toEqual({ id, ip, port, transport, timezone, nameEncoding, commKeyEncrypted })
      await database().devices.update(id, { live: false }, NOON)
      expect(await isWatched()).toBeUndefined()
      await database().devices.update(id, { live: true, status: 'inactive' }, NOON)
      expect(await isWatched()).toBeUndefined()
      await database().devices.update(id, { status: 'active' }, NOON)
      expect(await isWatched()).toBeDefined()
      await database().devices.remove(id, NOON)
      expect(await isWatched()).toBeUndefined()
    })
  })
}

function refusals(outcomes: readonly PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []))
}

function bookmark(index: number): Bookmark {
  return { index, recordSize: 40, layout: 'attendance/40', anchor: `anchor-${index}` }
}
