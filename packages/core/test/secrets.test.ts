// The service's own secrets: made once, kept to their owner, used under separate keys.
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../src/index.ts'
import { openSecrets } from '../src/secrets.ts'
import { scratchFolder } from './support/scratch-service.ts'

const KEY = 'an encryption key of thirty-two bytes'
const OTHER_KEY = 'another encryption key, also long enough'
const JWT = 'a secret for tokens of thirty-two bytes'
const given = (env: Record<string, string> = {}) =>
  openSecrets(readConfig({ ENCRYPTION_KEY: KEY, JWT_SECRET: JWT, ...env }))

describe('secrets', () => {
  it('are made once and kept with mode 0600, also when processes start together', async () => {
    await using folder = await scratchFolder()
    const config = readConfig({ DATA_DIR: join(folder.path, 'new') })
    const opened = await Promise.all(Array.from({ length: 8 }, () => openSecrets(config)))
    expect(new Set(opened.map((secrets) => secrets.tokenSecrets.current)).size).toBe(1)
    const path = join(folder.path, 'new', 'secrets.json')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder.path, 'new'))).mode & 0o777).toBe(0o700)
    expect((await openSecrets(config)).tokenSecrets.current).toBe(opened[0]?.tokenSecrets.current)
    expect(await readFile(path, 'utf8')).not.toContain('undefined')
  })

  it('are those of the environment where it has them', async () => {
    expect((await given({ JWT_SECRET_PREVIOUS: KEY })).tokenSecrets).toEqual({ current: JWT, previous: KEY })
  })

  it('are not replaced when their file is damaged', async () => {
    await using folder = await scratchFolder()
    const path = join(folder.path, 'secrets.json')
    const secret = 'MySuperSecretValue'
    for (const damaged of ['', '{}', '[', `{"jwtSecret":"${secret}`, `{"jwtSecret":${secret}}`, secret]) {
      await writeFile(path, damaged)
      const error: unknown = await openSecrets(readConfig({ DATA_DIR: folder.path })).catch(
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ConfigError)
      expect(error).toHaveProperty(
        'message',
        expect.stringContaining(`${path} is no secrets file; restore it from a backup`),
      )
      expect(inspect(error)).not.toContain(secret.slice(0, 5))
      expect(await readFile(path, 'utf8')).toBe(damaged)
    }
  })
})

describe('a sealed comm key', () => {
  it('opens again, and is never sealed twice alike', async () => {
    const secrets = await given()
    const sealed = secrets.seal('device.comm-key', '123456')
    expect(sealed).not.toContain('123456')
    expect(secrets.seal('device.comm-key', '123456')).not.toBe(sealed)
    expect(secrets.unseal('device.comm-key', sealed)).toBe('123456')
  })

  it('still opens after the key was rotated', async () => {
    const sealed = (await given()).seal('device.comm-key', '123456')
    const rotated = await given({ ENCRYPTION_KEY: OTHER_KEY, ENCRYPTION_KEY_PREVIOUS: KEY })
    expect(rotated.unseal('device.comm-key', sealed)).toBe('123456')
  })

  it('does not open with another key, or when a byte was changed', async () => {
    const secrets = await given()
    const sealed = secrets.seal('device.comm-key', '123456')
    const other = await given({ ENCRYPTION_KEY: OTHER_KEY })
    const unreadable = expect.objectContaining({ code: 'STORED_KEY_UNREADABLE', retryable: false })
    expect(() => other.unseal('device.comm-key', sealed)).toThrow(unreadable)
    const changed = sealed.at(-8) === 'A' ? 'B' : 'A'
    for (const broken of [sealed.slice(0, -8) + changed + sealed.slice(-7), sealed.slice(0, 20), 'v1', ''])
      expect(() => secrets.unseal('device.comm-key', broken)).toThrow(unreadable)
  })
})

describe('an audit signature', () => {
  it('names its key and depends on it', async () => {
    const [one, same, other] = await Promise.all([given(), given(), given({ ENCRYPTION_KEY: OTHER_KEY })])
    expect(one.signAudit('row')).toMatch(/^[0-9a-f]{8}:[0-9a-f]{64}$/)
    expect(same.signAudit('row')).toBe(one.signAudit('row'))
    expect(other.signAudit('row')).not.toBe(one.signAudit('row'))
    expect(one.signAudit('row ')).not.toBe(one.signAudit('row'))
  })

  it('is checked with the key that it names', async () => {
    const old = (await given()).signAudit('row')
    const rotated = await given({ ENCRYPTION_KEY: OTHER_KEY, ENCRYPTION_KEY_PREVIOUS: KEY })
    expect(rotated.checkAudit('row', old)).toBe(true)
    expect(rotated.checkAudit('row', rotated.signAudit('row'))).toBe(true)
    const renamed = rotated.signAudit('row').slice(0, 8) + old.slice(8)
    for (const wrong of [rotated.signAudit('other'), renamed, old.slice(0, -1), ''])
      expect(rotated.checkAudit('row', wrong)).toBe(false)
    expect((await given({ ENCRYPTION_KEY: OTHER_KEY })).checkAudit('row', old)).toBe(false)
  })
})
