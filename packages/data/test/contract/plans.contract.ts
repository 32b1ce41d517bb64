// What every database promises of its plans: no list sorts or looks through a table, and what can be asked with an index reads about
// as many rows as it gives. The statements are those that the repositories send.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PunchFilter, PunchPage, PunchSort } from '../../src/index.ts'
import { DEVICES, fillTables, JOBS, PUNCHES } from '../support/large-tables.ts'
import { recordedDatabase, type RecordedDatabase, type Statement } from '../support/recorded-database.ts'
import { later, NOON } from '../support/samples.ts'
import type { Scratch } from '../support/scratch.ts'

const TABLES = [
  'accounts',
  'api_keys',
  'audit',
  'credentials',
  'devices',
  'jobs',
  'kept_transfers',
  'pending_people',
  'people',
  'person_templates',
  'punches',
  'unlock_attempts',
]
const LIMIT = 20
/** Punches of a page on the way to a deep one. */
const STRIDE = 97
const PAGE = { offset: 0, limit: LIMIT }
/** Rows read for a page: each may be looked up in a second table, and one more tells whether anything follows. */
const ROWS_OF_A_PAGE = 6 * (LIMIT + 1)
const NOW = later(JOBS * 60_000)
/** As an instant and a wall time: within what is stored, near its middle. */
const MIDDLE = later((PUNCHES / 2) * 60_000)

type Repositories = RecordedDatabase['repositories']

/** A question to the database. `few`: an index leads to the rows, so few more are read than are given. */
interface Question {
  readonly title: string
  readonly few: boolean
  readonly ask: (of: Repositories) => Promise<unknown>
}

const few = (title: string, ask: Question['ask']): Question => ({ title, few: true, ask })
/** It is the order that an index gives: rows that do not fit are passed over until the page is full. */
const along = (title: string, ask: Question['ask']): Question => ({ title, few: false, ask })

