// What every database promises of refresh tokens.
import { describe, expect, it } from 'vitest'
import { MissingReference, UniqueViolation } from '../../src/index.ts'
import { account, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function credentialsContract({ database }: Given): void {
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
