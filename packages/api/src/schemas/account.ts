// Accounts and the answers of /auth. A password goes in and never comes out.
import type { Account, Role } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Instant, toInstant } from './instant.ts'
import { PageQuery } from './paging.ts'

/** Longest e-mail address that RFC 5321 lets through. */
const MAX_EMAIL_LENGTH = 254
/** Longest password that is looked at: hashing an endless one would be a way to keep the service busy. */
const MAX_PASSWORD_LENGTH = 128

/** What an account or an API key may do. */
export const AccountRole = Type.Enum(['admin', 'operator', 'user'] satisfies Role[], {
  description: 'admin may do all; operator people, syncs and reading; user reads',
  examples: ['user'],
})

const Email = Type.String({
  format: 'email',
  maxLength: MAX_EMAIL_LENGTH,
  description: 'Compared without case',
  examples: ['john@example.com'],
})

const NewPassword = Type.String({
  minLength: 8,
  maxLength: MAX_PASSWORD_LENGTH,
  description: '8 to 128 characters',
  examples: ['password123'],
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
    password: NewPassword,
    role: AccountRole,
  },
  { additionalProperties: false, description: 'The account to make' },
)

const TOKEN_EXAMPLE = 'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...'
const MAX_TOKEN_LENGTH = 4_096

/** Body of `POST /auth/refresh`. */
export const RefreshRequest = Type.Object(
  {
    refresh_token: Type.String({
      minLength: 1,
      maxLength: MAX_TOKEN_LENGTH,
      description: 'The newest refresh token of the login',
      examples: [TOKEN_EXAMPLE],
    }),
  },
  { additionalProperties: false, description: 'What is exchanged' },
)

/** Body of `POST /auth/logout`: none, or an empty object. */
export const NothingToSay = Type.Object(
  {},
  { additionalProperties: false, description: 'Nothing is to be said', examples: [{}] },
)

/** Body of `POST /auth/change-password`. */
export const PasswordChangeRequest = Type.Object(
  {
    current_password: Type.String({
      minLength: 1,
      maxLength: MAX_PASSWORD_LENGTH,
      examples: ['password123'],
    }),
    new_password: NewPassword,
  },
  { additionalProperties: false, description: 'The password that is, and the one that shall be' },
)

/** The id of an account in a path. */
export const AccountParams = Type.Object({
  accountId: Type.Integer({
    minimum: 1,
    maximum: Number.MAX_SAFE_INTEGER,
    description: 'Id of the account',
    examples: [1],
  }),
})

/** Query of `GET /auth/accounts`. */
export const AccountQuery = Type.Object({ ...PageQuery })

/** Body of `PATCH /auth/accounts/{accountId}`. */
export const AccountEditRequest = Type.Object(
  {
    role: Type.Optional(AccountRole),
    disabled: Type.Optional(
      Type.Boolean({ description: 'true: the account cannot log in', examples: [false] }),
    ),
    password: Type.Optional(NewPassword),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'What shall change; what is left out stays',
    examples: [{ role: 'operator' }],
  },
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

/** An account as admins see it. */
export const ListedAccount = Type.Object(
  {
    id: Type.Integer({ examples: [1] }),
    username: Type.String({ examples: ['john_doe'] }),
    email: Type.String({ examples: ['john@example.com'] }),
    role: AccountRole,
    disabled: Type.Boolean({ description: 'true: the account cannot log in', examples: [false] }),
    created_at: Instant('When it was made'),
  },
  { $id: 'ListedAccount', description: 'An account, for admins' },
)

/** An account in JSON, for admins. */
export function toListedAccount(account: Account): Static<typeof ListedAccount> {
  const { disabled, createdAt } = account
  return { ...toAccountReply(account), disabled, created_at: toInstant(createdAt) }
}

/** An account in JSON. */
export function toAccountReply({ id, username, email, role }: Account): Static<typeof AccountReply> {
  return { id, username, email, role }
}
