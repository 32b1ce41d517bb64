// Every environment variable of the service, declared once: type, default, description. `docs/configuration.md` is generated
// from CONFIG. How they are read and checked is in read-config.ts.
import { Type, type Static } from 'typebox'
import type { NoticeChannel } from './notices/notice.ts'

/**
 * The declaration. Beside JSON Schema's own words, `secret` marks what is never printed, and `neededInQueueMode` what has no
 * substitute when several processes share the work.
 */
export const CONFIG = Type.Object({
  DATABASE_URL: Type.Optional(
    Type.String({
      description:
        'Where rows are kept: mysql://user:password@host:port/name (also mariadb://), or sqlite:/path/to/file.db. Default: service.db in DATA_DIR.',
      pattern: '^(mysql|mariadb|sqlite):',
      secret: true,
    }),
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      description:
        'redis://host:port or rediss://…: carries jobs, leases and limits for several processes. With DATABASE_URL on MySQL or MariaDB this is queue mode. Default: none, everything runs in one process.',
      pattern: '^rediss?://',
      secret: true,
    }),
  ),
  DATA_DIR: Type.String({
    default: './data',
    minLength: 1,
    description: 'Folder for the SQLite file and for secrets made at the first start.',
  }),
  HOST: Type.String({ default: '127.0.0.1', minLength: 1, description: 'Address that the API listens on.' }),
  PORT: Type.Integer({
    default: 3000,
    minimum: 0,
    maximum: 65535,
    description: 'Port that the API listens on; 0 takes any free one.',
  }),
  DRAIN_SECONDS: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 5,
      description:
        'How long the API, told to stop, goes on answering while /health/ready says 503, so that a load balancer that follows it sends nothing into the void: several of its looks. Default: 3 in queue mode, otherwise 0.',
    }),
  ),
  LOG_LEVEL: Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level) => Type.Literal(level)),
    { default: 'info', description: 'How much is logged: fatal, error, warn, info, debug, trace or silent.' },
  ),
  JWT_SECRET: Type.Optional(
    Type.String({
      description:
        'Signs access and refresh tokens; at least 32 bytes. Without queue mode it is made at the first start and kept in DATA_DIR.',
      secret: true,
      neededInQueueMode: true,
    }),
  ),
  JWT_SECRET_PREVIOUS: Type.Optional(
    Type.String({
      description: 'The secret before the last change: tokens signed with it stay valid.',
      secret: true,
    }),
  ),
  ENCRYPTION_KEY: Type.Optional(
    Type.String({
      description:
        'Encrypts comm keys at rest and keys the audit chain; at least 32 bytes. Without queue mode it is made at the first start and kept in DATA_DIR.',
      secret: true,
      neededInQueueMode: true,
    }),
  ),
  ENCRYPTION_KEY_PREVIOUS: Type.Optional(
    Type.String({
      description: 'The key before the last change: what was encrypted with it can still be read.',
      secret: true,
    }),
  ),
  ADMIN_EMAIL: Type.Optional(
    Type.String({
      description: 'E-mail address of the first admin, made while there is no account.',
      pattern: '^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$',
      maxLength: 254,
    }),
  ),
  ADMIN_PASSWORD: Type.Optional(
    Type.String({
      description:
        'Password of the first admin, 8 to 128 characters. Default: one made at random and printed once.',
      minLength: 8,
      maxLength: 128,
      secret: true,
    }),
  ),
  DEFAULT_TIMEZONE: Type.String({
    default: 'UTC',
    description: 'IANA zone of a device that is registered without one.',
  }),
  DEVICE_NETWORKS: Type.String({
    default: '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,::1/128,fc00::/7',
    description: 'Comma-separated networks (CIDR) in which devices may be registered and dialled.',
  }),
  DEVICE_WAIT_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 600_000,
    description: 'How long an operation waits for a terminal that another one holds, in milliseconds.',
  }),
  DEVICE_IDLE_MS: Type.Integer({
    default: 10_000,
    minimum: 0,
    maximum: 600_000,
    description: 'How long a connection to a terminal is kept open after use, in milliseconds.',
  }),
  DEVICE_LEASE_MS: Type.Integer({
    default: 30_000,
    minimum: 3_000,
    maximum: 600_000,
    description:
      'After how long a terminal is free again when the process that held it has died, in milliseconds.',
  }),
  JOB_CLAIM_MS: Type.Integer({
    default: 15_000,
    minimum: 1_000,
    maximum: 600_000,
    description: 'After how long a job is taken over when its worker has died, in milliseconds.',
  }),
  WORKER_CONCURRENCY: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 1_000,
    description: 'Jobs that one worker process runs at once.',
  }),
  ALIVE_FILE: Type.Optional(
    Type.String({
      description:
        'File that a worker process writes every 5 seconds while it can do its work, for health checks of containers: a worker has no port. Default: none.',
    }),
  ),
  SYNC_SCHEDULE: Type.Optional(
    Type.String({
      description:
        'When devices sync by themselves: a cron expression of 5 fields, or of 6 with seconds first, such as 0 3 * * *. A device with `sync_interval_minutes` goes by that instead. Default: none, only such devices do.',
    }),
  ),
  SYNC_SCHEDULE_ZONE: Type.Optional(
    Type.String({ description: 'IANA zone of SYNC_SCHEDULE. Default: that of DEFAULT_TIMEZONE.' }),
  ),
  SYNC_SPREAD_SECONDS: Type.Integer({
    default: 300,
    minimum: 0,
    maximum: 3_600,
    description:
      'Over how many seconds the syncs of one time of SYNC_SCHEDULE begin, and those that were missed; each device has its place in it. 0: all at once.',
  }),
  JOB_RETENTION_DAYS: Type.Integer({
    default: 30,
    minimum: 0,
    maximum: 3_650,
    description:
      'After how many days a finished job is removed; statistics go on counting it. 0: jobs are kept for ever.',
  }),
  LIVE_WATCH: Type.Boolean({
    default: true,
    description:
      'Whether workers keep a connection to every active device with `live` and store punches as they happen.',
  }),
  RATE_LIMIT_PER_MINUTE: Type.Integer({
    default: 300,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Requests a minute from one address, /health excepted.',
  }),
  LOGIN_RATE_LIMIT_PER_MINUTE: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Logins a minute from one address.',
  }),
  UNLOCK_RATE_LIMIT_PER_MINUTE: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 1_000_000,
    description: 'Requests to open a door a minute from one account; refused and repeated ones count.',
  }),
  SMTP_URL: Type.Optional(
    Type.String({
      description:
        'smtp://user:password@host:port or smtps://…: sends notices by e-mail to NOTIFY_EMAILS. Default: none.',
      pattern: '^smtps?://',
      secret: true,
    }),
  ),
  NOTIFY_EMAILS: Type.Optional(
    Type.String({
      description: 'Comma-separated e-mail addresses that notices go to; needed with SMTP_URL.',
    }),
  ),
  NOTIFY_FROM: Type.String({
    default: 'ZKTeco Device API <no-reply@localhost>',
    minLength: 3,
    description: 'Sender of e-mails.',
  }),
  SLACK_WEBHOOK_URL: Type.Optional(
    Type.String({
      description: 'Incoming webhook of Slack that notices go to. Default: none.',
      pattern: '^https?://',
      secret: true,
    }),
  ),
  WEBHOOK_URL: Type.Optional(
    Type.String({
      description: 'URL that notices are posted to, signed with WEBHOOK_SECRET. Default: none.',
      pattern: '^https?://',
      secret: true,
    }),
  ),
  WEBHOOK_SECRET: Type.Optional(
    Type.String({
      description: 'Signs what is posted to WEBHOOK_URL (HMAC-SHA256); at least 32 bytes; needed with it.',
      secret: true,
    }),
  ),
  WEBHOOK_SECRET_PREVIOUS: Type.Optional(
    Type.String({
      description: 'The secret before the last change: a second signature is made with it.',
      secret: true,
    }),
  ),
  WEBHOOK_PUNCHES: Type.Boolean({
    default: false,
    description: 'Whether every new punch is posted to WEBHOOK_URL too, at most 100 in one delivery.',
  }),
  OVERLOAD_DELAY_MS: Type.Integer({
    default: 1_000,
    minimum: 0,
    maximum: 60_000,
    description:
      'Requests are refused (503) while the process is so far behind with its work, or its memory is nearly used up; 0: never.',
  }),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      description:
        "Opens /metrics as `Authorization: Bearer …`, beside an admin's token; at least 32 bytes. Default: none.",
      pattern: '^[\\w.~+/-]+=*$',
      secret: true,
    }),
  ),
  STORE_TEMPLATES: Type.Boolean({
    default: false,
    description:
      'Whether fingerprint templates are kept in the database, encrypted, so that they can be written to a terminal from there. They are biometric data; false removes those that were kept.',
  }),
  PUNCH_RETENTION: Type.Optional(
    Type.String({
      description:
        'How long punches are kept, in days or years: 400d, 3y (a year counts as 366 days); 31d at least, 100y at most. Older ones are removed for good. Default: for ever.',
    }),
  ),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      description:
        'Comma-separated origins that browsers may call from, such as https://hr.example.com. Default: none.',
    }),
  ),
  TRUST_PROXY: Type.String({
    default: 'false',
    description:
      'Whose x-forwarded-for is believed: false, true, or comma-separated addresses and networks of proxies.',
  }),
  TLS_CERT: Type.Optional(
    Type.String({ description: 'Path of a PEM certificate; with TLS_KEY the API speaks HTTPS.' }),
  ),
  TLS_KEY: Type.Optional(Type.String({ description: 'Path of the PEM private key of TLS_CERT.' })),
})