const QUESTIONS: readonly Question[] = [
  few('accounts', ({ accounts }) => accounts.list(PAGE)),
  few('an account', ({ accounts }) => accounts.findByEmail('name-7@example.org')),
  few('the account of a token family', ({ accounts }) => accounts.findByFamily('family-7')),
  along('admins', ({ accounts }) => accounts.countAdminsAlone(NOON)),
  few('a refresh token', ({ credentials }) => credentials.findRefreshTokenAlone('token-7')),
  few('a family to revoke', ({ credentials }) => credentials.revokeFamily('family-7', NOON)),
  few('the families of an account', ({ credentials }) => credentials.revokeFamiliesOf(70, NOON, 'family-1')),
  few('expired tokens', ({ credentials }) => credentials.removeExpired(later(10_005 * 60_000))),
  few('an API key', ({ apiKeys }) => apiKeys.findByHash('hash-7')),
  along('API keys', ({ apiKeys }) => apiKeys.list(PAGE)),
  few('a device by address', ({ devices }) => devices.findByAddress('10.0.0.1', 7)),
  few('a device by serial number', ({ devices }) => devices.findByTerminalSerial('SERIAL-7')),
  few('devices that are to sync', ({ syncPlans }) => syncPlans.listDue(NOW, LIMIT)),
  along('plans of devices', ({ syncPlans }) => syncPlans.list({ afterId: 7, limit: LIMIT, all: true })),
  along('plans of some devices', ({ syncPlans }) => syncPlans.list({ afterId: 7, limit: LIMIT, all: false })),
  few('zones of a device', ({ devices }) => devices.listZones(7)),
  along('devices', ({ devices }) => devices.list({}, PAGE)),
  along('active devices', ({ devices }) => devices.list({ status: 'active', search: 'door' }, PAGE)),
  few('some devices', ({ devices }) => devices.list({ ids: [1, 2, 3] }, PAGE)),
  few('people of a device', ({ people }) => people.list({ deviceIds: [3] }, PAGE)),
  few('people of some devices', ({ people }) => people.list({ deviceIds: [3, 4, 5] }, PAGE)),
  along('people', ({ people }) => people.list({}, PAGE)),
  along('people on devices', ({ people }) => people.list({ onDevice: true, search: 'person' }, PAGE)),
  few('people of a device by PIN', ({ people }) => people.list({ deviceIds: [3], pins: ['7', '8'] }, PAGE)),
  few('a person', ({ people }) => people.findByPin(3, '7')),
  few('templates of people', ({ personTemplates }) => personTemplates.list(3, ['7', '8'])),
  few('pending people', ({ pendingPeople }) => pendingPeople.list(3)),
  along('jobs', ({ jobs }) => jobs.list({}, PAGE)),
  few('jobs of a queue', ({ jobs }) => jobs.list({ queue: 'maintenance' }, PAGE)),
  few('jobs of a state', ({ jobs }) => jobs.list({ state: 'failed' }, PAGE)),
  few('active jobs', ({ jobs }) => jobs.list({ state: 'active' }, PAGE)),
  few('jobs of a queue and state', ({ jobs }) => jobs.list({ queue: 'maintenance', state: 'active' }, PAGE)),
  few('jobs of a device', ({ jobs }) => jobs.list({ deviceId: 7 }, PAGE)),
  few('the one before a job', ({ jobs }) => jobs.findEndedBefore('job-700')),
  along('jobs of some devices', ({ jobs }) => jobs.list({ deviceIds: [7, 8, 9] }, PAGE)),
  along('jobs of a device, queue and state', ({ jobs }) =>
    jobs.list({ deviceId: 7, queue: 'maintenance', state: 'failed' }, PAGE),
  ),
  few('a job', ({ jobs }) => jobs.find('job-7')),
  few('unfinished jobs', ({ jobs }) => jobs.findUnfinished(['key-11', 'key-17'])),
  along('waiting jobs to publish', ({ jobs }) =>
    jobs.listWaiting({ queues: ['maintenance', 'user-sync'], limit: LIMIT }),
  ),
  along('more waiting jobs to publish', ({ jobs }) =>
    jobs.listWaiting({ queues: ['maintenance'], afterId: 'job-5', limit: LIMIT }),
  ),
  few('the job whose turn it is', ({ jobs }) =>
    jobs.claimNext({ queues: ['maintenance', 'user-sync'], token: 't', now: NOW, claimMs: 1_000 }),
  ),
  few('stalled jobs', ({ jobs }) => jobs.stalled(later(2 * 60_000))),
  few('finished jobs to remove', ({ jobs }) => jobs.removeFinished(later(60_000 * 20), LIMIT)),
  few('sign of life of a job', ({ jobs }) => jobs.renew({ id: 'active-7', token: 'token-7', until: NOON })),
  along('the audit trail', ({ audit }) => audit.list({}, PAGE)),
  ...(
    [
      ['of an actor', { actor: 'actor-7' }],
      ['of an action', { action: 'login' }],
      ['of a target', { targetType: 'device', targetId: '7' }],
      ['of an outcome', { outcome: 'success' }],
      ['of a time', { from: MIDDLE, to: later(PUNCHES * 60_000) }],
      ['of an action and a time', { action: 'door.unlock', from: later(600_000), to: MIDDLE }],
      ['without conditions', {}],
    ] as const
  ).map(([title, filter]) => along(`acts ${title}`, ({ audit }) => audit.listActs(filter, PAGE))),
  few('an act by its number', ({ audit }) => audit.listActs({ auditId: 'AUD-77' }, PAGE)),
  few('an attempt to open a door', ({ doors }) => doors.findAttempt('AUD-7')),
  few('an attempt by its request', ({ doors }) => doors.findAttemptByRequest('request-7')),
  few('overdue attempts', ({ doors }) => doors.listOverdue(later(2_000 * 60_000), LIMIT)),
  few('requests to forget', ({ doors }) => doors.forgetRequests(NOON)),
  few('overdue transfers', ({ keptTransfers }) => keptTransfers.removeOverdue(later(105 * 60_000))),
  few('punches by id', ({ punches }) => punches.findByIds([7, 77, 777])),
  few('new punches', ({ punches }) => punches.listIds({ from: PUNCHES - 50, to: PUNCHES + 50 }, LIMIT)),
  few('new punches of a device', ({ punches }) =>
    punches.listByIds(
      [
        { from: 5, to: 9 },
        { from: PUNCHES - 5, to: PUNCHES + 50 },
      ],
      LIMIT,
      [7, 8],
    ),
  ),
  few('the last punch to arrive', ({ punches }) => punches.lastArrival(PUNCHES - 5)),
  few('whether a punch is stored', ({ punches }) =>
    punches.isStored(7, { packedTime: 800_000_006, logNumber: '43' }),
  ),
  few('old punches to remove', ({ punches }) =>
    punches.removeOld(7, {
      after: { packedTime: 800_000_300, logNumber: '1', occurrence: 1 },
      limit: LIMIT,
      receivedBefore: NOON,
    }),
  ),
  few('punches of a device in the order of their places', async ({ punches }) => {
    for await (const _ of punches.each(7, LIMIT)) return
  }),
]

