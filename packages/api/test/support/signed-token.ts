// Tokens made by hand, right and wrong ones, so that no test trusts the code under test to forge them.
import { createHmac } from 'node:crypto'
import { SECRET } from './services-double.ts'

export interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly secret?: string
  readonly hash?: 'sha256' | 'sha384'
  /** Instead of the signature. */
  readonly signature?: string
}

/** An access token that is right in all that is not replaced. */
export function signToken({
  header,
  claims,
  secret = SECRET,
  hash = 'sha256',
  signature,
}: Forgery = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    sub: '1',
    email: 'admin@example.com',
    role: 'admin',
    use: 'access',
    jti: 'made-by-hand',
    family: 'family-1',
    iat: now,
    exp: now + 3600,
    ...claims,
  }
  const signed = [{ alg: 'HS256', typ: 'JWT', ...header }, payload].map(encode).join('.')
  return `${signed}.${signature ?? createHmac(hash, secret).update(signed).digest('base64url')}`
}

/** A part of a token, read. */
export function readPart(token: string, part: 'header' | 'claims'): Record<string, unknown> {
  const text = token.split('.')[part === 'header' ? 0 : 1] ?? ''
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
