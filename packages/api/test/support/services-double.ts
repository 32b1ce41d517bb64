// Services made by hand, for what HTTP does by itself: each part answers with one fixed row until a test says otherwise.
import { readConfig } from '@org/core'
import type {
  Account,
  Accounts,
  ApiKey,
  ApiKeys,
  Attendance,
  AuditReading,
  CachedAnswers,
  Config,
  Device,
  Devices,
  Doors,
  Health,
  JobCounts,
  JobQueue,
  JobView,
  Login,
  Metrics,
  Notices,
  People,
  Person,
  Punch,
  RateCounter,
  Services,
} from '@org/core'
import { testLog } from '../../../../scripts/toolchain/test-log.ts'

export const SECRET = 'a secret of the tests, more than 32 bytes long'

export const ADMIN: Account = {
  id: 1,
  username: 'admin',
  email: 'admin@example.com',
  role: 'admin',
  disabled: false,
  createdAt: '2024-02-05T14:30:00.123Z',
}

export const API_KEY: ApiKey = {
  id: 1,
  name: 'payroll',
  role: 'user',
  deviceIds: [1],
  createdBy: 'admin@example.com',
  createdAt: '2024-02-05T14:30:00.123Z',
  expiresAt: null,
  lastUsedAt: null,
}

export const DEVICE: Device = {
  id: 1,
  name: 'Main Entrance Reader',
  ip: '192.168.1.100',
  port: 4370,
  location: 'Building A - Main Entrance',
  serialNumber: 'ZKT-001-2024',
  terminalSerialNumber: 'BOCK194961234',
  transport: 'auto',
  timezone: 'Asia/Jakarta',
  nameEncoding: 'auto',
  live: true,
  syncIntervalMinutes: null,
  unlockUnit: 'tenths',
  status: 'active',
  hasCommKey: true,
  isConnected: true,
  lastSeenAt: '2024-02-05T14:30:00.999Z',
  lastSyncAt: null,
  nextSyncAt: null,
  lastError: null,
  clockDriftSeconds: -2,
  createdAt: '2024-02-05T14:30:00.123Z',
  updatedAt: '2024-02-05T14:30:00.123Z',
}

const FACTS = {
  model: 'K20',
  platform: 'JZ4725_TFT',
  firmware: 'Ver 6.60 Jun 9 2017',
  serialNumber: 'BOCK194961234',
  mac: '00:17:61:12:f8:db',
  fingerprintVersion: '10',
  faceVersion: null,
  people: { count: 135, capacity: 3_000 },
  fingerprints: { count: 120, capacity: 3_000 },
  faces: null,
  records: { count: 5_000, capacity: 100_000 },
}

export const PUNCH: Punch = {
  id: 7,
  deviceId: 1,
  pin: '0042',
  userName: 'Siti Rahma',
  at: '2024-02-05T14:30:00.000Z',
  wallTime: '2024-02-05T21:30:00',
  timezone: 'Asia/Jakarta',
  timeStatus: 'ok',
  state: 0,
  verifyMode: 1,
  workCode: 0,
  denied: false,
  source: 'sync',
  receivedAt: '2024-02-05T14:31:12.345Z',
}

export const PERSON: Person = {
  deviceId: 1,
  pin: '1042',
  name: 'Siti Rahma',
  privilege: 0,
  cardNumber: 8_812_345,
  group: 1,
  hasPassword: true,
  fingers: [6],
  onDevice: true,
  updatedAt: '2024-02-05T14:30:00.123Z',
}

export const JOB: JobView = {
  id: 'sync-device-1-20240205143000',
  queue: 'attendance-sync',
  name: 'attendance-sync',
  deviceId: 1,
  state: 'waiting',
  runAt: '2024-02-05T14:30:00.000Z',
  attempts: 0,
  maxAttempts: 4,
  progress: null,
  result: null,
  error: null,
  queuedAt: '2024-02-05T14:30:00.000Z',
  startedAt: null,
  finishedAt: null,
  source: 'request',
}

const NONE: JobCounts = { total: 0, active: 0, waiting: 0, delayed: 0, completed: 0, failed: 0 }

