// People as the service lists them, what can be done with them on a terminal, and the jobs that read or write many at once.
import type { Database, Person as PersonRow } from '@org/data'
import type { Actor } from './accounts/account.ts'
import type { DeviceScope } from './accounts/caller.ts'
import type { Page, PageRequest } from './device.ts'
import { ServiceError, validationError } from './errors.ts'
import { peopleCopy, peopleSync } from './jobs/catalogue.ts'
import type { Enqueued, JobQueue } from './jobs/job-queue.ts'
import { addPerson, type AddPersonInput, type PeopleActParts } from './operations/add-person.ts'
import {
  editPerson,
  removePerson,
  type EditPersonInput,
  type RemovePersonInput,
} from './operations/edit-person.ts'
import { toRow } from './operations/person-rows.ts'
import { fingersOf, withPeopleOf } from './operations/read-people.ts'
import { findActiveDevice } from './terminals/with-terminal.ts'

/** Somebody on a terminal, or who was on it. Never with password or templates. */
export interface Person {
  readonly deviceId: number
  readonly pin: string
  readonly name: string
  /** The privilege byte: 0 user, 2 enroller, 6 manager, 14 administrator; the lowest bit means disabled. */
  readonly privilege: number
  readonly cardNumber: number | null
  readonly group: number | null
  readonly hasPassword: boolean
  /** Enrolled fingers, 0 to 9, as last read. */
  readonly fingers: readonly number[]
  readonly onDevice: boolean
  /** ISO 8601 in UTC: when any of this changed last. */
  readonly updatedAt: string
}

/** Who is listed. */
export interface PersonFilter {
  readonly deviceIds?: readonly number[]
  /** Part of PIN or name, without case. */
  readonly search?: string
  readonly onDevice?: boolean
}

/** Whom to copy to a terminal, and from where. */
export interface CopyPeopleRequest {
  /** Everybody when left out. */
  readonly pins?: readonly string[]
  /** The database when left out. */
  readonly fromDeviceId?: number
  readonly templates: boolean
  readonly dryRun: boolean
  /** Whether whoever asks may give rights at the terminal. */
  readonly mayGrant: boolean
  /** The devices whose people they may see; all when left out. */
  readonly within?: DeviceScope
}

/** People on terminals. */
export interface People {
  /** Of the database, by device and PIN. */
  list(filter: PersonFilter, page: PageRequest): Promise<Page<Person>>
  /** The same of one device. Throws DEVICE_NOT_FOUND. */
  listOfDevice(
    deviceId: number,
    filter: Omit<PersonFilter, 'deviceIds'>,
    page: PageRequest,
  ): Promise<Page<Person>>
  /** Asks the terminal now, and stores nothing. Throws whatever keeps it from answering. */
  listOnDevice(
    deviceId: number,
    filter: Omit<PersonFilter, 'deviceIds'>,
    page: PageRequest,
    signal: AbortSignal,
  ): Promise<Page<Person>>
  /**
   * With a finger enrolled at the terminal unless `enrol` is null. Throws FORBIDDEN, USER_EXISTS, VALIDATION_ERROR,
   * ENROLLMENT_FAILED, and whatever keeps the terminal from answering; then the person is not there.
   */
  add(input: AddPersonInput): Promise<Person>
  /** Throws FORBIDDEN, USER_NOT_FOUND, VALIDATION_ERROR, and whatever keeps the terminal from answering. */
  edit(input: EditPersonInput): Promise<Person>
  /** From terminal and mapping; punches stay. Throws USER_NOT_FOUND and whatever keeps the terminal from answering. */
  remove(input: RemovePersonInput): Promise<void>
  /** Queues a reading of everybody, or gives the unfinished one of that device. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE. */
  requestSync(deviceId: number): Promise<Enqueued>
  /** Queues a copy to the device. Throws DEVICE_NOT_FOUND, DEVICE_INACTIVE, VALIDATION_ERROR for a copy onto itself. */
  requestCopy(deviceId: number, request: CopyPeopleRequest, by: Actor): Promise<Enqueued>
}

