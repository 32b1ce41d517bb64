// What every database promises of refresh tokens.
import { describe, expect, it } from 'vitest'
import { MissingReference, UniqueViolation, type Database } from '../../src/index.ts'
import { account, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function credentialsContract({ database, another }: Given): void {
  describe('credentials', () => {
    const token = (accountId: number, tokenHash: string) => ({
      familyId: 'family-1',
      accountId,
      tokenHash,
      issuedAt: NOON,
      expiresAt: later(7 * 86_400_000),
      replacedAt: null,
      revokedAt: null,
    })

    it('are found by the hash of the token', async () => {
      const { id } = await database().accounts.insert(account('token-holder'))
      await database().credentials.insertRefreshToken(token(id, 'a'.repeat(64)))
      expect(await database().credentials.findRefreshToken('a'.repeat(64))).toMatchObject(
        token(id, 'a'.repeat(64)),
      )
      expect(await database().credentials.findRefreshToken('A'.repeat(64))).toBeUndefined()
    })

    it('end as a family, whichever of them is named, and other families go on', async () => {
      const { id } = await database().accounts.insert(account('family-man'))
      const { credentials, accounts } = database()
      const hashes = ['1', '2', '3'].map((digit) => digit.repeat(64))
      for (const [index, hash] of hashes.entries()) {
        const familyId = index < 2 ? 'old family' : 'young family'
        await credentials.insertRefreshToken({ ...token(id, hash), familyId })
      }
      expect(await accounts.findByFamily('old family')).toMatchObject({ id })
      expect(await credentials.revokeFamily('old family', later(1))).toBe(true)
      expect(await credentials.revokeFamily('old family', later(2))).toBe(false)
      const revoked = async () =>
        Promise.all(hashes.map(async (hash) => (await credentials.findRefreshToken(hash))?.revokedAt))
      expect(await revoked()).toEqual([later(1), later(1), null])
      expect(await accounts.findByFamily('old family')).toBeUndefined()
      expect(await accounts.findByFamily('young family')).toMatchObject({ id })
      expect(await accounts.findByFamily('no family')).toBeUndefined()
    })

    it('end with all families of an account but the one that is named', async () => {
      const { id } = await database().accounts.insert(account('many-logins'))
      const { credentials, accounts } = database()
      for (const name of ['here', 'there', 'elsewhere'])
        await credentials.insertRefreshToken({ ...token(id, name.padEnd(64, '4')), familyId: name })
      const standing = async () =>
        Promise.all(
          ['here', 'there', 'elsewhere'].map(
            async (name) => (await accounts.findByFamily(name)) !== undefined,
          ),
        )
      await credentials.revokeFamiliesOf(id, later(1), 'there')
      expect(await standing()).toEqual([false, true, false])
      await credentials.revokeFamiliesOf(id, later(1))
      expect(await standing()).toEqual([false, false, false])
    })

    it('are exchanged one after the other: the second sees what the first did', async () => {
      const { id } = await database().accounts.insert(account('two-tabs'))
      const hash = 'd'.repeat(64)
      await database().credentials.insertRefreshToken(token(id, hash))
      const exchange = (of: () => Database) =>
        of().transaction(async (tx) => {
          const found = await tx.credentials.findRefreshTokenAlone(hash)
          if (found === undefined || found.replacedAt !== null) return false
          await tx.credentials.markReplaced(found.id, later(1))
          return true
        })
      const done = await Promise.all(
        Array.from({ length: 8 }, (_, index) => exchange(index % 2 === 0 ? database : another)),
      )
      expect(done.filter((one) => one)).toHaveLength(1)
    })

    it('are removed once they have expired, and with their account', async () => {
      const { credentials, accounts } = database()
      const { id } = await accounts.insert(account('short-lived'))
      const [old, fresh] = ['e'.repeat(64), '5'.repeat(64)]
      await credentials.insertRefreshToken({ ...token(id, old), expiresAt: later(-2) })
      await credentials.insertRefreshToken({ ...token(id, fresh), expiresAt: later(-1) })
      expect(await credentials.removeExpired(later(-1))).toBe(1)
      expect(await credentials.findRefreshToken(old)).toBeUndefined()
      expect(await credentials.findRefreshToken(fresh)).toBeDefined()
      await accounts.remove(id)
      expect(await credentials.findRefreshToken(fresh)).toBeUndefined()
    })

    it('are never stored twice, and never for an account that does not exist', async () => {
      const { id } = await database().accounts.insert(account('token-holder-2'))
      const { credentials } = database()
      await credentials.insertRefreshToken(token(id, 'b'.repeat(64)))
      await expect(credentials.insertRefreshToken(token(id, 'b'.repeat(64)))).rejects.toThrow(UniqueViolation)
      await expect(credentials.insertRefreshToken(token(999_999, 'c'.repeat(64)))).rejects.toThrow(
        MissingReference,
      )
    })
  })
}
