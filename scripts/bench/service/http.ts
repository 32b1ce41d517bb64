// The service over HTTP: how soon it is there, what a login costs beyond its hash, and how fast a list is given that has been
// given before.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import argon2 from 'argon2'
import autocannon from 'autocannon'
import { median } from '../race.ts'
import { figures } from '../report.ts'
import type { Row, Section } from '../report.ts'
import type { BenchDatabases } from './bench-databases.ts'
import { openService } from './bench-service.ts'
import { startFleet } from './fleet-process.ts'
import { ADMIN, logIn, post, startHttpService } from './http-service.ts'

const START_BOUND_MS = 1_500
/** A login is its hash, one query each for account and token, and two rows written durably. */
const LOGIN_BOUND = 1.5
const LISTED = 100
const CONNECTIONS = 10
const SECONDS = 3

/** From the spawning of a new embedded service, database and secrets still to be made, to its first answer. */
export async function benchStart(databases: BenchDatabases, starts: number): Promise<Section> {
  const first: number[] = []
  const again: number[] = []
  for (let start = 0; start < starts; start += 1) {
    await using database = await databases.empty('SQLite')
    for (const times of [first, again]) {
      const began = performance.now()
      await using service = await startHttpService(database.folder)
      const answer = await fetch(`${service.address}/health/live`)
      if (!answer.ok) throw new Error(`/health/live answered ${answer.status}`)
      times.push(performance.now() - began)
    }
  }
  const row = (name: string, times: readonly number[]): Row => ({
    name,
    values: { 'median ms': figures(median(times)), 'best ms': figures(Math.min(...times)) },
  })
  return {
    title: 'Start of the service to its first answer, embedded',
    rows: [row('empty folder', first), row('database there', again)],
    claims: [
      {
        name: 'start to first answer, empty folder, best',
        measured: Math.min(...first),
        bound: START_BOUND_MS,
        sense: 'at most',
        unit: 'ms',
      },
    ],
  }
}

/** Logins, one after the other, in turn with bare checks of the same password against the same hash. */
export async function benchLogin(databases: BenchDatabases, logins: number): Promise<Section> {
  await using database = await databases.empty('SQLite')
  await using service = await startHttpService(database.folder)
  const url = `${service.address}/api/v1/auth/login`
  const hash = adminHash(join(database.folder, 'service.db'))
  const times = { login: [] as number[], bare: [] as number[] }
  for (let login = -2; login < logins; login += 1) {
    const loginMs = await timed(() => post(url, ADMIN))
    const bareMs = await timed(() => argon2.verify(hash, ADMIN.password))
    if (login < 0) continue
    times.login.push(loginMs)
    times.bare.push(bareMs)
  }
  const row = (name: string, ms: readonly number[]): Row => ({
    name,
    values: { 'median ms': figures(median(ms)), 'best ms': figures(Math.min(...ms)) },
  })
  return {
    title: 'A login',
    rows: [row('POST /auth/login', times.login), row('argon2.verify of the same hash', times.bare)],
    claims: [
      {
        name: 'a login against argon2.verify alone',
        measured: median(times.login.map((ms, at) => ms / (times.bare[at] ?? Number.NaN))),
        bound: LOGIN_BOUND,
        sense: 'at most',
        unit: 'times',
      },
    ],
  }
}

function adminHash(path: string): string {
  const file = new DatabaseSync(path, { readOnly: true })
  try {
    const found = file.prepare('select password_hash from accounts').get()
    return String(found?.['password_hash'])
  } finally {
    file.close()
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await act()
  return performance.now() - started
}

/** The newest hundred punches, asked for over and over, against a bare fastify route that sends the same bytes. */
export async function benchCachedList(databases: BenchDatabases, rounds: number): Promise<Section> {
  await using database = await databases.empty('SQLite')
  await fill(database)
  await using service = await startHttpService(database.folder)
  const url = `${service.address}/api/v1/attendance?limit=${LISTED}`
  const headers = { authorization: `Bearer ${await logIn(service.address)}` }
  await fetch(url, { headers })
  const answer = await fetch(url, { headers })
  await using bare = await startBareRoute(await answer.text())
  const measured: { readonly service: number; readonly bare: number }[] = []
  for (let round = 0; round <= rounds; round += 1) {
    const both = {
      service: await requestsPerSecond(url, headers),
      bare: await requestsPerSecond(bare.url, {}),
    }
    if (round > 0) measured.push(both)
  }
  const row = (name: string, perSecond: readonly number[], cache: string): Row => ({
    name,
    values: {
      'requests/s': figures(median(perSecond)),
      'best requests/s': figures(Math.max(...perSecond)),
      cache,
    },
  })
  return {
    title: `GET /attendance, ${LISTED} punches, ${CONNECTIONS} connections`,
    rows: [
      row(
        'the service',
        measured.map((round) => round.service),
        answer.headers.get('x-cache') ?? 'none',
      ),
      row(
        'a bare fastify route, same bytes',
        measured.map((round) => round.bare),
        '',
      ),
    ],
    claims: [
      {
        name: 'requests a second of a cached list against a bare fastify route',
        measured: median(measured.map((round) => round.service / round.bare)) * 100,
        bound: 70,
        sense: 'at least',
        unit: '%',
      },
    ],
  }
}

async function fill(database: { readonly url: string; readonly folder: string }): Promise<void> {
  await using fleet = await startFleet({ terminals: 1, people: 50, punches: LISTED * 10 })
  await using service = await openService(database)
  await service.syncMs(await service.register(fleet.ports[0] ?? 0), 'auto', LISTED * 10)
}

async function requestsPerSecond(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const result = await autocannon({
    url,
    headers: { ...headers },
    connections: CONNECTIONS,
    duration: SECONDS,
  })
  if (result.non2xx + result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} without an answer`)
  return result.requests.average
}

async function startBareRoute(body: string): Promise<AsyncDisposable & { readonly url: string }> {
  const child = fork(new URL('bare-route.ts', import.meta.url))
  const gone = once(child, 'exit')
  const told = once(child, 'message')
  child.send(body)
  const [port]: unknown[] = await Promise.race([
    told,
    gone.then(([code]) => Promise.reject(new Error(`the bare route ended with ${String(code)}`))),
  ])
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await gone
    },
  }
}