/** What the service on people needs. */
export interface PeopleParts extends PeopleActParts {
  readonly jobs: JobQueue
}

/** The service on people. */
export function createPeople(parts: PeopleParts): People {
  const { database, jobs, withTerminal } = parts

  const list = async (filter: PersonFilter, { page, limit }: PageRequest): Promise<Page<Person>> => {
    const { rows, total } = await database.people.list(filter, { offset: (page - 1) * limit, limit })
    return { rows: rows.map(toPerson), total }
  }

  return {
    list,

    async listOfDevice(deviceId, filter, page) {
      if ((await database.devices.findById(deviceId)) === undefined)
        throw new ServiceError('DEVICE_NOT_FOUND')
      return list({ ...filter, deviceIds: [deviceId] }, page)
    },

    async listOnDevice(deviceId, { search = '', onDevice = true }, { page, limit }, signal) {
      const { read, at } = await withPeopleOf(withTerminal, { deviceId, signal }, async (_, read) => ({
        read,
        at: new Date().toISOString(),
      }))
      const needle = search.toLowerCase()
      const wanted = read.list.people.filter(
        ({ plausible, pin, name }) =>
          onDevice && plausible && `${pin}\n${name}`.toLowerCase().includes(needle),
      )
      const shown = wanted.slice((page - 1) * limit, page * limit)
      const known = await knownOf(
        database,
        deviceId,
        shown.map(({ pin }) => pin),
      )
      const rows = shown.map((person) => {
        const before = known.get(person.pin)
        const fingers = read.templates && fingersOf(read.templates.get(person.uid) ?? [])
        const { groupNumber, ...row } = toRow(person, null)
        return {
          ...row,
          deviceId,
          group: groupNumber,
          fingers: fingers ?? (before?.uid === person.uid ? before.fingers : []),
          onDevice: true,
          updatedAt: before?.updatedAt ?? at,
        }
      })
      return { rows, total: wanted.length }
    },

    add: async (input) => toPerson(await addPerson(parts, input)),
    edit: async (input) => toPerson(await editPerson(parts, input)),
    remove: (input) => removePerson(parts, input),

    async requestSync(deviceId) {
      await findActiveDevice(database, deviceId)
      return jobs.enqueue(peopleSync, { deviceId })
    },

    async requestCopy(deviceId, { pins, fromDeviceId, within, templates, dryRun, mayGrant }, by) {
      await findActiveDevice(database, deviceId)
      if (fromDeviceId === deviceId) {
        throw validationError([{ field: 'from_device_id', message: 'must be another device' }])
      }
      if (fromDeviceId !== undefined) await findActiveDevice(database, fromDeviceId)
      return jobs.enqueue(peopleCopy, {
        deviceId,
        fromDeviceId: fromDeviceId ?? null,
        pins: pins === undefined ? null : [...new Set(pins)],
        within: within === undefined || within === 'all' ? null : [...within],
        templates,
        dryRun,
        mayGrant,
        by: { name: by.name, accountId: by.accountId, address: by.address },
      })
    },
  }
}

async function knownOf(
  database: Database,
  deviceId: number,
  pins: readonly string[],
): Promise<ReadonlyMap<string, PersonRow>> {
  const limit = Math.max(1, pins.length)
  const { rows } = await database.people.list({ deviceIds: [deviceId], pins }, { offset: 0, limit })
  return new Map(rows.map((row) => [row.pin, row]))
}

function toPerson(row: PersonRow): Person {
  return {
    deviceId: row.deviceId,
    pin: row.pin,
    name: row.name,
    privilege: row.privilege,
    cardNumber: row.cardNumber,
    group: row.groupNumber,
    hasPassword: row.hasPassword,
    fingers: row.fingers,
    onDevice: row.onDevice,
    updatedAt: row.updatedAt,
  }
}