export const LOGIN: Login = {
  account: ADMIN,
  refreshFamily: { id: 'family-1', tokenId: 'refresh-1', expiresAt: '2024-02-12T14:30:00.000Z' },
}

/** What a test may put in the place of the fixed rows. */
export interface Replacements {
  readonly config?: Partial<Config>
  readonly accounts?: Partial<Accounts>
  readonly apiKeys?: Partial<ApiKeys>
  readonly audit?: Partial<AuditReading>
  readonly devices?: Partial<Devices>
  readonly attendance?: Partial<Attendance>
  readonly doors?: Partial<Doors>
  readonly people?: Partial<People>
  readonly jobs?: Partial<JobQueue>
  readonly carriers?: Services['carriers']
  readonly notices?: Partial<Notices>
  readonly rateCounter?: RateCounter
  readonly cachedAnswers?: Partial<CachedAnswers>
  readonly clearCache?: Services['clearCache']
  readonly metrics?: Partial<Metrics>
  readonly log?: Services['log']
  readonly health?: () => Promise<Health>
  readonly ready?: boolean
  readonly mustStop?: AbortSignal
}

/** An environment in which nothing is logged on the screen and no limit is met. */
const UNLIMITED = {
  LOG_LEVEL: 'silent',
  RATE_LIMIT_PER_MINUTE: '1000000',
  LOGIN_RATE_LIMIT_PER_MINUTE: '1000000',
  UNLOCK_RATE_LIMIT_PER_MINUTE: '1000000',
  OVERLOAD_DELAY_MS: '0',
}

