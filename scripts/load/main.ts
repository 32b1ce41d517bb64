// `pnpm load`: hundreds of simulated terminals synced every minute by worker processes on MariaDB and Redis, with people who
// punch meanwhile. Prints what it takes, and in the end compares every stored punch with the terminals' logs. Ends with exit
// code 1 when a device was left out, a sync failed or a punch is missing or doubled. What the figures mean: docs/scaling.md.
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { claimsText, figures, holds, sectionText } from '../bench/report.ts'
import type { Claim, Section } from '../bench/report.ts'
import { mariadbState, redisState } from './servers.ts'
import type { ServerState } from './servers.ts'
import { registerAll, startSite } from './site.ts'
import type { Site, SitePlan } from './site.ts'
import { storedPunches, syncFigures } from './syncs.ts'
import type { Spread, SyncFigures } from './syncs.ts'
import { usageOf } from './usage.ts'
import type { Usage } from './usage.ts'

const USAGE = `npm run load [-- OPTIONS]
  --terminals N   simulated terminals (500)
  --minutes N     how long it is measured, after everything has been synced once (5)
  --workers N     worker processes (2)
  --apis N        API processes (1)
  --punches N     in each terminal's log from the beginning (1000)
  --no-live       syncs only: no terminal is watched
  --json FILE     writes all numbers there too
  --help          this text`

const PEOPLE = 50
const MINUTE_MS = 60_000
/** Idle processes settle so long before their memory is read. */
const SETTLE_MS = 5_000
const SYNCED_WITHIN_MS = 15 * MINUTE_MS
const POLL_MS = 1_000
/** A sync a minute, the next of which may begin late by half of one. */
const APART_BOUND_MS = 90_000

/** Every process of the site at one moment. */
interface Moment {
  readonly atMs: number
  readonly apis: readonly (Usage | undefined)[]
  readonly workers: readonly (Usage | undefined)[]
  readonly mariadb: ServerState & { readonly usage: Usage | undefined }
  readonly redis: ServerState & { readonly usage: Usage | undefined }
}

interface LoadOptions extends SitePlan {
  readonly minutes: number
  readonly json: string | undefined
}

const options = readOptions()
if (options !== undefined) {
  const { sections, claims } = await load(options)
  for (const section of sections) console.log(`${sectionText(section)}\n`)
  console.log(claimsText(claims))
  if (options.json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: cpus().length }
    const judged = claims.map((claim) => ({ ...claim, holds: holds(claim) }))
    const { json, ...plan } = options
    await writeFile(json, `${JSON.stringify({ machine, plan, sections, claims: judged }, null, 1)}\n`)
  }
  if (!claims.every(holds)) process.exitCode = 1
}

async function load(plan: LoadOptions): Promise<{ sections: Section[]; claims: Claim[] }> {
  await using site = await startSite(plan)
  await sleep(SETTLE_MS)
  const idle = await moment(site)
  console.error(`${plan.terminals} terminals, ${plan.apis} API and ${plan.workers} worker processes are up`)
  const devices = await registerAll(site, plan.live)
  const firstMs = await untilStored(site, new Map(devices.map((id) => [id, plan.punches])))
  console.error(`every log is stored; measuring for ${plan.minutes} minutes`)
  const before = await moment(site)
  const punched = await punchFor(site, plan)
  const after = await moment(site)
  const syncs = await syncFigures(site.databaseUrl, before.atMs, after.atMs)
  const expected = new Map(devices.map((id, terminal) => [id, plan.punches + (punched.get(terminal) ?? 0)]))
  await untilStored(site, expected)
  const wrong = await wrongDevices(site, expected)
  return {
    sections: [
      syncSection(plan, syncs, firstMs),
      processSection(plan, idle, before, after, syncs),
      serverSection(before, after, syncs),
    ],
    claims: [
      claim('devices synced', syncs.devices, plan.terminals, 'at least', ''),
      claim('most between two syncs of a device', syncs.apartMs.most, APART_BOUND_MS, 'at most', 'ms'),
      claim('syncs that failed', syncs.failed, 0, 'at most', ''),
      claim('devices whose punches differ from the terminal', wrong, 0, 'at most', ''),
    ],
  }
}

/** One punch a minute at each terminal, one after the other, for so many minutes. Gives what was punched, by terminal. */
async function punchFor(site: Site, plan: LoadOptions): Promise<Map<number, number>> {
  const punched = new Map<number, number>()
  const beganMs = performance.now()
  const total = plan.minutes * plan.terminals
  for (let number = 0; number < total; number += 1) {
    const dueMs = beganMs + (number * MINUTE_MS) / plan.terminals
    await sleep(Math.max(0, dueMs - performance.now()))
    const terminal = number % plan.terminals
    const person = 1 + (Math.floor(number / plan.terminals) % PEOPLE)
    await site.fleet.present(terminal, person)
    punched.set(terminal, (punched.get(terminal) ?? 0) + 1)
  }
  await sleep(Math.max(0, beganMs + plan.minutes * MINUTE_MS - performance.now()))
  return punched
}

/** Waits until each device has as many punches as expected, or more. Gives the milliseconds that took. */
async function untilStored(site: Site, expected: ReadonlyMap<number, number>): Promise<number> {
  const beganMs = performance.now()
  for (;;) {
    const stored = await storedPunches(site.databaseUrl)
    const missing = [...expected].filter(([id, count]) => (stored.get(id) ?? 0) < count)
    if (missing.length === 0) return performance.now() - beganMs
    if (performance.now() - beganMs > SYNCED_WITHIN_MS)
      throw new Error(`after ${SYNCED_WITHIN_MS} ms punches of ${missing.length} devices are missing`)
    await sleep(POLL_MS)
  }
}

