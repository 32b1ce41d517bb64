// The audit trail under the service's own keys.
import { describe, expect, it } from 'vitest'
import { createAuditTrail } from '../src/audit-trail.ts'
import { readConfig, SYSTEM } from '../src/index.ts'
import { openSecrets } from '../src/secrets.ts'
import { openScratch, scratchFolder } from './support/scratch-service.ts'

const JWT_SECRET = 'a secret for tokens of thirty-two bytes'
const OLD = 'an encryption key of thirty-two bytes'
const NEW = 'another encryption key, also long enough'

const trailUnder = async (env: Record<string, string>) =>
  createAuditTrail(await openSecrets(readConfig({ JWT_SECRET, ...env })))
const login = { action: 'login', by: SYSTEM, target: null, outcome: 'success' } as const

describe('the audit trail', () => {
  it('is whole after ENCRYPTION_KEY was rotated, and not without the key it was begun with', async () => {
    await using folder = await scratchFolder()
    await using scratch = await openScratch('sqlite', folder.path)
    const { database } = scratch
    const before = await trailUnder({ ENCRYPTION_KEY: OLD })
    const after = await trailUnder({ ENCRYPTION_KEY: NEW, ENCRYPTION_KEY_PREVIOUS: OLD })
    const forgetful = await trailUnder({ ENCRYPTION_KEY: NEW })

    await database.transaction((tx) => before.record(tx, login))
    await database.transaction((tx) => after.record(tx, login))

    expect(await after.verify(database)).toMatchObject({ whole: true, head: { count: 2 } })
    expect(await before.verify(database)).toMatchObject({ whole: false, brokenAt: 2 })
    expect(await forgetful.verify(database)).toMatchObject({ whole: false, brokenAt: 1 })
  })
})
