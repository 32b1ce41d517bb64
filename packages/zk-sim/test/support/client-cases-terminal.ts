// Our client with the terminal itself: what it is and shows, its clock and options, door, logs and power.
import { expect } from 'vitest'
import type { LiveNotice } from '@org/zk-proto'
import { CODES } from '@org/zk-proto/wire'
import { TIME, operationsOf, type ClientCase } from './client-cases.ts'

/** Cases about the terminal itself. */
export const TERMINAL_CASES: ClientCase[] = [
  {
    does: 'asks what the terminal is and shows',
    methods: [
      'info',
      'readCapacity',
      'readOption',
      'readTime',
      'ping',
      'send',
      'clock.read',
      'options.read',
      'options.readText',
    ],
    run: async ({ terminal: { memory }, client, profile }) => {
      expect(await client.info()).toMatchObject({
        serialNumber: memory.serialNumber,
        firmware: profile.firmware,
        fingerprints: { count: 0, capacity: profile.capacity.fingerprints },
      })
      expect(await client.readCapacity()).toMatchObject({
        people: 5,
        records: 30,
        operations: memory.operations.count,
        recordsLeft: profile.capacity.records - 30,
        administrators: 1,
      })
      expect(await client.readOption('~Platform')).toBe(profile.options['~Platform'])
      expect(await client.readOption('NoSuchOption')).toBeUndefined()
      expect(await client.options.read('LockOn')).toBe(5)
      expect(await client.options.readText('VoiceOn')).toBe('1')
      for (const shown of [await client.readTime(), await client.clock.read()]) {
        expect(Math.abs(Date.UTC(shown.year, shown.month - 1, shown.day) - Date.now())).toBeLessThan(
          2 * 86_400_000,
        )
      }
      await client.ping()
      expect(await client.send(CODES.GET_TIME)).toMatchObject({ name: 'ACK_OK', data: { length: 4 } })
    },
  },
  {
    does: 'opens the door and asks whether it stands open',
    methods: ['door.unlock', 'door.readState'],
    run: async ({ terminal, client }) => {
      expect(await client.door.readState()).toBe('closed')
      await client.door.unlock(30)
      expect(await client.door.readState()).toBe('open')
      await client.door.unlock(4, { unit: 'seconds' })
      expect(terminal.memory.door.unlocks.map(({ milliseconds }) => milliseconds)).toEqual([30_000, 400])
      expect(operationsOf(terminal).filter((name) => name === 'unlock')).toHaveLength(2)
    },
  },
  {
    does: 'sets clock and options',
    methods: ['clock.set', 'options.write', 'options.writeText'],
    run: async ({ terminal, client }) => {
      const { memory } = terminal
      await client.clock.set(TIME)
      expect(memory.clock.read().slice(0, 16)).toBe('2027-02-03T04:05')
      await client.options.write('LockOn', 9)
      await client.options.writeText('DtFmt', '3')
      expect([memory.options.get('LockOn'), memory.options.get('DtFmt')]).toEqual(['9', '3'])
      expect(operationsOf(terminal)).toEqual(expect.arrayContaining(['set time', 'change option']))
    },
  },
  {
    does: 'shows and says things',
    methods: ['screen.write', 'screen.clear', 'screen.blinkColon', 'screen.play'],
    run: async ({ terminal, client }) => {
      const { screen } = terminal.memory
      await client.screen.write(2, 'Hello')
      expect(
        Buffer.from(screen.lines.get(2) ?? [])
          .toString('latin1')
          .trim(),
      ).toBe('Hello')
      await client.screen.blinkColon(false)
      expect(screen.colonBlinks).toBe(false)
      await client.screen.play(13)
      expect(screen.voices).toEqual([13])
      await client.screen.clear()
      expect(screen.lines.size).toBe(0)
    },
  },
  {
    does: 'reads the other logs and clears one after the other',
    methods: [
      'readOperations',
      'readWorkCodes',
      'clearAttendance',
      'clearOperations',
      'clearTemplates',
      'clearPeople',
      'clearEverything',
    ].map((name) => `logs.${name}`),
    run: async ({ terminal, client }) => {
      const { memory } = terminal
      memory.workCodes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
      expect(await client.logs.readWorkCodes()).toEqual(memory.workCodes)
      for (let count = 0; count < 200; count++) memory.operations.write('changeOption', { detail: count })
      expect(
        (await client.logs.readOperations()).map((operation) => ({ ...operation, raw: undefined })),
      ).toEqual(memory.truth().operations)
      await client.logs.clearOperations()
      expect(memory.operations.count).toBe(0)
      memory.templates.store(1, 0, Uint8Array.of(1, 2))
      await client.logs.clearTemplates()
      expect(memory.templates.count).toBe(0)
      await client.logs.clearAttendance()
      expect(memory.log.count).toBe(0)
      await client.logs.clearPeople()
      expect(memory.people.count).toBe(0)
      expect(operationsOf(terminal)).toEqual(['clear data', 'clear attendance', 'clear data'])
      await client.logs.clearEverything()
      expect([memory.workCodes.length, operationsOf(terminal)]).toEqual([0, ['clear data']])
    },
  },
  {
    does: 'stops the terminal and lets it work again',
    methods: ['readState', 'disable', 'enable', 'sleep', 'resume', 'refreshData', 'refreshOptions'].map(
      (name) => `power.${name}`,
    ),
    run: async ({ terminal: { memory }, client }) => {
      expect(await client.power.readState()).toMatchObject({ name: 'waiting' })
      await client.power.disable()
      expect([memory.isEnabled, await client.power.readState()]).toMatchObject([false, { name: 'busy' }])
      await client.power.enable()
      expect(memory.isEnabled).toBe(true)
      await client.power.sleep()
      expect(memory.asleep).toBe(true)
      await client.power.resume()
      expect(memory.asleep).toBe(false)
      await client.power.refreshData()
      await client.power.refreshOptions()
    },
  },
  {
    does: 'restarts it',
    methods: ['power.restart', 'close'],
    run: async ({ terminal, client }) => {
      expect(await client.power.restart()).toEqual({ acknowledged: true })
      await expect.poll(() => terminal.isOn).toBe(false)
      await expect.poll(() => terminal.isOn, { timeout: 30_000 }).toBe(true)
      expect(operationsOf(terminal)).toEqual(['power on', 'power off', 'power on'])
      await client.close()
    },
  },
  {
    does: 'switches it off until a hand switches it on',
    methods: ['power.off'],
    run: async ({ terminal, client }) => {
      expect(await client.power.off()).toEqual({ acknowledged: true })
      await expect.poll(() => terminal.isOn).toBe(false)
      await terminal.hand.plugIn()
      expect(terminal.isOn).toBe(true)
    },
  },
  {
    does: 'hears what happens',
    methods: ['liveEvents'],
    run: async ({ terminal, client, profile }) => {
      const events = client.liveEvents()
      const first = events.next()
      await expect.poll(() => terminal.stats.requests['registerEvents']).toBe(1)
      terminal.hand.present(terminal.memory.people.list()[1]?.pin ?? '')
      await client.door.unlock(1)
      const types: LiveNotice['type'][] = []
      const wanted = profile.opensDoor ? 5 : 4
      for (let step = await first; step.done !== true; step = await events.next()) {
        types.push(step.value.type)
        if (types.length === wanted) break
      }
      await events.return()
      const opened = profile.opensDoor ? (['unlock'] as const) : []
      expect(types).toEqual(['touch', 'verification', 'punch', ...opened, 'unlock'])
    },
  },
]
