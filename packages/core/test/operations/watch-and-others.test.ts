// A watch of a device that others deal with meanwhile: it is enrolled at, restarted, moved, switched off and deleted, or its terminal
// serves somebody else's software.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { SYSTEM } from '../../src/index.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchService } from '../support/scratch-service.ts'
import { QUICK, WatchedTerminal } from '../support/watched-terminal.ts'

const never = new AbortController().signal
const PATIENT = { timeout: 240_000 }

async function watched(people = 3): Promise<WatchedTerminal> {
  const service = await scratchService('sqlite', { DEVICE_WAIT_MS: '20000' }, { watchTimings: QUICK })
  return WatchedTerminal.set(service, { people, punches: 5 })
}

it(
  'an enrolment has the terminal as long as it needs, and the watch hears again afterwards',
  PATIENT,
  async () => {
    await using at = await watched()
    const { services, database } = at.service
    await at.caughtUp()
    at.terminal.hand.answerEnrolments('good', 300)
    const person = { deviceId: at.device.id, pin: '77', name: 'Siti', mayGrant: false, by: SYSTEM }
    await services.people.add({ ...person, enrol: { finger: 6, timeoutSeconds: 60 }, signal: never })
    await at.present('77')
    await at.caughtUp()
    await at.firstLive('77')
    await at.caughtUp()
    await expectSameAsTerminal(database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats).toMatchObject({ maxConcurrentSessions: 1, leftDisabled: 0 })
  },
)

it(
  'a restart ends the watch for as long as the terminal is away, and nothing is missed',
  PATIENT,
  async () => {
    await using at = await watched()
    const { services, database } = at.service
    await at.caughtUp()
    await services.devices.restart(at.device.id, SYSTEM, never)
    await at.present('1001')
    await at.caughtUp()
    await at.firstLive('1002')
    await at.caughtUp()
    await expectSameAsTerminal(database, at.device.id, at.terminal.memory)
    expect(await database.devices.findById(at.device.id)).toMatchObject({
      isConnected: true,
      lastError: null,
    })
    expect(at.terminal.stats.maxConcurrentSessions).toBe(1)
  },
)

it(
  'a terminal that has moved to another address is watched there, and nobody is left at the old one',
  PATIENT,
  async () => {
    await using at = await watched()
    const { services, database } = at.service
    await at.caughtUp()
    const { memory } = at.terminal
    await at.terminal.hand.pullPlug()
    await using moved = await startTerminal({ memory })
    await services.devices.change(at.device.id, { port: moved.port }, SYSTEM)
    moved.hand.present('1001')
    await at.caughtUp()
    await expectSameAsTerminal(database, at.device.id, memory)
    expect(moved.stats.maxConcurrentSessions).toBe(1)
    expect(at.terminal.stats.openSessions).toBe(0)
  },
)

it(
  'a deleted device is left alone at once, and watched again when its terminal is registered again',
  PATIENT,
  async () => {
    await using at = await watched()
    const { services, database } = at.service
    await at.caughtUp()
    await services.devices.remove(at.device.id, SYSTEM)
    expect(at.terminal.stats.openSessions).toBe(0)
    at.terminal.hand.present('1001')
    await sleep(1_000)
    expect(at.terminal.stats.openSessions).toBe(0)
    expect((await at.rows()).length).toBe(5)
    const again = await at.service.register(at.terminal)
    expect(again.id).toBe(at.device.id)
    await at.caughtUp()
    await expectSameAsTerminal(database, at.device.id, at.terminal.memory)
    expect(at.terminal.stats.maxConcurrentSessions).toBe(1)
  },
)

it('a terminal that serves somebody else is asked less and less often', PATIENT, async () => {
  await using at = await watched()
  await at.caughtUp()
  const { port, host } = at.terminal
  await at.terminal.stop()
  let asked = 0
  const other = createServer((socket) => {
    asked += 1
    socket.destroy()
  }).listen(port, host)
  await once(other, 'listening')
  await sleep(6_000)
  other.close()
  expect(asked).toBeGreaterThan(0)
  expect(asked).toBeLessThan(10)
})

it(
  'somebody who was given another uid while nobody watched is not taken for who had theirs before',
  PATIENT,
  async () => {
    const service = await scratchService('sqlite', {}, { watchTimings: QUICK })
    await using at = await WatchedTerminal.set(service, {
      profile: 'old',
      people: 40,
      punches: 5,
      paceMs: 20,
    })
    const { terminal, device } = at
    await at.caughtUp()
    const [person] = terminal.memory.truth().people
    if (person === undefined) throw new Error('nobody is on the terminal')
    await at.watch.stop()
    terminal.hand.removePerson(person.pin)
    expect(terminal.hand.addPerson({ uid: 900, pin: person.pin, name: 'Siti' })).toBeUndefined()
    const registered = terminal.stats.requests['registerEvents'] ?? 0
    const watch = service.services.watchDevices()
    try {
      await at.until(() => ((terminal.stats.requests['registerEvents'] ?? 0) > registered ? true : undefined))
      await at.present(person.pin)
      await at.until((rows) => (rows.length > 5 ? true : undefined))
      await sleep(3_000)
      await expectSameAsTerminal(service.database, device.id, terminal.memory)
    } finally {
      await watch.stop()
    }
  },
)
