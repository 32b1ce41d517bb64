// Three API processes and four workers on one database and one Redis: the work is shared, any of them may die, and each may be
// restarted under load without anybody noticing. In the end every table is what its terminal's log is.
import { madeUpMemory } from '@org/zk-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { waitUntil } from '../../../core/test/support/wait-until.ts'
import { EventReader, type HeardEvent } from '../support/event-reader.ts'
import { FaithfulListener } from './support/faithful-listener.ts'
import { Fleet, type FleetApi, type FleetDevice } from './support/fleet.ts'
import { readinessProxy } from './support/readiness-proxy.ts'
import { RestClient } from './support/rest-client.ts'
import { steadyLoad } from './support/steady-load.ts'

const LEASE_MS = 12_000
const CLAIM_MS = 6_000
/** What a busy machine may need beyond the times that are promised. */
const PATIENCE_MS = 45_000
/** With so many, hardly a worker is left without a watch; where one is, more come. */
const FIRST_DEVICES = 12
const MOST_DEVICES = 60
const WRONG_PASSWORDS_ALLOWED = 5

describe.skipIf(EMBEDDED_ONLY)('three API processes and four workers', { timeout: 600_000 }, () => {
  let fleet: Fleet
  beforeAll(async () => {
    fleet = await Fleet.of(
      { apis: 3, workers: 4 },
      {
        DEVICE_LEASE_MS: String(LEASE_MS),
        JOB_CLAIM_MS: String(CLAIM_MS),
        DEVICE_WAIT_MS: '30000',
        DRAIN_SECONDS: '3',
        WORKER_CONCURRENCY: '2',
        RATE_LIMIT_PER_MINUTE: '1000000',
        LOGIN_RATE_LIMIT_PER_MINUTE: '1000000',
        UNLOCK_RATE_LIMIT_PER_MINUTE: '1000000',
      },
    )
  }, 400_000)
  afterAll(() => fleet[Symbol.asyncDispose](), 120_000)

  it('share the terminals and the jobs: every worker watches some and runs some', async () => {
    const isSpread = () => fleet.workers.every((worker) => fleet.watchedBy(worker).length > 0)
    const isWatched = () => fleet.watchers().size === fleet.devices.length
    while (fleet.devices.length < FIRST_DEVICES || !isSpread()) {
      expect(fleet.devices.length).toBeLessThan(MOST_DEVICES)
      const seed = fleet.devices.length
      await Promise.all(
        [0, 1, 2].map((more) => fleet.add({ people: 3, punches: 40, paceMs: 2, seed: seed + more })),
      )
      await waitUntil('every device is watched', () => isWatched() || undefined)
    }
    await waitUntil('every worker has run a job', async () => {
      await fleet.expectNothingLostOrDoubled()
      return fleet.workers.every((worker) => fleet.hasWorked(worker)) || undefined
    })
  })

  it('are one service: a punch seen by any worker reaches the listeners of any API process', async () => {
    await using there = new AsyncDisposableStack()
    const heard = await Promise.all(fleet.apis.map(async (at) => there.use(await listening(at))))
    for (const worker of fleet.workers) {
      const device = oneOf(fleet.watchedBy(worker))
      const heardBefore = heard.map(({ got }) => got.length)
      await fleet.punch(device)
      for (const [index, reader] of heard.entries()) {
        const event = await punchHeard(reader, device, heardBefore[index])
        expect(event.data).toMatchObject({ device_id: device.id, user_id: device.pin })
      }
    }
  })

  it('open the door from every API process, whichever worker watches its terminal', async () => {
    for (const worker of fleet.workers) {
      const { id, terminal } = oneOf(fleet.watchedBy(worker))
      for (const { client } of fleet.apis)
        expect(await client.attempt('POST', `/devices/${id}/unlock`)).toMatchObject({ status: 200 })
      expect(terminal.memory.door.unlocks).toHaveLength(fleet.apis.length)
    }
  })

  it('serve nothing stale: what one has cached, a sync through another makes it forget', async () => {
    const device = oneOf(fleet.devices)
    const path = `/attendance?device_id=${device.id}&limit=1000`
    const counts = () => Promise.all(fleet.apis.map(({ client }) => client.count(path)))
    const [before = 0] = await counts()
    expect(await counts()).toEqual(fleet.apis.map(() => before))
    for (let added = 1; added <= 3; added += 1) {
      await fleet.punch(device)
      const { job_id } = await fleet.client(added).requestSync(device.id)
      expect(await fleet.client(added + 1).finishedJob(job_id)).toMatchObject({ state: 'completed' })
      expect(await counts()).toEqual(fleet.apis.map(() => before + added))
    }
  })

  it('lock an account for all of them when its password was guessed at all of them', async () => {
    const account = {
      username: 'guessed',
      email: 'guessed@journey.example',
      password: 'a long journey 4',
      role: 'user',
    }
    expect(await fleet.anyClient.attempt('POST', '/auth/register', { body: account })).toMatchObject({
      status: 201,
    })
    const logIn = (place: number, password: string) =>
      fleet.client(place).attempt('POST', '/auth/login', { body: { email: account.email, password } })
    const guesses: number[] = []
    for (let guess = 0; guess < WRONG_PASSWORDS_ALLOWED; guess += 1)
      guesses.push((await logIn(guess, 'wrong password')).status)
    expect(guesses).toEqual([401, 401, 401, 401, 401])
    for (const place of fleet.apis.keys())
      expect(await logIn(place, account.password)).toMatchObject({ status: 423, code: 'ACCOUNT_LOCKED' })
  })

  it('take over the watches and the job of a worker that is killed, within the time of its leases', async () => {
    const memory = madeUpMemory({ people: 20, punches: 10_000, seed: 77 })
    const large = await fleet.add({ memory, paceMs: 5 }, { live: false })
    const { job_id } = await fleet.anyClient.requestSync(large.id)
    await fleet.anyClient.waitForJob(
      job_id,
      ({ progress }) => progress?.phase === 'reading' && progress.done > 500,
    )
    const victim = theOne(fleet.runnerOf(job_id)).worker
    const orphans = fleet.watchedBy(victim)
    expect(orphans).not.toEqual([])

    const killedAt = Date.now()
    await victim.kill()
    fleet.without(victim)
    const watches = await waitUntil('the watches are taken over', () => {
      const watchers = fleet.watchers()
      const taken = orphans.map(({ id }) => watchers.get(id)?.since ?? 0)
      return taken.every((since) => since >= killedAt) ? taken : undefined
    })
    const run = await waitUntil('the job is taken over', () => fleet.runnerOf(job_id))
    expect(Math.max(...watches) - killedAt).toBeLessThan(LEASE_MS + PATIENCE_MS)
    expect(run.since - killedAt).toBeLessThan(CLAIM_MS + PATIENCE_MS)

    const job = await fleet.anyClient.finishedJob(job_id)
    expect(job).toMatchObject({ state: 'completed', error: null })
    expect(job.attempts).toBeGreaterThan(1)
    for (const device of orphans) await fleet.punch(device)
    await fleet.expectNothingLostOrDoubled()
  })

  it('go on when one API process is killed', async () => {
    const victim = theOne(fleet.apis[0])
    const others = fleet.apis.slice(1)
    await using heard = await listening(theOne(others[0]))
    await victim.api.kill()
    fleet.without(victim.api)
    for (const { client } of others) {
      const { job_id } = await client.requestSync(oneOf(fleet.devices).id)
      expect(await client.finishedJob(job_id)).toMatchObject({ state: 'completed' })
    }
    const heardBefore = heard.got.length
    await fleet.punch(oneOf(fleet.devices))
    await punchHeard(heard, oneOf(fleet.devices), heardBefore)
  })

  it('are restarted one after the other under load without a failed request or a lost job', async () => {
    await Promise.all([fleet.addApi(), fleet.addWorker()])
    await using proxy = await readinessProxy()
    await Promise.all(fleet.apis.map(({ api }) => proxy.include(String(api.ready['address']))))
    const before = Math.max(...(await fleet.punchIds()))
    await using faithful = await FaithfulListener.at(proxy.address, fleet.anyClient.token ?? '', before)
    const load = steadyLoad(proxy.address, fleet.anyClient.token, fleet)
    await using heard = await listening(theOne(fleet.apis[0]))

    const codes: (number | null)[] = []
    const restartApis = async (): Promise<void> => {
      for (const { api } of fleet.apis.slice()) {
        fleet.without(api)
        codes.push(await api.stop())
        const next = await fleet.addApi()
        await proxy.include(String(next.api.ready['address']))
      }
    }
    const restartWorkers = async (): Promise<void> => {
      for (const worker of fleet.workers.slice()) {
        fleet.without(worker)
        codes.push(await worker.stop())
        await fleet.addWorker()
      }
    }
    await Promise.all([restartApis(), restartWorkers()])
    await load.stop()

    expect({ proxy: proxy.failures, clients: load.failures }).toEqual({ proxy: [], clients: [] })
    expect(codes).toEqual([0, 0, 0, 0, 0, 0, 0])
    await heard.ended
    expect(heard.text).toMatch(/: the process stops; come back with the last id\nretry: \d+\n\n$/)

    const through = new RestClient(proxy.address, fleet.anyClient.token)
    expect(load.accepted.size).toBeGreaterThan(0)
    for (const id of load.accepted)
      expect(await through.finishedJob(id)).toMatchObject({ state: 'completed', error: null })
    await fleet.expectNothingLostOrDoubled()
    for (const { terminal } of fleet.devices)
      await waitUntil('the terminal is enabled', () => terminal.memory.isEnabled || undefined)

    const news = (await fleet.punchIds()).filter((id) => id > before)
    expect(news.length).toBeGreaterThan(0)
    await waitUntil('all new punches are heard', () => news.every((id) => faithful.hasHeard(id)) || undefined)
    expect(faithful.comebacks).toBeGreaterThan(0)
  })
})

function oneOf(devices: readonly FleetDevice[]): FleetDevice {
  return theOne(devices[0])
}

function theOne<T>(it: T | undefined): T {
  if (it === undefined) throw new Error('there is none')
  return it
}

function listening({ api, client }: FleetApi): Promise<EventReader> {
  return EventReader.open(String(api.ready['address']), client.token ?? '')
}

/** The first event of a punch at this device, of those that this reader hears from the given place on. */
function punchHeard(reader: EventReader, { id }: FleetDevice, from = 0): Promise<HeardEvent> {
  return waitUntil('the punch is heard', () =>
    reader.got.slice(from).find(({ data }) => Object(data)['device_id'] === id),
  )
}
