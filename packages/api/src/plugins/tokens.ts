// Signs and reads the tokens of a login. HS256 alone is accepted, whatever a token's header says; each token names its use, so
// that a refresh token opens no endpoint; what the previous secret signed stays valid while that is configured.
import { randomUUID } from 'node:crypto'
import fastifyJwt from '@fastify/jwt'
import type { FastifyJWTOptions } from '@fastify/jwt'
import { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS, ServiceError } from '@org/core'
import type { Login, TokenSecrets } from '@org/core'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import type { Static } from 'typebox'
import { Compile } from 'typebox/compile'

/** What a token says. `sub` is the account's id; `family` names the login that all its tokens come from. */
const Claims = Type.Object({
  sub: Type.String({ pattern: '^[1-9]\\d{0,15}$' }),
  email: Type.String(),
  role: Type.String(),
  use: Type.Enum(['access', 'refresh', 'queue-page']),
  jti: Type.String({ minLength: 1 }),
  family: Type.String({ minLength: 1 }),
  iat: Type.Integer(),
  exp: Type.Integer(),
})
export type Claims = Static<typeof Claims>

const claims = Compile(Claims)
/** Tokens whose signature need not be computed again; beyond that all are forgotten at once. */
const MOST_REMEMBERED = 1_000
const ALGORITHM = 'HS256'

/** The pair of a login. */
export interface SignedTokens {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface Tokens {
  /** Signs the pair of a login; the refresh token carries the `jti` whose hash core has stored. */
  sign(login: Login): SignedTokens
  /** Signs what lets a browser see the queue page, and opens nothing else; it lives as long as an access token. */
  signForQueuePage(login: Login): string
  /** Reads an access token. Throws TOKEN_EXPIRED, or UNAUTHORIZED for whatever else is wrong with it. */
  readAccessToken(token: string): Claims
  /** Reads a refresh token. Throws as for an access token. */
  readRefreshToken(token: string): Claims
  /** Reads a token of the queue page. Throws as for an access token. */
  readQueuePageToken(token: string): Claims
}

declare module '@fastify/jwt' {
  interface FastifyJWT {
    namespaces: 'current' | 'previous'
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokens: Tokens
  }
}

/** Decorates the app with `tokens`. */
export const tokens = fp<{ secrets: TokenSecrets }>(
  async (app, { secrets }) => {
    const rules = {
      sign: { algorithm: ALGORITHM },
      verify: { algorithms: [ALGORITHM] },
    } satisfies Partial<FastifyJWTOptions>
    await app.register(fastifyJwt, { namespace: 'current', secret: secrets.current, ...rules })
    if (secrets.previous !== undefined)
      await app.register(fastifyJwt, { namespace: 'previous', secret: secrets.previous, ...rules })

    const verify = (token: string): unknown => {
      try {
        return app.jwt.current.verify(token)
      } catch (error) {
        if (secrets.previous === undefined || codeOf(error) !== 'FAST_JWT_INVALID_SIGNATURE') throw error
        return app.jwt.previous.verify(token)
      }
    }

    const verified = (token: string, use: Claims['use']): unknown => {
      try {
        return verify(token)
      } catch (cause) {
        if (codeOf(cause) !== 'FAST_JWT_EXPIRED') throw new ServiceError('UNAUTHORIZED', { cause })
        throw new ServiceError('TOKEN_EXPIRED', { details: `The ${use} token has expired`, cause })
      }
    }

    const read = (token: string, use: Claims['use']): Claims => {
      const payload = verified(token, use)
      if (!claims.Check(payload) || payload.use !== use) throw new ServiceError('UNAUTHORIZED')
      return payload
    }

    // That we signed a token, and what it says, cannot change; whether it is over, and whether its account still stands, is asked
    // each time.
    const signed = new Map<string, Claims>()
    const readAccess = (token: string): Claims => {
      const known = signed.get(token)
      if (known !== undefined && known.exp * 1_000 > Date.now()) return known
      signed.delete(token)
      const found = read(token, 'access')
      if (signed.size >= MOST_REMEMBERED) signed.clear()
      signed.set(token, found)
      return found
    }

    const signFor = (
      { account, refreshFamily }: Login,
      use: Claims['use'],
      { jti, seconds }: { readonly jti: string; readonly seconds: number },
    ): string => {
      const { id, email, role } = account
      const who = { sub: String(id), email, role, family: refreshFamily.id }
      return app.jwt.current.sign({ ...who, use, jti }, { expiresIn: seconds })
    }

    app.decorate('tokens', {
      sign: (login) => ({
        accessToken: signFor(login, 'access', { jti: randomUUID(), seconds: ACCESS_TOKEN_SECONDS }),
        refreshToken: signFor(login, 'refresh', {
          jti: login.refreshFamily.tokenId,
          seconds: REFRESH_TOKEN_SECONDS,
        }),
      }),
      signForQueuePage: (login) =>
        signFor(login, 'queue-page', { jti: randomUUID(), seconds: ACCESS_TOKEN_SECONDS }),
      readAccessToken: readAccess,
      readRefreshToken: (token) => read(token, 'refresh'),
      readQueuePageToken: (token) => read(token, 'queue-page'),
    } satisfies Tokens)
  },
  { name: 'tokens', fastify: '5.x' },
)

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
