// Copying people to a terminal: from another one, of the same form or another, and from the table.
import { profileNamed, type SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import type { Device } from '../../src/index.ts'
import { MODES } from '../support/modes.ts'
import { PeopleAtWork, whoIsOn } from '../support/people-at-work.ts'

const PASSWORD = '73519'

describe.each(MODES)('a copy of people, with %s', (_name, engine, env) => {
  it('from another terminal brings all of them with their fingers, and changes nothing when repeated', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { people: 12, fingers: 8, seed: 31 })
    const order = { fromDeviceId: device.id, mayGrant: true }
    const tried = await at.copy({ ...order, dryRun: true })
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(await at.rows()).toEqual([])
    expect(await at.trail()).toEqual([])

    const report = await at.copy(order)
    expect(report).toEqual({ ...tried, dry_run: false })
    expect(report).toMatchObject({
      chosen: 12,
      added: { count: 12 },
      updated: { count: 0, users: [] },
      unchanged: { count: 0, users: [] },
      refused: { count: 0, users: [] },
      templates_from: 'device',
    })
    expect(byPin(at.terminal)).toEqual(byPin(from))
    expect((await at.rows()).map(({ pin, fingers }) => [pin, fingers])).toEqual(
      byPin(from).map(({ pin, fingers }) => [pin, fingers.map(([finger]) => finger)]),
    )
    expect(at.terminal.memory.isEnabled).toBe(true)
    const details = { from_device_id: device.id, chosen: 12 }
    expect(await at.trail()).toMatchObject([
      { action: 'people.copy', outcome: 'attempted', details },
      { action: 'people.copy', outcome: 'success', details: { from_device_id: device.id, count: 12 } },
      { action: 'people.copy', outcome: 'success', details: { ...details, added: 12, unchanged: 0 } },
    ])

    const before = whoIsOn(at.terminal)
    expect(await at.copy(order)).toMatchObject({
      added: { count: 0 },
      updated: { count: 0 },
      unchanged: { count: 12 },
      refused: { count: 0 },
    })
    expect(whoIsOn(at.terminal)).toEqual(before)
    expect((await at.trail()).slice(3)).toMatchObject([
      { action: 'people.copy', outcome: 'attempted', details },
      { action: 'people.copy', outcome: 'success', details: { ...details, added: 0, unchanged: 12 } },
    ])
  })

  it('from a terminal on which two people have one PIN does not guess which of them is meant', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const profile = { ...profileNamed('typical'), uniquePins: false }
    const { terminal: from, device } = await another(at, { people: 0, profile })
    from.hand.addPerson({ uid: 1, pin: '7', name: 'Ana' })
    from.hand.addPerson({ uid: 2, pin: '8', name: 'Bo' })
    from.hand.addPerson({ uid: 3, pin: '7', name: 'Cid' })
    from.memory.templates.store(3, 6, templateOfVersion10())
    expect(await at.copy({ fromDeviceId: device.id })).toMatchObject({
      chosen: 2,
      added: { count: 1, users: [{ user_id: '8' }] },
      refused: { count: 1, users: [{ user_id: '7', reason: 'ambiguous' }] },
    })
    expect(whoIsOn(at.terminal)).toMatchObject({ people: [{ pin: '8', name: 'Bo' }], templates: [] })
  })

  it('that is broken off is in the audit trail with what it was about', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { device } = await another(at, { people: 3, seed: 5 })
    at.terminal.faults.set('unanswered=writePerson')
    await expect(at.copy({ fromDeviceId: device.id, mayGrant: true })).rejects.toMatchObject({
      code: 'DEVICE_TIMEOUT',
    })
    expect(await at.trail()).toMatchObject([
      { action: 'people.copy', outcome: 'attempted', details: { from_device_id: device.id, chosen: 3 } },
      { action: 'people.copy', outcome: 'unknown', details: { from_device_id: device.id, chosen: 3 } },
    ])
  })

  it('carries passwords over the wire, and shows them nowhere', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { people: 0 })
    from.hand.addPerson({ uid: 3, pin: '77', name: 'Ana', password: PASSWORD })
    const { job } = await at.service.services.people.requestCopy(
      at.device.id,
      { fromDeviceId: device.id, templates: true, dryRun: false, mayGrant: false },
      { name: 'operator@example.org', accountId: 2, address: null },
    )
    const stored = await at.service.database.jobs.find(job.id)
    const report = await at.copy({ fromDeviceId: device.id })
    expect(at.terminal.memory.people.findByPin('77')?.raw).toContain(Buffer.from(PASSWORD).toString('hex'))
    const shown = JSON.stringify([stored, report, await at.rows(), await at.trail()])
    expect(shown).not.toContain(PASSWORD)
  })

  it('to a terminal of another form brings what fits, and says of each why the rest does not', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { profile: 'compact' })
    const { terminal: from, device } = await another(at, { people: 0 })
    from.hand.addPerson({ uid: 1, pin: '7', name: 'Ana', cardNumber: 55 })
    from.hand.addPerson({ uid: 2, pin: '007', name: 'Bo' })
    from.hand.addPerson({ uid: 3, pin: '8', name: 'a name too long for it' })
    from.memory.templates.store(1, 6, templateOfVersion10())
    const report = await at.copy({ fromDeviceId: device.id })
    expect(report).toMatchObject({
      chosen: 3,
      added: { count: 1, users: [{ user_id: '7', reason: 'not_on_terminal', fingers: [] }] },
      refused: {
        count: 3,
        users: [
          { user_id: '7', reason: 'template_version', fingers: [6] },
          { user_id: '007', reason: 'pin_does_not_fit' },
          { user_id: '8', reason: 'name_does_not_fit' },
        ],
      },
    })
    expect(whoIsOn(at.terminal)).toMatchObject({
      people: [{ pin: '7', name: 'Ana', cardNumber: 55 }],
      templates: [],
    })
    expect(await at.rows()).toMatchObject([{ pin: '7', fingers: [] }])
  })

  it('from a terminal of the old form brings people, and no finger that this one could not compare', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { profile: 'old', people: 3, fingers: 2, seed: 9 })
    expect(from.memory.templates.count).toBeGreaterThan(0)
    const report = await at.copy({ fromDeviceId: device.id, mayGrant: true })
    expect(report).toMatchObject({ added: { count: 3 }, refused: { count: from.memory.templates.count } })
    expect(new Set(report.refused.users.map(({ reason }) => reason))).toEqual(new Set(['template_version']))
    const told = ({ memory }: SimulatedTerminal) =>
      memory.people.list().map(({ pin, name, cardNumber, group }) => ({ pin, name, cardNumber, group }))
    expect(told(at.terminal)).toEqual(told(from))
    expect(at.terminal.memory.templates.count).toBe(0)
    expect(await at.copy({ fromDeviceId: device.id, mayGrant: true })).toMatchObject({
      unchanged: { count: 3 },
    })
  })

  it('adds, updates and leaves alone, each where it is due', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { people: 0 })
    for (const [uid, pin] of [
      [1, '11'],
      [2, '12'],
      [3, '13'],
    ] as const)
      from.hand.addPerson({ uid, pin, name: `Person ${pin}` })
    from.memory.templates.store(3, 2, templateOfVersion10())
    at.terminal.hand.addPerson({ uid: 40, pin: '12', name: 'Before' })
    at.terminal.hand.addPerson({ uid: 41, pin: '13', name: 'Person 13' })
    at.terminal.hand.addPerson({ uid: 42, pin: '99', name: 'Not concerned' })
    expect(await at.copy({ fromDeviceId: device.id, pins: ['11', '12', '13', '14'] })).toMatchObject({
      chosen: 4,
      added: { users: [{ user_id: '11', reason: 'not_on_terminal' }] },
      updated: {
        users: [
          { user_id: '12', reason: 'record_differs', fingers: [] },
          { user_id: '13', reason: 'fingers_differ', fingers: [2] },
        ],
      },
      unchanged: { count: 0 },
      refused: { users: [{ user_id: '14', reason: 'unknown_user' }] },
    })
    expect(at.terminal.memory.people.findByPin('12')).toMatchObject({ uid: 40, name: 'Person 12' })
    expect(at.terminal.memory.people.findByPin('99')).toMatchObject({ uid: 42, name: 'Not concerned' })
    expect(at.terminal.memory.templates.fingersOf(41)).toEqual([2])
  })

  it('writes nobody who has rights at a terminal, unless an admin asks', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { people: 0 })
    from.hand.addPerson({ uid: 1, pin: '1', name: 'Boss', privilege: 14 })
    from.hand.addPerson({ uid: 2, pin: '2', name: 'Ana', password: PASSWORD })
    at.terminal.hand.addPerson({ uid: 9, pin: '2', name: 'Boss here', privilege: 14 })
    const before = whoIsOn(at.terminal)
    expect(await at.copy({ fromDeviceId: device.id })).toMatchObject({
      refused: {
        users: [
          { user_id: '1', reason: 'privilege' },
          { user_id: '2', reason: 'privilege' },
        ],
      },
    })
    expect(whoIsOn(at.terminal)).toEqual(before)
    expect(await at.copy({ fromDeviceId: device.id, mayGrant: true })).toMatchObject({
      added: { count: 1 },
      updated: { count: 1 },
    })
  })

  it('from the table brings back who was on a terminal that was replaced', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 6, fingers: 4, seed: 17 })
    await at.sync()
    const before = byPin(at.terminal)
    at.terminal.memory.clearPeople()
    const report = await at.copy({ mayGrant: true })
    expect(report).toMatchObject({ added: { count: 6 }, refused: { count: 0 }, templates_from: 'none' })
    expect(byPin(at.terminal)).toEqual(before.map((person) => ({ ...person, fingers: [] })))
    expect(await at.service.database.personTemplates.list(at.device.id, pins(before))).toEqual([])
  })

  it('from the table brings templates too where these are kept, sealed', async () => {
    await using at = await PeopleAtWork.set(
      engine,
      { ...env(), STORE_TEMPLATES: 'true' },
      { people: 6, fingers: 4, seed: 17 },
    )
    expect(await at.sync()).toMatchObject({ templates_kept: at.terminal.memory.templates.count })
    const before = byPin(at.terminal)
    const kept = await at.service.database.personTemplates.list(at.device.id, pins(before))
    expect(kept).toHaveLength(at.terminal.memory.templates.count)
    const [template] = at.terminal.memory.templates.list()
    const bytes = Buffer.from(template?.bytes ?? [])
    for (const spelled of [bytes.toString('base64'), bytes.toString('hex')])
      expect(JSON.stringify(kept)).not.toContain(spelled.slice(0, 40))

    await at.sync()
    expect(await at.service.database.personTemplates.list(at.device.id, pins(before))).toEqual(kept)
    at.terminal.memory.clearPeople()
    expect(await at.copy({ mayGrant: true })).toMatchObject({ templates_from: 'database' })
    expect(byPin(at.terminal)).toEqual(before)
    expect(await at.copy({ mayGrant: true })).toMatchObject({ unchanged: { count: 6 } })

    const pin = before.find(({ fingers }) => fingers.length > 0)?.pin ?? ''
    await at.remove(pin)
    expect(await at.service.database.personTemplates.list(at.device.id, [pin])).toEqual([])
  })

  it('from the table takes a person as another device last had them, where this one never had', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { terminal: from, device } = await another(at, { people: 0 })
    from.hand.addPerson({ uid: 1, pin: '500', name: 'From there' })
    await at.sync(device.id)
    expect(await at.copy({})).toMatchObject({ chosen: 0 })
    expect(await at.copy({ pins: ['500', '501'] })).toMatchObject({
      added: { users: [{ user_id: '500' }] },
      refused: { users: [{ user_id: '501', reason: 'unknown_user' }] },
    })
    expect(whoIsOn(at.terminal).people).toMatchObject([{ pin: '500', name: 'From there' }])
  })

  it('in both directions at once ends, with everybody on both', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 8, fingers: 3, seed: 3 })
    const { terminal: other, device } = await another(at, { people: 0 })
    for (let uid = 1; uid <= 5; uid += 1) other.hand.addPerson({ uid, pin: `9000${uid}`, name: `P ${uid}` })
    await Promise.all([
      at.copy({ fromDeviceId: device.id, mayGrant: true }),
      at.copy({ deviceId: device.id, fromDeviceId: at.device.id, mayGrant: true }),
    ])
    await at.copy({ fromDeviceId: device.id, mayGrant: true })
    await at.copy({ deviceId: device.id, fromDeviceId: at.device.id, mayGrant: true })
    expect(byPin(at.terminal)).toHaveLength(13)
    expect(byPin(other)).toEqual(byPin(at.terminal))
  })

  it('tells of a memory that is full, and does not guess who is meant by a PIN that two have', async () => {
    const profile = { ...profileNamed('typical'), uniquePins: false }
    await using at = await PeopleAtWork.set(engine, env(), { profile })
    const { terminal: from, device } = await another(at, { people: 0 })
    from.hand.addPerson({ uid: 1, pin: '1', name: 'Ana' })
    from.hand.addPerson({ uid: 2, pin: '2', name: 'Bo' })
    at.terminal.hand.addPerson({ uid: 5, pin: '2', name: 'One' })
    at.terminal.hand.addPerson({ uid: 6, pin: '2', name: 'Two' })
    at.terminal.faults.set('fullMemory')
    expect(await at.copy({ fromDeviceId: device.id })).toMatchObject({
      refused: {
        users: [
          { user_id: '2', reason: 'ambiguous' },
          { user_id: '1', reason: expect.stringMatching(/./) },
        ],
      },
    })
  })
})

