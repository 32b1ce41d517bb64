// The environment, read and checked as a whole.
import { describe, expect, it } from 'vitest'
import { CONFIG, ConfigError, readConfig } from '../src/index.ts'

const SECRET = 'x'.repeat(32)

function errorOf(env: Record<string, string>): ConfigError {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

function faultsOf(env: Record<string, string>): string[] {
  return errorOf(env)
    .faults.map(({ variable }) => variable)
    .toSorted((a, b) => (a < b ? -1 : 1))
}

describe('the configuration', () => {
  it('needs nothing: embedded mode is the default', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      PORT: 3_000,
      HOST: '127.0.0.1',
      DEVICE_WAIT_MS: 10_000,
      LOG_LEVEL: 'info',
    })
    expect(config.mode).toEqual({
      database: 'sqlite',
      coordination: 'memory',
      queue: 'database',
      embedded: true,
    })
    expect(config.databaseUrl).toMatch(/^sqlite:\/.*\/data\/service\.db$/)
    expect(config.trustProxy).toBe(false)
    expect(config.corsOrigins).toEqual([])
  })

  it('takes a schedule in a zone, its own or the default one', () => {
    expect(readConfig({}).syncScheduleZone).toBe('UTC')
    expect(readConfig({ DEFAULT_TIMEZONE: 'Asia/Jakarta', SYNC_SCHEDULE: '0 3 * * *' })).toMatchObject({
      SYNC_SCHEDULE: '0 3 * * *',
      syncScheduleZone: 'Asia/Jakarta',
    })
    expect(readConfig({ SYNC_SCHEDULE_ZONE: 'Europe/Berlin' }).syncScheduleZone).toBe('Europe/Berlin')
    expect(faultsOf({ SYNC_SCHEDULE: 'every day' })).toEqual(['SYNC_SCHEDULE'])
    expect(errorOf({ SYNC_SCHEDULE: '61 3 * * *' }).message).toContain(
      'SYNC_SCHEDULE: is no cron expression (Invalid value for minute: 61)',
    )
    expect(faultsOf({ SYNC_SCHEDULE: '0 3 * * *', SYNC_SCHEDULE_ZONE: 'Nowhere' })).toEqual([
      'SYNC_SCHEDULE_ZONE',
    ])
    expect(faultsOf({ SYNC_SCHEDULE: '0 3 * * *', DEFAULT_TIMEZONE: 'Nowhere' })).toEqual([
      'DEFAULT_TIMEZONE',
    ])
    expect(faultsOf({ SYNC_SPREAD_SECONDS: '-1', JOB_RETENTION_DAYS: '9999' })).toEqual([
      'JOB_RETENTION_DAYS',
      'SYNC_SPREAD_SECONDS',
    ])
  })

  it('drains where another process goes on: by itself in queue mode alone', () => {
    const shared = { DATABASE_URL: 'mysql://root@db/zk', REDIS_URL: 'redis://cache' }
    const queueMode = { ...shared, JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET }
    expect(readConfig({}).drainMs).toBe(0)
    expect(readConfig({ DRAIN_SECONDS: '2' }).drainMs).toBe(2_000)
    expect(readConfig(queueMode).drainMs).toBe(3_000)
    expect(readConfig({ ...queueMode, DRAIN_SECONDS: '0' }).drainMs).toBe(0)
    expect(faultsOf({ DRAIN_SECONDS: '6' })).toEqual(['DRAIN_SECONDS'])
  })

  it('is queue mode with MySQL and Redis, and one process with either alone', () => {
    const mysql = { DATABASE_URL: 'mysql://root@db/zk' }
    const redis = { REDIS_URL: 'redis://cache' }
    const secrets = { JWT_SECRET: SECRET, ENCRYPTION_KEY: SECRET }
    expect(readConfig({ ...mysql, ...redis, ...secrets }).mode).toEqual({
      database: 'mysql',
      coordination: 'redis',
      queue: 'bullmq',
      embedded: false,
    })
    expect(readConfig(mysql).mode).toMatchObject({
      database: 'mysql',
      coordination: 'memory',
      embedded: true,
    })
    expect(readConfig(redis).mode).toMatchObject({ database: 'sqlite', queue: 'bullmq', embedded: true })
  })

  it('tells every fault at once, one line each, and no value', () => {
    const env = {
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'postgres://user:hunter2@db/zk',
      DEFAULT_TIMEZONE: 'Mars/Olympus',
      DEVICE_NETWORKS: '10.0.0.0/8,nowhere',
      CORS_ORIGINS: 'https://hr.example.com/path',
      TRUST_PROXY: 'perhaps',
      ADMIN_EMAIL: 'admin',
      ADMIN_PASSWORD: 'short',
      JWT_SECRET: 'too short',
      TLS_CERT: '/etc/cert.pem',
    }
    expect(faultsOf(env)).toEqual(
      [...Object.keys(env).filter((name) => name !== 'TLS_CERT'), 'TLS_KEY'].toSorted((a, b) =>
        a < b ? -1 : 1,
      ),
    )
    const { message } = errorOf(env)
    expect(message.split('\n')).toHaveLength(1 + 11)
    for (const value of ['hunter2', 'short\n', 'too short']) expect(message).not.toContain(value)
  })

  it('tells what is wrong about where notices go, and no value', () => {
    const env = {
      SMTP_URL: 'smtp://user:hunter2@[',
      NOTIFY_EMAILS: 'one@example.org, not an address',
      SLACK_WEBHOOK_URL: 'https://',
      WEBHOOK_URL: 'https://user:hunter2@example.org/hook',
      WEBHOOK_SECRET: SECRET,
    }
    expect(faultsOf(env)).toEqual(['NOTIFY_EMAILS', 'SLACK_WEBHOOK_URL', 'SMTP_URL', 'WEBHOOK_URL'])
    expect(errorOf(env).message).not.toMatch(/hunter2|not an address/)
    expect(faultsOf({ WEBHOOK_PUNCHES: 'true' })).toEqual(['WEBHOOK_URL'])
    const set = readConfig({
      SMTP_URL: 'smtps://user:p%40ss@mail.example.org?requireTLS=true',
      NOTIFY_EMAILS: 'one@example.org, two@example.org',
      WEBHOOK_URL: 'https://example.org/hook',
      WEBHOOK_SECRET: SECRET,
      WEBHOOK_PUNCHES: 'true',
    })
    expect(set.noticeEmails).toEqual(['one@example.org', 'two@example.org'])
    expect(set.noticeChannels).toEqual(['smtp', 'webhook'])
  })

  it('wants secrets in queue mode', () => {
    expect(faultsOf({ DATABASE_URL: 'mysql://root@db/zk', REDIS_URL: 'redis://cache' })).toEqual([
      'ENCRYPTION_KEY',
      'JWT_SECRET',
    ])
  })

  it('takes an empty value for none, and leaves alone what is not its own', () => {
    const config = readConfig({ PORT: '', REDIS_URL: '', PATH: '/bin', npm_config_x: '1' })
    expect(config.PORT).toBe(3_000)
    expect(config.mode.coordination).toBe('memory')
    expect(config).not.toHaveProperty('PATH')
  })

  it('reads lists, numbers and the proxies that are believed', () => {
    const config = readConfig({
      PORT: '0',
      DEVICE_NETWORKS: '10.0.0.0/8, fd00::/8',
      CORS_ORIGINS: 'https://a.example, http://b.example:8080',
      TRUST_PROXY: '10.0.0.1,172.16.0.0/12',
    })
    expect(config.PORT).toBe(0)
    expect(config.deviceNetworks).toEqual(['10.0.0.0/8', 'fd00::/8'])
    expect(config.corsOrigins).toEqual(['https://a.example', 'http://b.example:8080'])
    expect(config.trustProxy).toEqual(['10.0.0.1', '172.16.0.0/12'])
    expect(readConfig({ TRUST_PROXY: 'true' }).trustProxy).toBe(true)
  })

  it('takes days or years for the time that punches are kept, and nothing that is absurdly short or long', () => {
    const kept = (PUNCH_RETENTION: string) => readConfig({ PUNCH_RETENTION }).punchRetentionMs
    expect(readConfig({}).punchRetentionMs).toBeUndefined()
    expect([kept('31d'), kept('3y')]).toEqual([31 * 86_400_000, 3 * 366 * 86_400_000])
    for (const wrong of ['30d', '0y', '101y', '99999d', '3', '3 y', 'P3Y', '-400d', '1e3d', '400D', '40.5d'])
      expect([wrong, faultsOf({ PUNCH_RETENTION: wrong })]).toEqual([wrong, ['PUNCH_RETENTION']])
  })

  it('describes every variable in a sentence', () => {
    for (const [name, schema] of Object.entries(CONFIG.properties)) {
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/)
      expect(schema).toHaveProperty('description', expect.stringMatching(/^[^]{15,}\.$/))
    }
  })
})
