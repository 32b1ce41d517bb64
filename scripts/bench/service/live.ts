// A busy site: one worker process watches hundreds of terminals and syncs ten others, while fingers are presented. How long a
// punch takes from the terminal through worker, database, Redis and API process to whoever follows the stream.
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProcess } from '../../../packages/api/test/journeys/support/service-process.ts'
import { median, percentile } from '../race.ts'
import { figures } from '../report.ts'
import type { Section } from '../report.ts'
import type { BenchDatabases } from './bench-databases.ts'
import { startFleet } from './fleet-process.ts'
import type { Fleet } from './fleet-process.ts'
import { ask, logIn, NO_LIMITS, post } from './http-service.ts'

const WATCHED = 200
/** Of the watched, so many have somebody who follows their stream; punches at the others are part of the load. */
const FOLLOWED = 20
const SYNCED = 10
const SYNCED_PUNCHES = 30_000
const PEOPLE = 100
/** Between two fingers presented at followed terminals. */
const BEAT_MS = 50
const WATCHED_WITHIN_MS = 300_000
const ARRIVES_WITHIN_MS = 60_000
/** Of an idle machine; docs/performance.md. */
const BOUND_MS = 250

/** `samples` fingers are presented at followed terminals while ten logs are synced, and as many at others. */
export async function benchLive(databases: BenchDatabases, samples: number): Promise<Section> {
  await using database = await databases.empty('MariaDB')
  const env = {
    ...NO_LIMITS,
    DATA_DIR: database.folder,
    DATABASE_URL: database.url,
    REDIS_URL: await databases.redisUrl(),
    JWT_SECRET: randomBytes(32).toString('hex'),
    ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    WORKER_CONCURRENCY: String(SYNCED),
    // A Redis that this service has never seen grants nothing for one lease time.
    DEVICE_LEASE_MS: '5000',
    PORT: '0',
  }
  await using watched = await startFleet({ terminals: WATCHED, people: PEOPLE, punches: 0 })
  const plan = { terminals: SYNCED, people: PEOPLE, punches: SYNCED_PUNCHES, seed: WATCHED }
  await using synced = await startFleet(plan)
  await using api = await startProcess({ script: 'packages/api/src/main.ts', env, readyMessage: 'listening' })
  const address = String(api.ready['address'])
  const token = await logIn(address)
  const devices = await register(address, token, watched, true)
  const others = await register(address, token, synced, false)
  await using follower = new Follower(address, token)
  await follower.follow(devices)
  await using _worker = await startProcess({
    script: 'packages/worker/src/main.ts',
    env,
    readyMessage: 'worker ready',
  })
  const watchedAfterMs = await untilWatched(watched, devices, follower)

  for (const device of others) await post(`${address}/api/v1/attendance/device/${device}/sync`, {}, token)
  const delays = await presentAll(watched, devices, follower, samples)
  const running = await syncsUnfinished(address, token, others)
  return {
    title: `${WATCHED} terminals watched and ${SYNCED} synced by one worker: a live punch to its reader`,
    rows: [
      {
        name: `${delays.length} punches`,
        values: {
          'median ms': figures(median(delays)),
          'p90 ms': figures(percentile(delays, 0.9)),
          'p99 ms': figures(percentile(delays, 0.99)),
          'most ms': figures(percentile(delays, 1)),
          'all watched after ms': figures(watchedAfterMs),
          'syncs still running': String(running),
        },
      },
    ],
    claims: [
      {
        name: 'a live punch from finger to stream, p99',
        measured: percentile(delays, 0.99),
        bound: BOUND_MS,
        sense: 'at most',
        unit: 'ms',
      },
    ],
  }
}

async function register(address: string, token: string, fleet: Fleet, live: boolean): Promise<number[]> {
  const ids: number[] = []
  for (const port of fleet.ports) {
    const body = { name: `Terminal ${port}`, ip: '127.0.0.1', port, live }
    const device = await post(`${address}/api/v1/devices`, body, token)
    ids.push(Number(typeof device === 'object' && device !== null ? Reflect.get(device, 'id') : Number.NaN))
  }
  return ids
}

