// Reading the environment by the declaration in config.ts: every fault at once, and what follows from the values. An empty value
// counts as not set.
import { resolve } from 'node:path'
import { envSchema } from 'env-schema'
import type { Static } from 'typebox'
import { CONFIG, ConfigError, type Config, type ConfigFault, type RunMode } from './config.ts'
import { isZone } from './device-zone.ts'
import { parseRetention } from './punch-retention.ts'
import type { NoticeChannel } from './notices/notice.ts'
import { cronFault } from './schedules/cron-times.ts'
import { parseNetwork } from './terminals/network-bounds.ts'

/** Shortest secret accepted, in bytes: 256 bits, what HS256 and AES-256 are worth. */
const SECRET_BYTES = 32
/** Where several processes share the work, something stands before them that has to notice that one leaves. */
const QUEUE_MODE_DRAIN_SECONDS = 3

/** Reads and checks the whole environment. Throws ConfigError with every fault at once. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const { values, faults } = readValues(set)
  faults.push(
    ...checkSecrets(set),
    ...checkLists(set),
    ...checkPairs(set),
    ...checkNotices(set),
    ...checkSchedule(set),
    ...checkRetention(set),
  )
  if (values === undefined || faults.length > 0) throw new ConfigError(faults)

  const mode = runMode(values)
  return {
    ...values,
    mode,
    databaseUrl: values.DATABASE_URL ?? `sqlite:${resolve(values.DATA_DIR, 'service.db')}`,
    drainMs: 1_000 * (values.DRAIN_SECONDS ?? (mode.embedded ? 0 : QUEUE_MODE_DRAIN_SECONDS)),
    deviceNetworks: listOf(values.DEVICE_NETWORKS),
    noticeChannels: noticeChannels(values),
    noticeEmails: listOf(values.NOTIFY_EMAILS),
    punchRetentionMs: parseRetention(values.PUNCH_RETENTION),
    corsOrigins: listOf(values.CORS_ORIGINS),
    syncScheduleZone: values.SYNC_SCHEDULE_ZONE ?? values.DEFAULT_TIMEZONE,
    trustProxy: trustProxy(values.TRUST_PROXY),
  }
}

type SetVariables = Readonly<Record<string, string | undefined>>

/** What env-schema throws: JSON Schema's own findings. */
interface SchemaFinding {
  readonly instancePath: string
  readonly message?: string
}

function readValues(set: SetVariables): { values: Static<typeof CONFIG> | undefined; faults: ConfigFault[] } {
  try {
    const values = envSchema<Static<typeof CONFIG>>({
      schema: structuredClone(CONFIG),
      data: { ...set },
      env: false,
      ajv: { customOptions: (ajv) => ajv.addVocabulary(['secret', 'neededInQueueMode']) },
    })
    return { values, faults: [] }
  } catch (error) {
    const findings = schemaFindings(error)
    if (findings === undefined) throw error
    return { values: undefined, faults: faultsOf(findings) }
  }
}

function schemaFindings(error: unknown): readonly SchemaFinding[] | undefined {
  if (!(error instanceof Error) || !('errors' in error) || !Array.isArray(error.errors)) return undefined
  return error.errors.filter(
    (finding: unknown): finding is SchemaFinding =>
      typeof finding === 'object' && finding !== null && 'instancePath' in finding,
  )
}

/** One fault a variable: a union reports each of its branches. */
function faultsOf(findings: readonly SchemaFinding[]): ConfigFault[] {
  const byVariable = new Map<string, string>()
  for (const { instancePath, message } of findings) {
    const variable = instancePath.slice(1)
    byVariable.set(variable, wordsFor(variable) ?? message ?? 'is not valid')
  }
  return [...byVariable].map(([variable, message]) => ({ variable, message }))
}

function wordsFor(variable: string): string | undefined {
  const words: Readonly<Record<string, string>> = {
    DATABASE_URL: 'must begin with mysql:, mariadb: or sqlite:',
    REDIS_URL: 'must begin with redis:// or rediss://',
    SMTP_URL: 'must begin with smtp:// or smtps://',
    SLACK_WEBHOOK_URL: 'must begin with http:// or https://',
    WEBHOOK_URL: 'must begin with http:// or https://',
    LOG_LEVEL: 'must be fatal, error, warn, info, debug, trace or silent',
    METRICS_TOKEN: 'must be of letters, digits and -._~+/ alone, as a bearer token is',
    ADMIN_EMAIL: 'must be an e-mail address',
    ADMIN_PASSWORD: 'must have 8 to 128 characters',
  }
  return words[variable]
}

/** Queue mode: rows and coordination are shared, so any number of processes may run. */
function isQueueMode(set: SetVariables): boolean {
  return /^(mysql|mariadb):/.test(set['DATABASE_URL'] ?? '') && set['REDIS_URL'] !== undefined
}

function checkSecrets(set: SetVariables): ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const variable of [
    'JWT_SECRET',
    'JWT_SECRET_PREVIOUS',
    'ENCRYPTION_KEY',
    'ENCRYPTION_KEY_PREVIOUS',
    'WEBHOOK_SECRET',
    'WEBHOOK_SECRET_PREVIOUS',
    'METRICS_TOKEN',
  ]) {
    const value = set[variable]
    if (value !== undefined && Buffer.byteLength(value) < SECRET_BYTES)
      faults.push({ variable, message: `must have at least ${SECRET_BYTES} bytes` })
    const needed = variable === 'JWT_SECRET' || variable === 'ENCRYPTION_KEY'
    if (value === undefined && needed && isQueueMode(set))
      faults.push({ variable, message: 'is needed in queue mode (DATABASE_URL on MySQL with REDIS_URL)' })
  }
  return faults
}

