// Fingerprint templates of people, sealed before they come here. Kept only where the service is told to.
import { insertMany } from './dialect.ts'
import { lockDevice } from './devices.ts'
import type { Instant } from './columns.ts'
import { personTemplates, type PersonTemplate } from './schema.ts'
import type { Scope } from './scope.ts'

/** A template to be kept. */
export type NewPersonTemplate = Omit<PersonTemplate, 'id' | 'deviceId' | 'updatedAt'>

export interface PersonTemplates {
  /** Those of these people of a device, by PIN and finger. */
  list(deviceId: number, pins: readonly string[]): Promise<readonly PersonTemplate[]>
  /** Inserts, or replaces those of the same finger. Throws MissingReference for an unknown device. */
  putMany(deviceId: number, templates: readonly NewPersonTemplate[], now: Instant): Promise<void>
  /** Removes by row. */
  removeRows(ids: readonly number[]): Promise<void>
  /** Removes all of a person, or of the whole device when no PIN is given. How many there were. */
  removeAll(deviceId: number, pin?: string): Promise<number>
}

export function personTemplatesIn(scope: Scope): PersonTemplates {
  const { db } = scope
  return {
    async list(deviceId, pins) {
      if (pins.length === 0) return []
      const stored = await db
        .selectFrom('person_templates')
        .selectAll()
        .where('device_id', '=', deviceId)
        .where('pin', 'in', pins)
        .orderBy('pin')
        .orderBy('finger')
        .execute()
      return stored.map((row) => personTemplates.decode(row))
    },

    putMany: (deviceId, templates, now) =>
      scope.atomic(async (tx) => {
        await lockDevice(tx, deviceId)
        const rows = templates.map((template) => ({ ...template, deviceId, updatedAt: now }))
        await insertMany(tx, personTemplates, rows, UPSERT)
      }),

    async removeRows(ids) {
      if (ids.length > 0) await db.deleteFrom('person_templates').where('id', 'in', ids).execute()
    },

    async removeAll(deviceId, pin) {
      let unwanted = db.deleteFrom('person_templates').where('device_id', '=', deviceId)
      if (pin !== undefined) unwanted = unwanted.where('pin', '=', pin)
      return Number((await unwanted.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

const UPSERT = {
  key: ['device_id', 'pin', 'finger'],
  columns: ['flag', 'version', 'sealed', 'updated_at'],
}
