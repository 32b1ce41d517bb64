// What every database promises of accounts.
import { beforeAll, describe, expect, it } from 'vitest'
import { UniqueViolation, type Database } from '../../src/index.ts'
import { account, FIRST_100, later, NOON } from '../support/samples.ts'
import type { Given } from './database.contract.ts'

export function accountsContract({ database, another }: Given): void {
  describe('accounts', () => {
    describe('the first admin', () => {
      const admins = Array.from({ length: 8 }, (_, index) => account(`admin${index}`, { role: 'admin' }))
      let made: boolean[]

      beforeAll(async () => {
        made = await Promise.all(
          admins.map((admin, index) =>
            (index % 2 === 0 ? database() : another()).accounts.insertFirstAdmin(admin),
          ),
        )
      })

      it('is made once, however many try at the same time', async () => {
        expect(made.filter((one) => one)).toHaveLength(1)
        const { rows } = await database().accounts.list(FIRST_100)
        expect(rows.map(({ username }) => username)).toEqual([admins[made.indexOf(true)]?.username])
      })

      it('is not made while there is an account', async () => {
        expect(await database().accounts.insertFirstAdmin(account('second'))).toBe(false)
      })
    })

    it('are found by id and by e-mail address without case, as they were given', async () => {
      const made = await database().accounts.insert(
        account('Zoë', { email: 'Zoë.Müller@Example.ORG', role: 'operator', createdAt: later(123) }),
      )
      expect(made).toMatchObject({
        username: 'Zoë',
        email: 'Zoë.Müller@Example.ORG',
        role: 'operator',
        disabled: false,
        createdAt: later(123),
        updatedAt: later(123),
      })
      expect(await database().accounts.findById(made.id)).toEqual(made)
      expect(await database().accounts.findByEmail('zoë.MÜLLER@example.org')).toEqual(made)
    })

    it('are not found where there are none', async () => {
      expect(await database().accounts.findById(999_999)).toBeUndefined()
      expect(await database().accounts.findByEmail('nobody@example.org')).toBeUndefined()
    })

    it('have user names and addresses of their own', async () => {
      await database().accounts.insert(account('paul'))
      const sameName = database().accounts.insert(account('paul', { email: 'other@example.org' }))
      await expect(sameName).rejects.toMatchObject({
        name: 'UniqueViolation',
        constraint: 'accounts.username',
      })
      const sameAddress = database().accounts.insert(account('other', { email: 'PAUL@example.org' }))
      await expect(sameAddress).rejects.toMatchObject({
        name: 'UniqueViolation',
        constraint: 'accounts.email',
      })
    })

    it('take user names apart byte by byte', async () => {
      const names = ['rené', 'rene', 'RENE', 'rene ']
      for (const [index, name] of names.entries()) {
        await database().accounts.insert(account(name, { email: `rene${index}@example.org` }))
      }
      await expect(database().accounts.insert(account('rene', { email: 'x@example.org' }))).rejects.toThrow(
        UniqueViolation,
      )
    })

    it('are listed by id, a page at a time, with the number of all', async () => {
      const { rows, total } = await database().accounts.list({ offset: 1, limit: 2 })
      expect(rows).toHaveLength(2)
      expect(total).toBe(await database().accounts.count())
      const all = await database().accounts.list(FIRST_100)
      expect(all.rows.map(({ id }) => id)).toEqual(all.rows.map(({ id }) => id).toSorted((a, b) => a - b))
      expect(all.rows.slice(1, 3)).toEqual(rows)
    })

    it('get another password hash, if the expected one still stands', async () => {
      const { id } = await database().accounts.insert(account('quentin', { passwordHash: 'old' }))
      const { accounts } = database()
      expect(await accounts.updatePasswordHash(id, 'upgraded', later(1), 'old')).toBe(true)
      expect(await accounts.updatePasswordHash(id, 'upgraded again', later(2), 'old')).toBe(false)
      expect(await accounts.updatePasswordHash(id, 'chosen', later(3))).toBe(true)
      expect(await accounts.findById(id)).toMatchObject({
        passwordHash: 'chosen',
        createdAt: NOON,
        updatedAt: later(3),
      })
      expect(await accounts.updatePasswordHash(999_999, 'x', NOON)).toBe(false)
    })

    it('are changed in what is named alone, and removed for good', async () => {
      const { accounts } = database()
      const made = await accounts.insert(account('rosa'))
      expect(await accounts.update(made.id, { role: 'operator' }, later(1))).toBe(true)
      expect(await accounts.update(made.id, { disabled: true }, later(2))).toBe(true)
      expect(await accounts.findById(made.id)).toEqual({
        ...made,
        role: 'operator',
        disabled: true,
        updatedAt: later(2),
      })
      expect(await accounts.remove(made.id)).toBe(true)
      expect(await accounts.remove(made.id)).toBe(false)
      expect(await accounts.update(made.id, { disabled: false }, later(3))).toBe(false)
      const again = await accounts.insert(account('rosa'))
      expect(again.id).not.toBe(made.id)
    })

    it('do not lose their last admin, however many take one away at once', async () => {
      const before = await database().transaction((tx) => tx.accounts.countAdminsAlone(NOON))
      const made = await Promise.all(
        ['sara', 'simon', 'sven', 'sofia'].map((name) =>
          database().accounts.insert(account(name, { role: 'admin' })),
        ),
      )
      const demote = (of: () => Database, id: number) =>
        of().transaction(async (tx) => {
          if ((await tx.accounts.countAdminsAlone(NOON)) === before + 1) return false
          return tx.accounts.update(id, { role: 'user' }, later(1))
        })
      const demoted = await Promise.all(
        made.map(({ id }, index) => demote(index % 2 === 0 ? database : another, id)),
      )
      expect(demoted.filter((one) => one)).toHaveLength(3)
      expect(await database().transaction((tx) => tx.accounts.countAdminsAlone(NOON))).toBe(before + 1)
    })

    it('refuse what does not fit, on every engine alike', async () => {
      await expect(database().accounts.insert(account('n'.repeat(256)))).rejects.toThrow(RangeError)
      await expect(
        database().accounts.insert(account('bad', { createdAt: '2026-03-01 12:00' })),
      ).rejects.toThrow(TypeError)
    })

    it('keep text that looks like SQL', async () => {
      const name = `'; drop table accounts; -- \\" \u0000 𝄞 ?`
      const made = await database().accounts.insert(account(name, { email: 'sql@example.org' }))
      expect(await database().accounts.findById(made.id)).toMatchObject({ username: name })
    })
  })
}
