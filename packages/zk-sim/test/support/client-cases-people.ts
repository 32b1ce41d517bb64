// Our client with people: who they are, what they did, their fingers, what they may and are told.
import { expect } from 'vitest'
import { FINGER, TIME, WORKDAYS, templateFor, operationsOf, type ClientCase } from './client-cases.ts'

/** Cases about people. */
export const PEOPLE_CASES: ClientCase[] = [
  {
    does: 'reads people and punches in every way there is',
    methods: [
      'readPeople',
      'readAttendance',
      'readAttendanceColumns',
      'people.list',
      'people.readRaw',
      'people.readLayout',
      'people.find',
      'people.readPinWidth',
    ],
    run: async ({ terminal: { memory }, client, profile }) => {
      const { people, punches } = memory.truth()
      const pins = people.map(({ pin }) => pin)
      expect((await client.readPeople()).people.map(({ pin }) => pin)).toEqual(pins)
      const listed = await client.people.list()
      expect(listed.people.map(({ raw }) => Buffer.from(raw).toString('hex'))).toEqual(
        people.map(({ raw }) => raw),
      )
      expect(
        (await client.people.readRaw()).records.map((record) => Buffer.from(record).toString('hex')),
      ).toEqual(people.map(({ raw }) => raw))
      expect(await client.people.readPinWidth()).toBe(profile.pinWidth)
      expect(await client.people.readLayout()).toBe(profile.personLayout)
      expect((await client.people.find(pins[2] ?? ''))?.uid).toBe(people[2]?.uid)
      const raw: string[] = []
      for await (const batch of client.readAttendance({ denied: 'mark' })) {
        raw.push(...batch.punches.map((punch) => Buffer.from(punch.raw).toString('hex')))
      }
      expect(raw).toEqual(punches.map((punch) => punch.raw))
      let rows = 0
      for await (const { columns } of client.readAttendanceColumns()) rows += columns.length
      expect(rows).toBe(punches.length)
    },
  },
  {
    does: 'adds, changes and removes people',
    methods: ['people.add', 'people.edit', 'people.put', 'people.remove'],
    run: async ({ terminal, client }) => {
      const { memory } = terminal
      const added = await client.people.add({ pin: '77', name: 'Wen', cardNumber: 4_711 })
      expect(memory.people.findByPin('77')).toMatchObject({ uid: added.uid, name: 'Wen', cardNumber: 4_711 })
      await client.people.edit('77', { name: 'Wen Li' })
      expect(memory.people.findByPin('77')).toMatchObject({ name: 'Wen Li', cardNumber: 4_711 })
      const outcomes = await client.people.put([
        { pin: '77', name: 'W' },
        { pin: '78', name: 'X' },
      ])
      expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined])
      expect(memory.people.count).toBe(7)
      await client.people.remove('78')
      expect(memory.people.findByPin('78')).toBeUndefined()
      expect(operationsOf(terminal)).toEqual(expect.arrayContaining(['enrol user', 'delete user']))
    },
  },
  {
    does: 'sets how people are recognised and takes their rights away',
    methods: ['people.readVerifyMode', 'people.writeVerifyMode', 'people.clearAdministrators'],
    run: async ({ terminal, client }) => {
      expect(await client.people.readVerifyMode(2)).toBe(0)
      await client.people.writeVerifyMode(2, 129)
      expect(await client.people.readVerifyMode(2)).toBe(129)
      await expect(client.people.readVerifyMode(999)).rejects.toMatchObject({ code: 'ZK_REFUSED' })
      expect(terminal.memory.people.counts.administrators).toBe(1)
      await client.people.clearAdministrators()
      expect(terminal.memory.people.counts.administrators).toBe(0)
      expect(operationsOf(terminal)).toContain('clear administrators')
    },
  },
  {
    does: 'reads, writes and deletes templates, one by one and with people',
    methods: [
      'templates.list',
      'templates.read',
      'templates.write',
      'templates.remove',
      'templates.writeWithPeople',
    ],
    run: async ({ terminal, client }) => {
      const { memory } = terminal
      const { people } = await client.people.list()
      const [first, second] = people
      if (first === undefined || second === undefined) throw new Error('expected people')
      const bytes = templateFor(terminal, first.uid, FINGER)
      await client.templates.write(first, { finger: FINGER, flag: 3, bytes })
      expect(memory.templates.get(first.uid, FINGER)).toEqual({
        uid: first.uid,
        finger: FINGER,
        flag: 3,
        bytes,
      })
      const other = templateFor(terminal, second.uid, 0)
      await client.templates.write(first, { finger: FINGER, flag: 1, bytes: other })
      expect(await client.templates.read(first.uid, FINGER)).toMatchObject({ flag: 1, bytes: other })
      await client.templates.writeWithPeople([{ person: second, templates: [{ finger: 0, bytes: other }] }])
      expect(await client.templates.list()).toEqual(memory.templates.list())
      expect(memory.templates.count).toBe(2)
      expect(await client.templates.remove(first, FINGER)).toBe(true)
      expect(await client.templates.remove(first, FINGER)).toBe(false)
      expect(memory.templates.count).toBe(1)
      expect(terminal.stats.leftDisabled).toBe(0)
    },
  },
  {
    does: 'enrols a finger, has one person recognised, and stops',
    methods: ['enrolment.enrol', 'enrolment.verify', 'enrolment.cancel'],
    run: async ({ terminal, client }) => {
      const { memory, hand } = terminal
      hand.answerEnrolments('good', 5)
      const { people } = await client.people.list()
      const [person] = people
      if (person === undefined) throw new Error('expected people')
      const steps: string[] = []
      const enrolled = await client.enrolment.enrol(person, 2, { onStep: ({ type }) => steps.push(type) })
      expect(enrolled).toMatchObject({ finger: 2 })
      expect(steps).toEqual(['started', 'press', 'sample', 'press', 'sample', 'press', 'sample'])
      expect(memory.templates.get(person.uid, 2)).toBeDefined()
      expect(operationsOf(terminal)).toContain('enrol fingerprint')
      await client.enrolment.verify(person.uid)
      expect(memory.sensor.verifying).toBe(person.uid)
      expect(await client.power.readState()).toMatchObject({ name: 'identifying' })
      await client.enrolment.verify()
      await client.enrolment.cancel()
      expect([memory.sensor.verifying, memory.sensor.isResting]).toEqual([undefined, false])
    },
  },
  {
    does: 'rules who may enter when, in the form of the model',
    methods: [
      'readGroupOf',
      'writeGroupOf',
      'readZonesOf',
      'writeZonesOf',
      'readGroup',
      'writeGroup',
      'removeGroup',
      'readTimeZone',
      'writeTimeZone',
      'readCombination',
      'writeCombination',
      'reset',
    ].map((name) => `access.${name}`),
    run: async ({ terminal, client, profile }) => {
      const { memory } = terminal
      const { access } = client
      expect(await access.readGroupOf(1)).toBe(1)
      await access.writeTimeZone(7, WORKDAYS)
      expect(await access.readTimeZone(7)).toEqual(WORKDAYS)
      expect(await access.readTimeZone(8)).toBeUndefined()
      await access.writeGroup(3, { zones: [7] })
      expect((await access.readGroup(3))?.zones).toEqual([7])
      expect(await access.readGroup(4)).toBeUndefined()
      await access.writeGroupOf(2, 3)
      expect(memory.people.get(2)?.group).toBe(3)
      await access.writeZonesOf(2, [1, 7])
      expect(await access.readZonesOf(2)).toEqual([1, 7])
      await access.writeZonesOf(2, undefined)
      expect(await access.readZonesOf(2)).toBeUndefined()
      await access.writeCombination(2, [1, 3])
      expect(await access.readCombination(2)).toEqual([1, 3])
      expect(await access.readCombination(9)).toBeUndefined()
      await access.removeGroup(3)
      expect((await access.readGroup(3))?.zones).toEqual(profile.accessForm === 'compact' ? undefined : [])
      await access.reset()
      expect(await access.readTimeZone(7)).toBeUndefined()
      expect(memory.people.get(2)?.group).toBe(1)
      expect(operationsOf(terminal)).toEqual(
        expect.arrayContaining([
          'change access options',
          'change access time zones',
          'change unlock combinations',
        ]),
      )
    },
  },
  {
    does: 'keeps short messages',
    methods: [
      'messages.list',
      'messages.links',
      'messages.read',
      'messages.write',
      'messages.remove',
      'messages.showTo',
      'messages.hideFrom',
    ],
    run: async ({ terminal, client }) => {
      const { messages } = client
      expect(await messages.list()).toEqual([])
      const lunch = { id: 3, tag: 253, validMinutes: 90, text: 'Lunch at one' }
      await messages.write({ ...lunch, from: TIME })
      expect(await messages.read(3)).toEqual({ ...lunch, from: '2027-02-03T04:05:06' })
      expect(await messages.list()).toHaveLength(1)
      await messages.showTo(2, 3)
      expect(await messages.links()).toEqual([{ uid: 2, id: 3 }])
      await messages.hideFrom(2, 3)
      expect(terminal.memory.messages.links()).toEqual([])
      await messages.remove(3)
      expect(await messages.read(3)).toBeUndefined()
    },
  },
]
