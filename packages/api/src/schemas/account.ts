// Accounts and the answers of /auth. A password goes in and never comes out.
import type { Account, Role } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'

/** Longest e-mail address that RFC 5321 lets through. */
const MAX_EMAIL_LENGTH = 254
/** Longest password that is looked at: hashing an endless one would be a way to keep the service busy. */
const MAX_PASSWORD_LENGTH = 128

const AccountRole = Type.Enum(['admin', 'operator', 'user'] satisfies Role[], {
  description: 'admin may do all; operator people, syncs and reading; user reads',
  examples: ['user'],
})

const Email = Type.String({
  format: 'email',
  maxLength: MAX_EMAIL_LENGTH,
  description: 'Compared without case',
  examples: ['john@example.com'],
})

/** Body of `POST /auth/login`. */
export const LoginRequest = Type.Object(
  {
    email: Email,
    password: Type.String({ minLength: 1, maxLength: MAX_PASSWORD_LENGTH, examples: ['password123'] }),
  },
  { additionalProperties: false, description: 'Who logs in' },
)

/** Body of `POST /auth/register`. */
export const RegisterRequest = Type.Object(
  {
    username: Type.String({
      minLength: 3,
      maxLength: 64,
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'Letters, digits, dot, hyphen and underscore',
      examples: ['john_doe'],
    }),
    email: Email,
    password: Type.String({
      minLength: 8,
      maxLength: MAX_PASSWORD_LENGTH,
      description: '8 to 128 characters',
      examples: ['password123'],
    }),
    role: AccountRole,
  },
  { additionalProperties: false, description: 'The account to make' },
)

/** An account as every answer shows it. */
export const AccountReply = Type.Object(
  {
    id: Type.Integer({ examples: [1] }),
    username: Type.String({ examples: ['john_doe'] }),
    email: Type.String({ examples: ['john@example.com'] }),
    role: AccountRole,
  },
  { $id: 'Account', description: 'Who may log in' },
)

const TOKEN_EXAMPLE = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...'

/** The pair of tokens that a login gives. */
export const TokenPair = Type.Object(
  {
    access_token: Type.String({
      description: 'Goes into the header `Authorization: Bearer …`; lives an hour',
      examples: [TOKEN_EXAMPLE],
    }),
    refresh_token: Type.String({
      description: 'Lives seven days and opens no endpoint',
      examples: [TOKEN_EXAMPLE],
    }),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Integer({ description: 'Seconds that the access token lives', examples: [3600] }),
    user: AccountReply,
  },
  { $id: 'TokenPair', description: 'Tokens of a login' },
)

/** An account in JSON. */
export function toAccountReply({ id, username, email, role }: Account): Static<typeof AccountReply> {
  return { id, username, email, role }
}
