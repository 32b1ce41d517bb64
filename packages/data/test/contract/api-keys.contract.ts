// What every database promises of API keys.
import { describe, expect, it } from 'vitest'
import type { NewApiKey } from '../../src/index.ts'
import { FIRST_100, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function apiKeysContract({ database }: Given): void {
  describe('API keys', () => {
    const key = (name: string, changes: Partial<NewApiKey> = {}): NewApiKey => ({
      name,
      keyHash: Buffer.from(name).toString('hex').padEnd(64, '0'),
      role: 'user',
      deviceIds: null,
      createdBy: 'admin@example.org',
      createdAt: NOON,
      expiresAt: null,
      ...changes,
    })

    it('are found by the hash of the key, with what they are for', async () => {
      const { apiKeys } = database()
      const made = await apiKeys.insert(key('payroll', { deviceIds: [3, 1], expiresAt: later(1) }))
      expect(made).toMatchObject({ name: 'payroll', deviceIds: [3, 1], revokedAt: null, lastUsedAt: null })
      expect(await apiKeys.findByHash(made.keyHash)).toEqual(made)
      expect(await apiKeys.findByHash(made.keyHash.replace('7', '8'))).toBeUndefined()
    })

    it('have names of their own, until they are revoked', async () => {
      const { apiKeys } = database()
      const { id } = await apiKeys.insert(key('turnstile'))
      const again = () => apiKeys.insert(key('turnstile', { keyHash: 'f'.repeat(64) }))
      await expect(again()).rejects.toMatchObject({
        name: 'UniqueViolation',
        constraint: 'api_keys.live_name',
      })
      expect(await apiKeys.revoke(id, later(5))).toMatchObject({ name: 'turnstile', revokedAt: later(5) })
      expect((await again()).id).not.toBe(id)
      await expect(apiKeys.insert(key('another', { keyHash: 'f'.repeat(64) }))).rejects.toMatchObject({
        constraint: 'api_keys.key_hash',
      })
    })

    it('are revoked once, found then too, and no longer listed', async () => {
      const { apiKeys } = database()
      const { id, keyHash } = await apiKeys.insert(key('lost'))
      expect((await apiKeys.list(FIRST_100)).rows.map(({ name }) => name)).toContain('lost')
      await apiKeys.revoke(id, later(1))
      expect(await apiKeys.revoke(id, later(2))).toBeUndefined()
      expect(await apiKeys.findByHash(keyHash)).toMatchObject({ revokedAt: later(1), liveName: null })
      const { rows, total } = await apiKeys.list(FIRST_100)
      expect(rows.map(({ name }) => name)).not.toContain('lost')
      expect(total).toBe(rows.length)
      expect(rows.map((row) => row.id)).toEqual(rows.map((row) => row.id).toSorted((a, b) => a - b))
    })

    it('note a use unless one is noted that is new enough', async () => {
      const { apiKeys } = database()
      const { id, keyHash } = await apiKeys.insert(key('clocked'))
      const lastUse = async () => (await apiKeys.findByHash(keyHash))?.lastUsedAt
      await apiKeys.noteUse(id, later(1_000), later(-59_000))
      expect(await lastUse()).toBe(later(1_000))
      await apiKeys.noteUse(id, later(60_000), later(0))
      expect(await lastUse()).toBe(later(1_000))
      await apiKeys.noteUse(id, later(61_001), later(1_001))
      expect(await lastUse()).toBe(later(61_001))
    })
  })
}