function checkLists(set: SetVariables): ConfigFault[] {
  const faults: ConfigFault[] = []
  const zone = set['DEFAULT_TIMEZONE']
  if (zone !== undefined && !isZone(zone))
    faults.push({ variable: 'DEFAULT_TIMEZONE', message: 'must be an IANA zone such as Asia/Jakarta' })
  for (const network of listOf(set['DEVICE_NETWORKS']))
    if (parseNetwork(network) === undefined)
      faults.push({ variable: 'DEVICE_NETWORKS', message: `"${network}" is no network such as 10.0.0.0/8` })
  for (const origin of listOf(set['CORS_ORIGINS']))
    if (!isOrigin(origin))
      faults.push({
        variable: 'CORS_ORIGINS',
        message: `"${origin}" is no origin such as https://hr.example.com`,
      })
  const proxies = trustProxy(set['TRUST_PROXY'] ?? 'false')
  if (Array.isArray(proxies))
    for (const proxy of proxies)
      if (parseNetwork(proxy) === undefined)
        faults.push({ variable: 'TRUST_PROXY', message: `"${proxy}" is neither true, false nor an address` })
  return faults
}

function checkPairs(set: SetVariables): ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const [variable, other] of [
    ['TLS_CERT', 'TLS_KEY'],
    ['TLS_KEY', 'TLS_CERT'],
    ['SMTP_URL', 'NOTIFY_EMAILS'],
    ['NOTIFY_EMAILS', 'SMTP_URL'],
    ['WEBHOOK_URL', 'WEBHOOK_SECRET'],
    ['WEBHOOK_SECRET', 'WEBHOOK_URL'],
  ] as const)
    if (set[variable] !== undefined && set[other] === undefined)
      faults.push({ variable: other, message: `is needed because ${variable} is set` })
  return faults
}

/** The form of what notices are sent to; no value is shown, since each is a secret or a person's address. */
function checkNotices(set: SetVariables): ConfigFault[] {
  const faults: ConfigFault[] = []
  for (const variable of ['SLACK_WEBHOOK_URL', 'WEBHOOK_URL']) {
    const url = URL.parse(set[variable] ?? 'https://none')
    if (url === null || url.username !== '' || url.password !== '')
      faults.push({ variable, message: 'must be a URL without user and password' })
  }
  if (set['SMTP_URL'] !== undefined && !URL.canParse(set['SMTP_URL']))
    faults.push({ variable: 'SMTP_URL', message: 'must be a URL; write special characters as %XX' })
  if (!listOf(set['NOTIFY_EMAILS']).every((address) => /^[^\s@<>",;:]+@[^\s@<>",;:]+$/.test(address)))
    faults.push({ variable: 'NOTIFY_EMAILS', message: 'must be e-mail addresses with commas between' })
  if (set['WEBHOOK_PUNCHES'] === 'true' && set['WEBHOOK_URL'] === undefined)
    faults.push({ variable: 'WEBHOOK_URL', message: 'is needed because WEBHOOK_PUNCHES is set' })
  return faults
}

function checkSchedule(set: SetVariables): ConfigFault[] {
  const expression = set['SYNC_SCHEDULE']
  const zone = set['SYNC_SCHEDULE_ZONE']
  if (zone !== undefined && !isZone(zone))
    return [{ variable: 'SYNC_SCHEDULE_ZONE', message: 'must be an IANA zone such as Asia/Jakarta' }]
  const fallback = set['DEFAULT_TIMEZONE'] ?? 'UTC'
  // A zone that is none is a fault of its own.
  const message = expression && cronFault(expression, zone ?? (isZone(fallback) ? fallback : 'UTC'))
  return message ? [{ variable: 'SYNC_SCHEDULE', message }] : []
}

/** A month is paid from its punches when it is over: less than that nobody means. */
function checkRetention(set: SetVariables): ConfigFault[] {
  const value = set['PUNCH_RETENTION']
  if (value === undefined || parseRetention(value) !== undefined) return []
  return [
    {
      variable: 'PUNCH_RETENTION',
      message: 'must be a number of days or years such as 400d or 3y, from 31d to 100y',
    },
  ]
}

function noticeChannels({
  SMTP_URL,
  SLACK_WEBHOOK_URL,
  WEBHOOK_URL,
}: Static<typeof CONFIG>): NoticeChannel[] {
  const urls = { smtp: SMTP_URL, slack: SLACK_WEBHOOK_URL, webhook: WEBHOOK_URL }
  return (['smtp', 'slack', 'webhook'] as const).filter((channel) => urls[channel] !== undefined)
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function trustProxy(text: string): boolean | string[] {
  if (text === 'true') return true
  if (text === 'false') return false
  return listOf(text)
}

function runMode(values: Static<typeof CONFIG>): RunMode {
  const database = /^(mysql|mariadb):/.test(values.DATABASE_URL ?? '') ? 'mysql' : 'sqlite'
  const redis = values.REDIS_URL !== undefined
  return {
    database,
    coordination: redis ? 'redis' : 'memory',
    queue: redis ? 'bullmq' : 'database',
    embedded: !(database === 'mysql' && redis),
  }
}