/** Methods that need no question: writers and readers of a row by its id or unique key, and readers of everything there is. */
const NOT_QUESTIONS = [
  ...['count', 'findById', 'findByIdAlone', 'insert', 'insertFirstAdmin', 'remove', 'update'].map(
    (name) => `accounts.${name}`,
  ),
  'accounts.updatePasswordHash',
  ...['findRefreshToken', 'insertRefreshToken', 'markReplaced'].map((name) => `credentials.${name}`),
  ...['insert', 'noteUse', 'revoke'].map((name) => `apiKeys.${name}`),
  ...[
    'checkFence',
    'countByState',
    'exists',
    'findById',
    'insert',
    'issueFence',
    'listAllIds',
    'listWatched',
    'lock',
  ].map((name) => `devices.${name}`),
  ...['moveBookmark', 'noteContact', 'noteDisabled', 'raisePunchesFrom', 'remove', 'replaceZones'].map(
    (name) => `devices.${name}`,
  ),
  ...['revive', 'update'].map((name) => `devices.${name}`),
  ...['markAbsent', 'markGone', 'pinByUid', 'upsertMany'].map((name) => `people.${name}`),
  ...['insert', 'remove'].map((name) => `pendingPeople.${name}`),
  ...['putMany', 'removeAll', 'removeRows'].map((name) => `personTemplates.${name}`),
  ...['correctTimes', 'count', 'findById', 'insertEarly', 'insertTail', 'insertWhole'].map(
    (name) => `punches.${name}`,
  ),
  ...['cancel', 'cancelled', 'claim', 'complete', 'fail', 'insert', 'nextCarrier', 'release'].map(
    (name) => `jobs.${name}`,
  ),
  ...['replaceData', 'saveProgress', 'stats'].map((name) => `jobs.${name}`),
  ...['append', 'head', 'verify'].map((name) => `audit.${name}`),
  ...['insertAttempt', 'settle'].map((name) => `doors.${name}`),
  ...['find', 'insertIfAbsent', 'replace'].map((name) => `settings.${name}`),
  'syncPlans.move',
  'turns.take',
  ...['find', 'insert', 'list'].map((name) => `keptTransfers.${name}`),
]

const WHOM: readonly (readonly [string, PunchFilter])[] = [
  ['', {}],
  [' of a device', { deviceIds: [7] }],
  [' of two devices', { deviceIds: [7, 8] }],
  [' of many devices', { deviceIds: Array.from({ length: DEVICES - 2 }, (_, at) => at + 1) }],
  [' of a person', { pin: '7' }],
  [' of a person on a device', { pin: '7', deviceIds: [7] }],
  [' of a person on two devices', { pin: '7', deviceIds: [7, 8] }],
]
const WHEN: readonly (readonly [string, PunchFilter])[] = [
  ['', {}],
  [', from an instant to another', { atFrom: later(600_000), atTo: MIDDLE }],
  [', from a wall time on', { wallFrom: later(600_000).slice(0, 19) }],
]
const WHICH: readonly (readonly [string, PunchFilter])[] = [
  ['', {}],
  [', refused ones too', { denied: 'all' }],
  [', refused ones', { denied: true }],
  [', of a state', { state: 3 }],
  [', without an instant', { timeStatus: 'invalid' }],
  [', in a gap of the clock', { timeStatus: 'gap' }],
]
const SORTS: readonly PunchSort[] = ['timestamp', '-timestamp']

/** `page`: by number, by cursor from the start, or from its middle. */
function punchQuestions(): Question[] {
  return WHOM.flatMap(([whom, ofWhom]) =>
    WHEN.flatMap(([when, then]) =>
      WHICH.flatMap(([which, ofWhich]) => {
        const filter = { ...ofWhom, ...then, ...ofWhich }
        // What has no instant is in no stretch of time, and is not asked for.
        if (filter.timeStatus === 'invalid' && filter.atFrom !== undefined) return []
        const isFew = which === '' || which === ', refused ones too'
        return {
          title: `punches${whom}${when}${which}`,
          few: isFew && when !== ', from a wall time on',
          async ask({ punches }: Repositories) {
            for (const sort of SORTS) {
              await punches.list(filter, sort, PAGE)
              await punches.list(filter, sort, { cursor: null, limit: LIMIT })
              await punches.list(filter, sort, { cursor: cursorAt(sort), limit: LIMIT })
            }
          },
        }
      }),
    ),
  )
}

/** A cursor in the middle of what is stored; see punch-list.ts. */
function cursorAt(sort: PunchSort): string {
  return Buffer.from(JSON.stringify([sort, MIDDLE, PUNCHES / 2])).toString('base64url')
}

