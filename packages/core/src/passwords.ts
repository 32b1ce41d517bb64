// Passwords of accounts: argon2id at OWASP's setting. A bcrypt hash of an older installation still proves a password once
// more; whoever checks it replaces it then.
import { randomBytes } from 'node:crypto'
import argon2 from 'argon2'
import { compare as compareBcrypt } from 'bcryptjs'

/** OWASP's argon2id setting: 19 MiB, two passes, one lane. */
const ARGON2ID = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** How a check ended. `outdated`: right, but kept in a form that is to be replaced. */
export type PasswordVerdict = 'wrong' | 'right' | 'outdated'

/** Hashes passwords and holds them against hashes. */
export interface Passwords {
  hash(password: string): Promise<string>
  /** `hash` undefined: there is no such account; as much work is done, and the verdict is `wrong`. */
  check(password: string, hash: string | undefined): Promise<PasswordVerdict>
}

/** Takes as long as one hash: it makes the one that unknown accounts are checked against. */
export async function createPasswords(): Promise<Passwords> {
  const nobodysHash = await argon2.hash(randomBytes(24).toString('base64url'), ARGON2ID)

  return {
    hash: (password) => argon2.hash(password, ARGON2ID),
    async check(password, hash) {
      if (hash === undefined) {
        await argon2.verify(nobodysHash, password)
        return 'wrong'
      }
      if (/^\$2[aby]\$/.test(hash)) return (await compareBcrypt(password, hash)) ? 'outdated' : 'wrong'
      if (!(await argon2.verify(hash, password))) return 'wrong'
      return argon2.needsRehash(hash, ARGON2ID) ? 'outdated' : 'right'
    },
  }
}

/** A password nobody chose: 20 characters that are not mistaken for each other, about 115 bits. */
export function randomPassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const letters: string[] = []
  while (letters.length < 20) {
    for (const byte of randomBytes(32)) {
      // Bytes beyond the last whole multiple would favour the first letters.
      if (byte < 256 - (256 % alphabet.length) && letters.length < 20)
        letters.push(alphabet.charAt(byte % alphabet.length))
    }
  }
  return letters.join('')
}
