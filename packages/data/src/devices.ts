// Devices: registered terminals, their last known state, and who may write for them (fence) from where (bookmark).
import { sql } from 'kysely'
import { sameBookmark, type Bookmark } from './bookmark.ts'
import type { Instant, JsonObject } from './columns.ts'
import type { Page, PageRequest } from './database.ts'
import { countByState, type DeviceCounts } from './device-counts.ts'
import { checkedZones, listZones, writeZones, type ZonePeriod } from './device-zones.ts'
import { forUpdate } from './dialect.ts'
import { MissingReference, StaleBookmark, StaleFence } from './errors.ts'
import { devices, watchedDevices, type Device, type WatchedDevice } from './schema.ts'
import type { Scope } from './scope.ts'

/** What is known when a device is registered or brought back. */
export interface NewDevice {
  readonly name: string
  /** IPv4, IPv6 or host name; unique together with the port, without case. */
  readonly ip: string
  readonly port: number
  readonly commKeyEncrypted: string | null
  readonly location: string | null
  readonly serialNumber: string | null
  readonly terminalSerialNumber: string | null
  readonly transport: Device['transport']
  readonly timezone: string
  readonly nameEncoding: string
  readonly live: boolean
  readonly syncIntervalMinutes: number | null
  readonly unlockUnit: Device['unlockUnit']
  readonly isConnected: boolean
  readonly lastSeenAt: Instant | null
  readonly clockDriftSeconds: number | null
  readonly info: JsonObject | null
  readonly createdAt: Instant
}

/** What may be changed of a device afterwards; what is left out stays. Its zone is changed by `replaceZones`. */
export type DeviceChanges = Partial<
  Omit<NewDevice, 'createdAt' | 'timezone'> &
    Pick<Device, 'status' | 'lastError' | 'unreachableSince' | 'nextSyncAt' | 'syncSchedule'>
>

/** What a contact with the terminal told; what is left out stays. */
export type DeviceContact = Partial<
  Pick<
    Device,
    | 'isConnected'
    | 'lastSeenAt'
    | 'lastSyncAt'
    | 'lastError'
    | 'clockDriftSeconds'
    | 'info'
    | 'unreachableSince'
    | 'offlineTold'
    | 'logFullTold'
  >
>

export interface DeviceFilter {
  readonly status?: Device['status']
  /** Part of name, address, location or serial number, without case. */
  readonly search?: string
  readonly ids?: readonly number[]
}

/** Deleted devices are not found, unless a method says so. */
export interface Devices {
  /** Throws UniqueViolation `devices.address` or `devices.terminal_serial` (deleted devices keep the latter). */
  insert(device: NewDevice): Promise<Device>
  /** Whether there is such a device, or was: a deleted one counts. */
  exists(id: number): Promise<boolean>
  findById(id: number): Promise<Device | undefined>
  findByAddress(ip: string, port: number): Promise<Device | undefined>
  /** By the serial number that the terminal itself names; with `deleted`, deleted devices too. */
  findByTerminalSerial(serial: string, options?: { deleted?: boolean }): Promise<Device | undefined>
  /** By id. */
  list(filter: DeviceFilter, page: PageRequest): Promise<Page<Device>>
  /** How many are active and connected, active and not reached, and switched off. */
  countByState(): Promise<DeviceCounts>
  /** All that are to be watched: active ones with `live`, by id, with what a session on them is made of. */
  listWatched(): Promise<readonly WatchedDevice[]>
  /** Throws UniqueViolation as insert does. Undefined when there is no such device. */
  update(id: number, changes: DeviceChanges, now: Instant): Promise<Device | undefined>
  /** The ids of all devices, deleted ones too, in their order. */
  listAllIds(): Promise<readonly number[]>
  /** Brings a deleted device back under its id, with new data; bookmark, fences and punches are kept. */
  revive(id: number, device: NewDevice): Promise<Device | undefined>
  /** Marks as deleted and frees the address. False when there is no such device. */
  remove(id: number, now: Instant): Promise<boolean>
  /** Notes what a contact told. Does not count as a change of the device (`updatedAt` stays). */
  noteContact(id: number, contact: DeviceContact): Promise<void>
  /** The next fence number of the device: higher than every one issued before. Throws MissingReference. */
  issueFence(id: number): Promise<number>
  /** The zones of a device's clock, deleted devices too: by `since`, the first from the beginning. Throws MissingReference. */
  listZones(id: number): Promise<readonly ZonePeriod[]>
  /** Notes that a terminal takes no punches because of us, or (null) that it takes them again. */
  noteDisabled(id: number, at: Instant | null): Promise<void>
}

