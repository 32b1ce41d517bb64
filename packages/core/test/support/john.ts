// Somebody who has an account.
import type { NewAccount } from '../../src/index.ts'

/** A user; the e-mail address has capitals, which must not matter. */
export const JOHN: NewAccount = {
  username: 'john_doe',
  email: 'John@Example.org',
  password: 'password123',
  role: 'user',
}