/** Services that answer with the rows above. */
export function servicesDouble(replaced: Replacements = {}): Services {
  const config: Config = { ...readConfig(UNLIMITED), ...replaced.config }
  let isStopping = false
  return {
    config,
    mode: config.mode,
    log: replaced.log ?? testLog(),
    accounts: {
      login: async () => LOGIN,
      register: async ({ username, email, role }) => ({ ...ADMIN, id: 2, username, email, role }),
      refresh: async () => LOGIN,
      logOut: async () => undefined,
      changePassword: async () => undefined,
      list: async () => ({ rows: [ADMIN], total: 1 }),
      edit: async () => ADMIN,
      remove: async () => ADMIN,
      findForToken: async () => ADMIN,
      removeExpiredTokens: async () => 0,
      ensureFirstAdmin: async () => undefined,
      tokenSecrets: { current: SECRET, previous: undefined },
      ...replaced.accounts,
    },
    apiKeys: {
      create: async () => ({ apiKey: API_KEY, secret: 'zk_shown-once' }),
      list: async () => ({ rows: [API_KEY], total: 1 }),
      revoke: async () => API_KEY,
      findCaller: async () => undefined,
      ...replaced.apiKeys,
    },
    audit: {
      list: async () => ({ rows: [], total: 0 }),
      verify: async () => ({ whole: true, head: { count: 0, hash: '' } }),
      ...replaced.audit,
    },
    devices: {
      register: async () => ({ device: DEVICE, warnings: [] }),
      change: async () => ({ device: DEVICE, warnings: [] }),
      remove: async () => undefined,
      find: async () => DEVICE,
      findState: async () => ({ device: DEVICE, records: { count: 5_000, capacity: 100_000 } }),
      restart: async (deviceId) => ({
        deviceId,
        initiatedAt: '2024-02-05T14:30:00.000Z',
        acknowledged: true,
      }),
      list: async () => ({ rows: [DEVICE], total: 1 }),
      readInfo: async (deviceId) => ({
        deviceId,
        facts: FACTS,
        wallTime: '2024-02-05T21:30:00',
        driftSeconds: -2,
      }),
      setClock: async (deviceId) => ({
        deviceId,
        before: '2024-02-05T21:30:00',
        after: '2024-02-05T21:30:02',
        driftSeconds: -2,
        timezone: 'Asia/Jakarta',
      }),
      ...replaced.devices,
    },
    doors: {
      unlock: async ({ deviceId, seconds, by }) => ({
        replayed: false,
        answer: {
          deviceId,
          seconds,
          unlockedAt: '2024-02-05T14:30:00.000Z',
          unlockedBy: by.name,
          auditId: 'AUD-20240205-001',
        },
      }),
      settleAbandoned: async () => 0,
      ...replaced.doors,
    },
    attendance: {
      list: async () => ({ rows: [PUNCH], total: 1, nextCursor: null }),
      listOfDevice: async () => ({ rows: [PUNCH], total: 1, nextCursor: null }),
      async *each() {
        yield [PUNCH]
      },
      async *follow() {
        yield PUNCH
      },
      requestSync: async () => ({ job: JOB, deduplicated: false }),
      requestClearing: async () => ({ job: JOB, deduplicated: false }),
      ...replaced.attendance,
    },
    people: {
      list: async () => ({ rows: [PERSON], total: 1 }),
      listOfDevice: async () => ({ rows: [PERSON], total: 1 }),
      listOnDevice: async () => ({ rows: [PERSON], total: 1 }),
      add: async () => PERSON,
      edit: async () => PERSON,
      remove: async () => undefined,
      requestSync: async () => ({ job: JOB, deduplicated: false }),
      requestCopy: async () => ({ job: JOB, deduplicated: false }),
      ...replaced.people,
    },
    jobs: {
      enqueue: async () => ({ job: JOB, deduplicated: false }),
      find: async () => JOB,
      list: async () => ({ rows: [JOB], total: 1 }),
      stats: async () => ({
        totals: NONE,
        queues: { 'attendance-sync': NONE, 'user-sync': NONE, notifications: NONE, maintenance: NONE },
        at: '2024-02-05T14:30:00.500Z',
      }),
      work: () => ({ stop: async () => undefined }),
      cancel: async () => JOB,
      removeFinished: async () => 0,
      health: async () => ({ state: 'up', ms: 1 }),
      close: async () => undefined,
      ...replaced.jobs,
    },
    carriers: replaced.carriers ?? [],
    notices: {
      tell: async () => undefined,
      tellIn: async () => undefined,
      test: async () => [],
      ...replaced.notices,
    },
    deliveries: {
      notice: async () => {
        throw new Error('the API delivers nothing')
      },
      punches: async () => {
        throw new Error('the API delivers nothing')
      },
    },
    keptTransfers: { list: async () => [], open: async () => undefined },
    rateCounter: replaced.rateCounter ?? countingForever(),
    cachedAnswers: {
      answer: async (_question, make) => ({ bytes: Buffer.from(await make()), etag: 'made-now', hit: false }),
      clear: async () => 0,
      ...replaced.cachedAnswers,
    },
    clearCache: replaced.clearCache ?? (async () => 3),
    metrics: {
      noteRequest: () => undefined,
      noteCacheAnswer: () => undefined,
      noteDeviceOperation: () => undefined,
      noteSyncedRows: () => undefined,
      noteScheduledSync: () => undefined,
      render: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
      ...replaced.metrics,
    },
    clearAttendance: async () => {
      throw new Error('the API does not clear')
    },
    correctTimes: async () => {
      throw new Error('the API does not correct')
    },
    announceStop: () => {
      isStopping = true
    },
    watchDevices: () => ({ stop: async () => undefined }),
    scheduleSyncs: () => ({ stop: async () => undefined }),
    syncAttendance: async () => {
      throw new Error('the API does not sync')
    },
    syncPeople: async () => {
      throw new Error('the API does not sync')
    },
    copyPeople: async () => {
      throw new Error('the API does not copy')
    },
    get ready() {
      return !isStopping && (replaced.ready ?? true)
    },
    mustStop: replaced.mustStop ?? new AbortController().signal,
    health:
      replaced.health ??
      (async () => ({
        ready: true,
        database: { state: 'up', ms: 1.26 },
        redis: null,
        queue: { state: 'up', ms: 0 },
      })),
    close: async () => undefined,
  }
}

/** Counts in one window that never ends. */
function countingForever(): RateCounter {
  const counts = new Map<string, number>()
  return {
    hit: async (key, windowMs) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { count, ttlMs: windowMs }
    },
  }
}