export interface DevicesInTransaction extends Devices {
  /** Locks the device's row, a deleted one too, until the transaction ends: no writer comes in between. Throws MissingReference. */
  lock(id: number): Promise<Device>
  /**
   * Locks the device's row. From now on, and for good, punches recorded before `packedTime` are to be removed and are not stored by a
   * whole read; a time before the one that holds changes nothing. Throws MissingReference.
   */
  raisePunchesFrom(id: number, packedTime: number): Promise<void>
  /**
   * Locks the device's row until the transaction ends and refuses an old lease: throws StaleFence when a newer one has
   * written, MissingReference when there is no such device. To be called before anything is written under a lease.
   */
  checkFence(id: number, fence: number): Promise<void>
  /**
   * Replaces the bookmark. Throws StaleBookmark when the one that stands is not `expected` (null: none), StaleFence as
   * checkFence does.
   */
  moveBookmark(id: number, move: BookmarkMove): Promise<void>
  /**
   * Locks the device's row and replaces the zones of its clock; the last becomes the one that the device names. Throws
   * TypeError unless the first holds from the beginning and each begins after the one before.
   */
  replaceZones(id: number, zones: readonly ZonePeriod[], now: Instant): Promise<void>
}

export interface BookmarkMove {
  readonly expected: Bookmark | null
  readonly next: Bookmark | null
  readonly fence: number
  readonly at: Instant
}

