// Passwords of accounts, and hashes of an older installation.
import argon2 from 'argon2'
import { hash as hashBcrypt } from 'bcryptjs'
import { beforeAll, describe, expect, it } from 'vitest'
import { createPasswords, randomPassword, type Passwords } from '../src/passwords.ts'

describe('a password', () => {
  let passwords: Passwords
  beforeAll(async () => {
    passwords = await createPasswords()
  })

  it('is kept as argon2id at OWASP’s setting or above', async () => {
    expect(await passwords.hash('password123')).toMatch(/^\$argon2id\$v=19\$m=19456,p=1,t=2\$/)
  })

  it('is right or wrong, whatever letters it has', async () => {
    const hash = await passwords.hash('pässwörd 🔑')
    expect(await passwords.check('pässwörd 🔑', hash)).toBe('right')
    expect(await passwords.check('password', hash)).toBe('wrong')
  })

  it('is never right where there is no account, and costs as much', async () => {
    expect(await passwords.check('password123', undefined)).toBe('wrong')
  })

  it.each(['$2a$', '$2b$', '$2y$'])(
    'is accepted once more with a %s hash of an older installation',
    async (prefix) => {
      const hash = (await hashBcrypt('password123', 4)).replace(/^\$2.\$/, prefix)
      expect(await passwords.check('password123', hash)).toBe('outdated')
      expect(await passwords.check('password124', hash)).toBe('wrong')
    },
  )

  it('is to be hashed anew where the setting was weaker', async () => {
    const weak = await argon2.hash('password123', { memoryCost: 1_024, timeCost: 2, parallelism: 1 })
    expect(await passwords.check('password123', weak)).toBe('outdated')
  })

  it('made at random is long, readable and never the same', () => {
    const made = Array.from({ length: 50 }, randomPassword)
    for (const password of made) expect(password).toMatch(/^[a-km-zA-HJ-NP-Z2-9]{20}$/)
    expect(new Set(made).size).toBe(50)
  })
})