/** How the service runs, decided by what is set and by nothing else. */
export interface RunMode {
  readonly database: 'sqlite' | 'mysql'
  readonly coordination: 'memory' | 'redis'
  readonly queue: 'database' | 'bullmq'
  /** One process with api and worker in it; false is queue mode. */
  readonly embedded: boolean
}

/** The values as set, and what follows from them. */
export interface Config extends Readonly<Static<typeof CONFIG>> {
  readonly mode: RunMode
  /** DATABASE_URL, or the SQLite file in DATA_DIR: what `openDatabase` wants. */
  readonly databaseUrl: string
  /** DRAIN_SECONDS, or what the mode has in its place. */
  readonly drainMs: number
  readonly deviceNetworks: readonly string[]
  /** The ways to deliver notices that are set. */
  readonly noticeChannels: readonly NoticeChannel[]
  /** NOTIFY_EMAILS, one by one. */
  readonly noticeEmails: readonly string[]
  /** PUNCH_RETENTION in milliseconds; undefined: for ever. */
  readonly punchRetentionMs: number | undefined
  readonly corsOrigins: readonly string[]
  /** SYNC_SCHEDULE_ZONE, or what stands for it. */
  readonly syncScheduleZone: string
  /** As Fastify's `trustProxy` takes it. */
  readonly trustProxy: boolean | string[]
}

/** One wrong variable. */
export interface ConfigFault {
  readonly variable: string
  readonly message: string
}

/** The environment does not add up; the message lists every fault on a line of its own. No value is shown. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]

  constructor(faults: readonly ConfigFault[]) {
    super(['The configuration is wrong:', ...faults.map((f) => `  ${f.variable}: ${f.message}`)].join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}