export function devicesIn(scope: Scope): DevicesInTransaction {
  const { db } = scope
  const all = () => db.selectFrom('devices').selectAll()
  const present = () => all().where('deleted_at', 'is', null)

  return {
    async insert(device) {
      const row = { ...UNKNOWN, ...device, ...keysOf(device), updatedAt: device.createdAt }
      const { insertId } = await db
        .insertInto('devices')
        .values(devices.encode(row))
        .executeTakeFirstOrThrow()
      return { ...row, id: Number(insertId) }
    },

    async exists(id) {
      return (await first(all().where('id', '=', id))) !== undefined
    },

    findById: (id) => first(present().where('id', '=', id)),

    findByAddress: (ip, port) => first(present().where('address_key', '=', addressKey(ip, port))),

    findByTerminalSerial: (serial, { deleted = false } = {}) =>
      first((deleted ? all() : present()).where('terminal_serial_key', '=', serial)),

    async list({ status, search, ids }, { offset, limit }) {
      if (ids?.length === 0) return { rows: [], total: 0 }
      let wanted = present()
      if (status !== undefined) wanted = wanted.where('status', '=', status)
      if (ids !== undefined) wanted = wanted.where('id', 'in', ids)
      if (search !== undefined) {
        wanted = wanted.where(sql<number>`instr(search_text, ${search.toLowerCase()})`, '>', 0)
      }
      const stored = await wanted.orderBy('id').limit(limit).offset(offset).execute()
      const { total } = await wanted
        .clearSelect()
        .select((of) => of.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      return { rows: stored.map((row) => devices.decode(row)), total }
    },

    countByState: () => countByState(scope),

    async listWatched() {
      const stored = await db
        .selectFrom('devices')
        .select(watchedDevices.columns)
        .where('deleted_at', 'is', null)
        .where('status', '=', 'active')
        .where('live', '=', 1)
        .orderBy('id')
        .execute()
      return stored.map((row) => watchedDevices.decode(row))
    },

    async listAllIds() {
      const stored = await db.selectFrom('devices').select('id').orderBy('id').execute()
      return stored.map(({ id }) => id)
    },

    update: (id, changes, now) =>
      scope.atomic(async (tx) => {
        const device = await lockedDevice(tx, id)
        if (device === undefined || device.deletedAt !== null) return undefined
        const next = { ...device, ...changes, updatedAt: now }
        return replace(tx, { ...next, ...keysOf(next) })
      }),

    revive: (id, device) =>
      scope.atomic(async (tx) => {
        const gone = await lockedDevice(tx, id)
        if (gone === undefined || gone.deletedAt === null) return undefined
        return replace(tx, {
          ...UNKNOWN,
          ...device,
          ...keysOf(device),
          id,
          createdAt: gone.createdAt,
          updatedAt: device.createdAt,
          lastSyncAt: gone.lastSyncAt,
          bookmark: gone.bookmark,
          bookmarkAt: gone.bookmarkAt,
          fence: gone.fence,
          fenceSeen: gone.fenceSeen,
          disabledAt: gone.disabledAt,
          punchesFrom: gone.punchesFrom,
        })
      }),

    async remove(id, now) {
      const { numUpdatedRows } = await db
        .updateTable('devices')
        .set(
          devices.encodeChanges({
            addressKey: null,
            isConnected: false,
            nextSyncAt: null,
            deletedAt: now,
            updatedAt: now,
          }),
        )
        .where('id', '=', id)
        .where('deleted_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async noteContact(id, contact) {
      if (Object.values(contact).every((value) => value === undefined)) return
      await db.updateTable('devices').set(devices.encodeChanges(contact)).where('id', '=', id).execute()
    },

    issueFence: (id) =>
      scope.atomic(async (tx) => {
        const fence = (await lockDevice(tx, id)).fence + 1
        await tx.db.updateTable('devices').set({ fence }).where('id', '=', id).execute()
        return fence
      }),

    listZones: (id) => listZones(scope, id),

    async noteDisabled(id, at) {
      const changes = devices.encodeChanges({ disabledAt: at })
      await db.updateTable('devices').set(changes).where('id', '=', id).execute()
    },

    async replaceZones(id, zones, now) {
      const newest = checkedZones(zones)
      await lockDevice(scope, id)
      await writeZones(scope, id, zones)
      const changes = devices.encodeChanges({ timezone: newest.timezone, updatedAt: now })
      await db.updateTable('devices').set(changes).where('id', '=', id).execute()
    },

    lock: (id) => lockDevice(scope, id),

    async raisePunchesFrom(id, packedTime) {
      const { punchesFrom } = await lockDevice(scope, id)
      if (punchesFrom !== null && punchesFrom >= packedTime) return
      const changes = devices.encodeChanges({ punchesFrom: packedTime })
      await db.updateTable('devices').set(changes).where('id', '=', id).execute()
    },

    async checkFence(id, fence) {
      await lockUnderFence(scope, id, fence)
    },

    async moveBookmark(id, { expected, next, fence, at }) {
      const { bookmark } = await lockUnderFence(scope, id, fence)
      if (!sameBookmark(bookmark, expected)) throw new StaleBookmark(id)
      await db
        .updateTable('devices')
        .set(devices.encodeChanges({ bookmark: next, bookmarkAt: at }))
        .where('id', '=', id)
        .execute()
    },
  }
}

/** The state of a device of which nothing but its registration is known. */
const UNKNOWN = {
  status: 'active',
  lastSyncAt: null,
  lastError: null,
  bookmark: null,
  bookmarkAt: null,
  fence: 0,
  fenceSeen: 0,
  deletedAt: null,
  unreachableSince: null,
  offlineTold: false,
  logFullTold: false,
  disabledAt: null,
  nextSyncAt: null,
  syncSchedule: null,
  punchesFrom: null,
} as const

/** Locks the device's row until the transaction ends. Throws MissingReference. */
export async function lockDevice(scope: Scope, id: number): Promise<Device> {
  const device = await lockedDevice(scope, id)
  if (device === undefined) throw new MissingReference()
  return device
}

async function lockedDevice(scope: Scope, id: number): Promise<Device | undefined> {
  return first(forUpdate(scope, scope.db.selectFrom('devices').selectAll().where('id', '=', id)))
}

async function lockUnderFence(scope: Scope, id: number, fence: number): Promise<Device> {
  const device = await lockDevice(scope, id)
  if (fence < device.fenceSeen) throw new StaleFence(id, fence, device.fenceSeen)
  if (fence > device.fenceSeen) {
    await scope.db.updateTable('devices').set({ fence_seen: fence }).where('id', '=', id).execute()
  }
  return device
}

async function replace(scope: Scope, device: Device): Promise<Device> {
  const { id, ...columns } = device
  await scope.db.updateTable('devices').set(devices.encodeChanges(columns)).where('id', '=', id).execute()
  return device
}

async function first(query: {
  executeTakeFirst(): Promise<object | undefined>
}): Promise<Device | undefined> {
  const stored = await query.executeTakeFirst()
  return stored && devices.decode(stored)
}

/** The columns that follow from others: what is unique, and what is searched. */
function keysOf(
  device: Pick<Device, 'name' | 'ip' | 'port' | 'location' | 'serialNumber' | 'terminalSerialNumber'>,
) {
  const { name, ip, port, location, serialNumber, terminalSerialNumber } = device
  const words = [name, `${ip}:${port}`, location, serialNumber, terminalSerialNumber].filter(
    (word) => word !== null,
  )
  return {
    addressKey: addressKey(ip, port),
    terminalSerialKey: terminalSerialNumber,
    searchText: words.join('\n').toLowerCase(),
  }
}

function addressKey(ip: string, port: number): string {
  return `${ip.toLowerCase()} ${port}`
}
