// The service's own secrets: from the environment, or made at the first start and kept in DATA_DIR with mode 0600. From
// ENCRYPTION_KEY every use gets a key of its own (HKDF), so that none of them tells about another.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { chmod, link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TokenSecrets } from './accounts/account.ts'
import { ConfigError, type Config } from './config.ts'
import { ServiceError } from './errors.ts'

/** What is encrypted; bound into the ciphertext, so that one cannot be passed off as another. */
export type SealPurpose = 'device.comm-key' | 'person.template' | 'kept-transfer'

/** What is signed, sealed and opened with the service's own keys. */
export interface Secrets {
  readonly tokenSecrets: TokenSecrets
  /** AES-256-GCM under the current key: `v1.<key id>.<nonce>.<ciphertext and tag>`. */
  seal(purpose: SealPurpose, plain: string): string
  /** Also for what the previous key sealed. Throws STORED_KEY_UNREADABLE when neither fits or the text was changed. */
  unseal(purpose: SealPurpose, sealed: string): string
  /** Keyed digest for the audit chain, under the current key: `<key id>:<64 hex digits>`. */
  signAudit(text: string): string
  /** Whether a digest is that of the text, under the current key or the previous one. */
  checkAudit(text: string, signature: string): boolean
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

const KeptSecrets = Type.Object({
  jwtSecret: Type.String({ minLength: 32 }),
  encryptionKey: Type.String({ minLength: 32 }),
})
const keptSecrets = Compile(KeptSecrets)

/** Reads or makes the secrets. Throws what the file system throws, and ConfigError for a secrets file that is none. */
export async function openSecrets(config: Config): Promise<Secrets> {
  const kept =
    config.JWT_SECRET === undefined || config.ENCRYPTION_KEY === undefined
      ? await keepSecrets(config.DATA_DIR)
      : undefined
  const encryptionKey = config.ENCRYPTION_KEY ?? kept?.encryptionKey
  const jwtSecret = config.JWT_SECRET ?? kept?.jwtSecret
  if (encryptionKey === undefined || jwtSecret === undefined)
    throw new Error('a secret was neither set nor made')

  const current = deriveKeys(encryptionKey)
  const previous =
    config.ENCRYPTION_KEY_PREVIOUS === undefined ? undefined : deriveKeys(config.ENCRYPTION_KEY_PREVIOUS)
  const keysNamed = (id: string | undefined): DerivedKeys | undefined =>
    [current, previous].find((candidate) => candidate?.id === id)

  return {
    tokenSecrets: { current: jwtSecret, previous: config.JWT_SECRET_PREVIOUS },
    seal: (purpose, plain) => seal(current, purpose, plain),
    unseal(purpose, sealed) {
      const keys = keysNamed(sealed.split('.')[1])
      if (keys === undefined) throw new ServiceError('STORED_KEY_UNREADABLE')
      return unseal(keys, purpose, sealed)
    },
    signAudit: (text) => signAudit(current, text),
    checkAudit(text, signature) {
      const keys = keysNamed(signature.split(':')[0])
      return keys !== undefined && signature === signAudit(keys, text)
    },
  }
}

interface DerivedKeys {
  readonly id: string
  readonly sealing: Uint8Array
  readonly audit: Uint8Array
}

function deriveKeys(secret: string): DerivedKeys {
  const derive = (use: string, bytes: number): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', secret, '', `zkteco-device-api/${use}`, bytes))
  return {
    id: Buffer.from(derive('key-id', 4)).toString('hex'),
    sealing: derive('sealing', 32),
    audit: derive('audit-chain', 32),
  }
}

function signAudit(keys: DerivedKeys, text: string): string {
  return `${keys.id}:${createHmac('sha256', keys.audit).update(text).digest('hex')}`
}

function seal(keys: DerivedKeys, purpose: SealPurpose, plain: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keys.sealing, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(purpose))
  const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return ['v1', keys.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
}

function unseal(keys: DerivedKeys, purpose: SealPurpose, text: string): string {
  const [version, , nonceText = '', sealedText = ''] = text.split('.')
  const nonce = Buffer.from(nonceText, 'base64url')
  const sealed = Buffer.from(sealedText, 'base64url')
  if (version !== 'v1' || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES)
    throw new ServiceError('STORED_KEY_UNREADABLE')
  const decipher = createDecipheriv('aes-256-gcm', keys.sealing, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(purpose))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  try {
    const plain = [decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), decipher.final()]
    return Buffer.concat(plain).toString('utf8')
  } catch (cause) {
    throw new ServiceError('STORED_KEY_UNREADABLE', { cause })
  }
}

/** The kept secrets, made now if there are none. Of processes that start together one makes them and all use those. */
async function keepSecrets(folder: string): Promise<{ jwtSecret: string; encryptionKey: string }> {
  const path = join(folder, 'secrets.json')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const found = await readIfThere(path)
  if (found !== undefined) return parseKept(path, found)

  const made = { jwtSecret: newSecret(), encryptionKey: newSecret() }
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, path)
    return made
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    return parseKept(path, await readFile(path, 'utf8'))
  } finally {
    await rm(draft, { force: true })
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    await chmod(path, 0o600)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function parseKept(path: string, text: string): { jwtSecret: string; encryptionKey: string } {
  const kept = parsedOrNothing(text)
  if (keptSecrets.Check(kept)) return kept
  throw new ConfigError([
    {
      variable: 'DATA_DIR',
      message: `${path} is no secrets file; restore it from a backup: without it nobody can read the stored comm keys`,
    },
  ])
}

/** Undefined for what is no JSON. The parser's own words quote the text, and this text is secret. */
function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function newSecret(): string {
  return randomBytes(48).toString('base64url')
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