/** Another terminal of the same service. */
async function another(
  at: PeopleAtWork,
  options: Parameters<PeopleAtWork['service']['terminal']>[0],
): Promise<{ terminal: SimulatedTerminal; device: Device }> {
  const terminal = await at.service.terminal({ punches: 0, ...options })
  return { terminal, device: await at.service.register(terminal, { name: 'Other' }) }
}

interface Known {
  readonly pin: string
  readonly fingers: readonly (readonly [number, string])[]
}

/** People without their uids, which each terminal gives in its own way, with their templates. */
function byPin({ memory }: SimulatedTerminal): readonly Known[] {
  const { people, templates } = memory.truth()
  return people
    .map(({ uid, raw, ...person }) => ({
      ...person,
      raw: raw.slice(4),
      fingers: templates
        .filter((template) => template.uid === uid)
        .map(({ finger, bytes }) => [finger, bytes] as const)
        .toSorted(([a], [b]) => a - b),
    }))
    .toSorted((a, b) => (a.pin < b.pin ? -1 : 1))
}

function pins(people: readonly Known[]): string[] {
  return people.map(({ pin }) => pin)
}

/** Bytes that say of themselves that they are a template of version 10. */
function templateOfVersion10(): Uint8Array {
  return Uint8Array.of(0x4a, 0x01, 0x53, 0x53, 0x32, 0x31, ...Array.from({ length: 60 }, (_, i) => i + 1))
}