export function plansContract(makeScratch: () => Promise<Scratch>): void {
  describe('questions to large tables', { timeout: 600_000 }, () => {
    let scratch: Scratch
    let database: RecordedDatabase

    beforeAll(async () => {
      scratch = await makeScratch()
      await scratch.open()
      await fillTables(scratch)
      database = await recordedDatabase(scratch.url)
      // SQLite keeps no statistics unless it is asked to, and the service does not ask.
      if (scratch.url.startsWith('mysql')) await database.run(`analyze table ${TABLES.join()}`)
    }, 600_000)
    afterAll(async () => {
      await database[Symbol.asyncDispose]()
      await scratch.drop()
    })

    it.each([...QUESTIONS, ...punchQuestions()])(
      '$title: along indexes alone',
      async ({ few: isFew, ask }) => {
        const statements = await database.record(() => ask(database.repositories))
        expect(statements).not.toEqual([])
        const faults: string[] = []
        for (const statement of statements) faults.push(...(await faultsOf(database, statement, isFew)))
        expect(faults).toEqual([])
      },
    )

    it('are all that the repositories can ask, but for what goes by a unique key or reads a table whole', async () => {
      const asked = new Set(NOT_QUESTIONS)
      const watched = watchCalls(database.repositories, (name) => asked.add(name))
      for (const { ask } of [...QUESTIONS, ...punchQuestions().slice(0, 1)]) await ask(watched)
      const methods = Object.entries(database.repositories).flatMap(([repository, of]) =>
        Object.keys(of).map((method) => `${repository}.${method}`),
      )
      expect(methods.filter((name) => !asked.has(name))).toEqual([])
    })

    it.each(WHOM.flatMap(([whom, filter]) => SORTS.map((sort) => ({ whom, filter, sort }))))(
      'a page of punches$whom by $sort reads as much deep in the list as at its beginning',
      async ({ filter, sort }) => {
        const { punches } = database.repositories
        const first = await database.record(() => punches.list(filter, sort, { cursor: null, limit: LIMIT }))
        let cursor: string | null = null
        for (let page = 0; page < 200; page += 1) {
          const walked: PunchPage = await punches.list(filter, sort, { cursor, limit: STRIDE })
          if (walked.nextCursor === null) break
          cursor = walked.nextCursor
        }
        const deep = await database.record(() => punches.list(filter, sort, { cursor, limit: LIMIT }))
        const atFirst = await costOf(database, first)
        const atDepth = await costOf(database, deep)
        expect(atDepth.scans).toEqual([])
        expect(atDepth.rows).toBeLessThanOrEqual(atFirst.rows * 2 + LIMIT)
      },
    )
  })
}

/** The repositories, whose calls are told by name. */
function watchCalls(repositories: Repositories, called: (name: string) => void): Repositories {
  return new Proxy(repositories, {
    get: (all, repository) =>
      new Proxy(Reflect.get(all, repository), {
        get(of, method) {
          called(`${String(repository)}.${String(method)}`)
          return Reflect.get(of, method)
        },
      }),
  })
}

/** What statements read: rows, where the engine counts them, and steps of their plans that no bound leads to their rows. */
async function costOf(
  database: RecordedDatabase,
  statements: readonly Statement[],
): Promise<{ rows: number; scans: string[] }> {
  const cost = { rows: 0, scans: [] as string[] }
  for (const statement of statements) {
    cost.rows += (await database.rowsRead(statement)) ?? 0
    // On SQLite rows are not counted; a walk from an index's beginning is a SCAN, one from the cursor on a SEARCH.
    const steps = await database.plan(statement, true)
    const scans = steps.filter(({ isFullScan, text }) => isFullScan || text.startsWith('SCAN'))
    cost.scans.push(...scans.map(({ text }) => text))
  }
  return cost
}

/** What is wrong with the plan of a statement. Counting is exempt: a total is what it is, and a cursor goes without. */
async function faultsOf(database: RecordedDatabase, statement: Statement, isFew: boolean): Promise<string[]> {
  if (statement.sql.startsWith('select count(')) return []
  const steps = await database.plan(statement, isFew)
  const plan = steps.map(({ text }) => text).join(' | ')
  const faults: string[] = []
  if (steps.some(({ isFullScan }) => isFullScan)) faults.push(`looks through a table: ${plan}`)
  if (steps.some(({ isSorted }) => isSorted)) faults.push(`sorts: ${plan}`)
  if (isFew && statement.sql.startsWith('select')) {
    const read = (await database.rowsRead(statement)) ?? 0
    if (read > ROWS_OF_A_PAGE) faults.push(`reads ${read} rows: ${plan}`)
  }
  return faults.map((fault) => `${fault}\n${statement.sql}`)
}