/** A finger at every terminal: watched is who has told of it, however late. */
async function untilWatched(fleet: Fleet, devices: readonly number[], follower: Follower): Promise<number> {
  const began = performance.now()
  for (const [terminal, device] of devices.entries()) {
    const { pin } = await fleet.present(terminal, 1)
    await follower.arrival(device, pin, WATCHED_WITHIN_MS)
  }
  return performance.now() - began
}

/** Milliseconds that each punch at a followed terminal took. Every person presents a finger once at a terminal. */
async function presentAll(
  fleet: Fleet,
  devices: readonly number[],
  follower: Follower,
  samples: number,
): Promise<number[]> {
  const presented: { readonly device: number; readonly pin: string; readonly atMs: number }[] = []
  const others = WATCHED - FOLLOWED
  for (let sample = 0; sample < samples; sample += 1) {
    const terminal = sample % FOLLOWED
    const finger = await fleet.present(terminal, 2 + Math.floor(sample / FOLLOWED))
    presented.push({ ...finger, device: devices[terminal] ?? 0 })
    await fleet.present(FOLLOWED + (sample % others), 2 + Math.floor(sample / others))
    await sleep(BEAT_MS)
  }
  const delays: number[] = []
  for (const { device, pin, atMs } of presented)
    delays.push((await follower.arrival(device, pin, ARRIVES_WITHIN_MS)) - atMs)
  return delays
}

async function syncsUnfinished(address: string, token: string, devices: readonly number[]): Promise<number> {
  let unfinished = 0
  for (const device of devices) {
    const url = `${address}/api/v1/devices/${device}`
    const told = await ask(url, { headers: { authorization: `Bearer ${token}` } })
    if (typeof told === 'object' && told !== null && Reflect.get(told, 'last_sync_at') === null)
      unfinished += 1
  }
  return unfinished
}

/** Reads the streams of devices, one connection each, and notes when each punch came. */
class Follower implements AsyncDisposable {
  readonly #address: string
  readonly #token: string
  readonly #ending = new AbortController()
  readonly #reading: Promise<void>[] = []
  readonly #arrived = new Map<string, number>()
  readonly #awaited = new Map<string, (atMs: number) => void>()
  #failure: unknown

  constructor(address: string, token: string) {
    this.#address = address
    this.#token = token
  }

  /** Settles when all streams have begun. */
  async follow(devices: readonly number[]): Promise<void> {
    for (const device of devices) {
      const { signal } = this.#ending
      const url = `${this.#address}/api/v1/attendance/stream?device_id=${device}`
      const response = await fetch(url, { signal, headers: { authorization: `Bearer ${this.#token}` } })
      if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`)
      const reading = this.#read(Readable.fromWeb(response.body)).catch((error: unknown) => {
        if (!signal.aborted) this.#failure = error
      })
      this.#reading.push(reading)
    }
  }

  /** Milliseconds since 1970 at which the punch came, with a fraction. */
  async arrival(device: number, pin: string, withinMs: number): Promise<number> {
    const name = `${device} ${pin}`
    const known = this.#arrived.get(name)
    if (known !== undefined) return known
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#awaited.set(name, resolve)
    const late = sleep(withinMs, 'late' as const, { ref: false })
    const first = await Promise.race([promise, late])
    if (first === 'late') throw new Error(`no punch of ${name} came`, { cause: this.#failure })
    return first
  }

  async #read(body: Readable): Promise<void> {
    for await (const line of createInterface({ input: body })) {
      if (!line.startsWith('data: ')) continue
      const atMs = performance.timeOrigin + performance.now()
      const punch: unknown = JSON.parse(line.slice('data: '.length))
      if (typeof punch !== 'object' || punch === null) continue
      const name = `${String(Reflect.get(punch, 'device_id'))} ${String(Reflect.get(punch, 'user_id'))}`
      this.#arrived.set(name, atMs)
      this.#awaited.get(name)?.(atMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await Promise.all(this.#reading)
  }
}