async function wrongDevices(site: Site, expected: ReadonlyMap<number, number>): Promise<number> {
  const stored = await storedPunches(site.databaseUrl)
  return [...expected].filter(([id, count]) => stored.get(id) !== count).length
}

async function moment(site: Site): Promise<Moment> {
  const [mariadb, redis] = [await mariadbState(site.databaseUrl), await redisState(site.redisUrl)]
  const ofServer = ({ pid }: ServerState) => (pid === undefined ? undefined : usageOf(pid))
  return {
    atMs: Date.now(),
    apis: site.apis.map(({ pid }) => usageOf(pid)),
    workers: site.workers.map(({ pid }) => usageOf(pid)),
    mariadb: { ...mariadb, usage: ofServer(mariadb) },
    redis: { ...redis, usage: ofServer(redis) },
  }
}

function syncSection(plan: LoadOptions, syncs: SyncFigures, firstMs: number): Section {
  const row = (name: string, { median, p99, most }: Spread) => ({
    name,
    values: { 'median ms': figures(median), 'p99 ms': figures(p99), 'most ms': figures(most) },
  })
  const aSecond = syncs.completed / (plan.minutes * 60)
  const watched = plan.live ? 'watched and synced' : 'synced'
  return {
    title:
      `${plan.terminals} terminals ${watched} every minute for ${plan.minutes} min: ${syncs.completed} syncs, ` +
      `${figures(aSecond)} a second; all logs of ${plan.punches} punches first read in ${figures(firstMs / 1000)} s`,
    rows: [
      row('from due to begun', syncs.waitedMs),
      row('from begun to ended', syncs.tookMs),
      row('between two of a device', syncs.apartMs),
    ],
    claims: [],
  }
}

function processSection(
  plan: LoadOptions,
  idle: Moment,
  before: Moment,
  after: Moment,
  syncs: SyncFigures,
): Section {
  const seconds = (after.atMs - before.atMs) / 1000
  const row = (name: string, [atIdle, atStart, atEnd]: readonly (readonly (Usage | undefined)[])[]) => {
    const cpu = sum(atEnd, 'cpuSeconds') - sum(atStart, 'cpuSeconds')
    const grown = sum(atEnd, 'residentMb') - sum(atIdle, 'residentMb')
    return {
      name,
      values: {
        'MB idle': figures(sum(atIdle, 'residentMb')),
        'MB at the end': figures(sum(atEnd, 'residentMb')),
        'KB a device': figures((grown * 1000) / plan.terminals),
        'of a core': `${figures((cpu / seconds) * 100)} %`,
        'CPU ms a sync': figures((cpu * 1000) / syncs.completed),
      },
    }
  }
  return {
    title: 'What the processes took',
    rows: [
      row(`API × ${plan.apis}`, [idle.apis, before.apis, after.apis]),
      row(`worker × ${plan.workers}`, [idle.workers, before.workers, after.workers]),
      row('MariaDB', [[idle.mariadb.usage], [before.mariadb.usage], [after.mariadb.usage]]),
      row('Redis', [[idle.redis.usage], [before.redis.usage], [after.redis.usage]]),
    ],
    claims: [],
  }
}

function serverSection(before: Moment, after: Moment, syncs: SyncFigures): Section {
  const seconds = (after.atMs - before.atMs) / 1000
  const rows = (server: string, from: ServerState, to: ServerState) =>
    Object.entries(to.counters).map(([name, value]) => {
      const grown = value - (from.counters[name] ?? Number.NaN)
      return {
        name: `${server} ${name}`,
        values: { 'a second': figures(grown / seconds), 'a sync': figures(grown / syncs.completed) },
      }
    })
  return {
    title: `What the servers did (Redis holds ${figures(after.redis.memoryMb ?? Number.NaN)} MB)`,
    rows: [...rows('MariaDB', before.mariadb, after.mariadb), ...rows('Redis', before.redis, after.redis)],
    claims: [],
  }
}

function sum(usages: readonly (Usage | undefined)[] = [], of: keyof Usage): number {
  return usages.reduce((total, usage) => total + (usage?.[of] ?? Number.NaN), 0)
}

function claim(name: string, measured: number, bound: number, sense: Claim['sense'], unit: string): Claim {
  return { name, measured, bound, sense, unit }
}

function readOptions(): LoadOptions | undefined {
  try {
    const { values } = parseArgs({
      args: process.argv.slice(2).filter((argument) => argument !== '--'),
      options: {
        terminals: { type: 'string', default: '500' },
        minutes: { type: 'string', default: '5' },
        workers: { type: 'string', default: '2' },
        apis: { type: 'string', default: '1' },
        punches: { type: 'string', default: '1000' },
        'no-live': { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(USAGE)
      return undefined
    }
    return {
      terminals: whole('terminals', values.terminals),
      minutes: whole('minutes', values.minutes),
      workers: whole('workers', values.workers),
      apis: whole('apis', values.apis),
      punches: whole('punches', values.punches),
      people: PEOPLE,
      live: !values['no-live'],
      json: values.json,
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
    process.exitCode = 2
    return undefined
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new RangeError(`--${name} takes a whole number from 1, not ${text}`)
  return Number(text)
}
