// Fingerprint templates in the database, sealed: only where STORE_TEMPLATES says so. Biometric data: opened for one use, never
// logged, never returned.
import type { Database, NewPersonTemplate, Transaction } from '@org/data'
import { sameTemplate, templateVersion, type Person, type Template } from '@org/zk-proto'
import { ServiceError } from '../errors.ts'
import type { Secrets } from '../secrets.ts'
import type { PeopleOwner } from './store-people.ts'

/** A template with the version of the algorithm that made it; undefined where nobody tells. */
export type VersionedTemplate = Pick<Template, 'finger' | 'flag' | 'bytes'> & {
  readonly version: number | undefined
}

/** The templates that are kept, or not. */
export interface KeptTemplates {
  /** Whether any are. */
  readonly kept: boolean
  /** Replaces those of one person by what the terminal holds. In the transaction that stores the person. */
  keepOf(
    tx: Transaction,
    deviceId: number,
    pin: string,
    templates: readonly VersionedTemplate[],
  ): Promise<void>
  /**
   * Replaces those of all these people; null where none are to be kept: then those that are there are removed. How many are
   * kept of them now.
   */
  keepAll(
    owner: PeopleOwner,
    people: readonly Pick<Person, 'uid' | 'pin'>[],
    templatesByUid: ReadonlyMap<number, readonly VersionedTemplate[]>,
  ): Promise<number | null>
  /** Those of these people, by PIN. Throws STORED_KEY_UNREADABLE. */
  open(deviceId: number, pins: readonly string[]): Promise<ReadonlyMap<string, readonly VersionedTemplate[]>>
}

const BATCH = 100
const PURPOSE = 'person.template'

/** What this needs. */
export interface KeptTemplatesParts {
  readonly database: Database
  readonly secrets: Secrets
  readonly kept: boolean
}

/** The templates of this service. */
export function createKeptTemplates({ database, secrets, kept }: KeptTemplatesParts): KeptTemplates {
  const unsealed = (sealed: string): Uint8Array => Buffer.from(secrets.unseal(PURPOSE, sealed), 'base64')

  /** What was sealed with a key that is lost is sealed anew. */
  const isSealOf = (sealed: string, { bytes }: VersionedTemplate): boolean => {
    try {
      return sameTemplate(unsealed(sealed), bytes)
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'STORED_KEY_UNREADABLE') return false
      throw error
    }
  }

  const sealedRow = (
    pin: string,
    { finger, flag, bytes, version }: VersionedTemplate,
  ): NewPersonTemplate => ({
    pin,
    finger,
    flag,
    version: version ?? null,
    sealed: secrets.seal(PURPOSE, Buffer.from(bytes).toString('base64')),
  })

  /** Writes what changed and removes what is gone: sealing anew what is the same would rewrite it all at each sync. */
  const replace = async (
    tx: Transaction,
    deviceId: number,
    wanted: ReadonlyMap<string, readonly VersionedTemplate[]>,
  ): Promise<void> => {
    const stale: number[] = []
    const same = new Set<string>()
    for (const row of await tx.personTemplates.list(deviceId, [...wanted.keys()])) {
      const now = wanted.get(row.pin)?.find(({ finger }) => finger === row.finger)
      if (now === undefined) stale.push(row.id)
      else if (row.flag === now.flag && isSealOf(row.sealed, now)) same.add(`${row.finger} ${row.pin}`)
    }
    const changed = [...wanted].flatMap(([pin, templates]) =>
      templates
        .filter(({ finger }) => !same.has(`${finger} ${pin}`))
        .map((template) => sealedRow(pin, template)),
    )
    await tx.personTemplates.removeRows(stale)
    await tx.personTemplates.putMany(deviceId, changed, new Date().toISOString())
  }

  return {
    kept,

    async keepOf(tx, deviceId, pin, templates) {
      if (kept) await replace(tx, deviceId, new Map([[pin, templates]]))
    },

    async keepAll({ deviceId, fence }, people, templatesByUid) {
      if (!kept) {
        await database.personTemplates.removeAll(deviceId)
        return null
      }
      let count = 0
      for (let from = 0; from < people.length; from += BATCH) {
        const wanted = new Map(
          people.slice(from, from + BATCH).map(({ uid, pin }) => [pin, templatesByUid.get(uid) ?? []]),
        )
        await database.transaction(async (tx) => {
          await tx.devices.checkFence(deviceId, fence)
          await replace(tx, deviceId, wanted)
        })
        for (const templates of wanted.values()) count += templates.length
      }
      return count
    },

    async open(deviceId, pins) {
      const opened = new Map<string, VersionedTemplate[]>()
      for (const row of await database.personTemplates.list(deviceId, pins)) {
        const { pin, finger, flag, version, sealed } = row
        const template = { finger, flag, version: version ?? undefined, bytes: unsealed(sealed) }
        opened.set(pin, [...(opened.get(pin) ?? []), template])
      }
      return opened
    },
  }
}

/** Templates by uid, each with its version: told by its bytes, else that of the terminal it came from. */
export function templatesByUid(
  templates: readonly Template[],
  spokenVersion: number | undefined,
): ReadonlyMap<number, readonly VersionedTemplate[]> {
  const byUid = new Map<number, VersionedTemplate[]>()
  for (const { uid, finger, flag, bytes } of templates) {
    const version = templateVersion(bytes) ?? spokenVersion
    const ofUid = byUid.get(uid)
    if (ofUid === undefined) byUid.set(uid, [{ finger, flag, bytes, version }])
    else ofUid.push({ finger, flag, bytes, version })
  }
  return byUid
}
