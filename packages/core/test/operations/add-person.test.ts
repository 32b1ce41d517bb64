// Adding people: all of it or nothing, on the terminal and as a row.
import { nextUid } from '@org/zk-proto'
import { profileNamed } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { addPerson } from '../../src/operations/add-person.ts'
import { alteredWay } from '../support/altered-terminals.ts'
import { MODES } from '../support/modes.ts'
import { OPERATOR, PeopleAtWork, until, whoIsOn } from '../support/people-at-work.ts'

const SECRET = '73519'

describe.each(MODES)('adding a person, with %s', (_name, engine, env) => {
  it('enrols a finger by three presses, and leaves a person, a template, a row and a line in the trail', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const person = await at.add({ cardNumber: 8_812_345, password: SECRET, group: 3 })
    expect(person).toEqual({
      deviceId: at.device.id,
      pin: '1042',
      name: 'Siti Rahma',
      privilege: 0,
      cardNumber: 8_812_345,
      group: 3,
      hasPassword: true,
      fingers: [6],
      onDevice: true,
      updatedAt: expect.stringMatching(/Z$/),
    })
    expect(await at.rows()).toEqual([person])
    expect(whoIsOn(at.terminal)).toMatchObject({
      people: [{ uid: 1, pin: '1042', name: 'Siti Rahma', cardNumber: 8_812_345, hasPassword: true }],
      templates: [{ uid: 1, finger: 6 }],
    })
    expect(await at.notes()).toEqual([])
    const trail = await at.trail()
    expect(trail).toEqual([
      {
        action: 'person.add',
        outcome: 'success',
        actor: OPERATOR.name,
        details: { user_id: '1042', privilege: 0, finger: 6 },
      },
    ])
    expect(JSON.stringify([person, trail])).not.toContain(SECRET)
    expect(await at.service.database.personTemplates.list(at.device.id, ['1042'])).toEqual([])
  })

  it.each([
    ['poor', 'quality'],
    ['time-out', 'timeout'],
    ['duplicate', 'duplicate'],
    ['cancelled', 'cancelled'],
  ] as const)('with a finger that is %s takes the person off again', async (script, reason) => {
    await using at = await PeopleAtWork.set(engine, env(), {
      people: 3,
      fingers: 2,
      seed: 4,
      profile: impatient(),
    })
    const before = whoIsOn(at.terminal)
    at.terminal.hand.answerEnrolments(script)
    await expect(at.add()).rejects.toMatchObject({
      code: 'ENROLLMENT_FAILED',
      status: 400,
      details: { reason },
    })
    expect(whoIsOn(at.terminal)).toEqual(before)
    expect(await at.rows()).toEqual([])
    expect(await at.notes()).toEqual([])
    expect(at.terminal.memory.isEnabled).toBe(true)
  })

  it('gives up at its own time when nobody comes', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    at.terminal.hand.answerEnrolments('by-hand')
    await expect(at.add({ enrol: { finger: 6, timeoutSeconds: 1 } })).rejects.toMatchObject({
      code: 'ENROLLMENT_FAILED',
      details: { reason: 'timeout' },
    })
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
  })

  it.each(['no-events', 'refused'] as const)('says what firmware cannot do: %s', async (overNetwork) => {
    const typical = profileNamed('typical')
    const profile = { ...typical, enrolment: { ...typical.enrolment, overNetwork } }
    await using at = await PeopleAtWork.set(engine, env(), { profile })
    await expect(at.add({ enrol: { finger: 6, timeoutSeconds: 1 } })).rejects.toMatchObject({
      code: 'ENROLLMENT_FAILED',
      details: { reason: overNetwork === 'refused' ? 'unsupported' : 'timeout' },
    })
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(await at.add({ enrol: null })).toMatchObject({ pin: '1042', fingers: [] })
  })

  it('ends with its caller: nothing is half-made', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    at.terminal.hand.answerEnrolments('by-hand')
    const gone = new AbortController()
    const adding = at.add({ signal: gone.signal })
    await until(() => at.terminal.memory.sensor.enrolling !== undefined)
    expect(await at.notes()).toHaveLength(1)
    at.terminal.hand.press()
    gone.abort(new Error('the caller has gone'))
    await expect(adding).rejects.toMatchObject({
      code: 'ENROLLMENT_FAILED',
      details: { reason: 'cancelled' },
    })
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(at.terminal.memory.sensor.enrolling).toBeUndefined()
    expect(await at.notes()).toEqual([])
  })

  it('ends with its process, when that is told to stop: nothing is half-made', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    at.terminal.hand.answerEnrolments('by-hand')
    const outcome = at.add().catch((error: unknown) => error)
    await until(() => at.terminal.memory.sensor.enrolling !== undefined)
    await at.service.services.close()
    expect(await outcome).toMatchObject({ code: 'SERVICE_STOPPING' })
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(await at.notes()).toEqual([])
  })

  it('lets a door be opened meanwhile', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    at.terminal.hand.answerEnrolments('by-hand')
    const adding = at.add()
    await until(() => at.terminal.memory.sensor.enrolling !== undefined)
    const { answer } = await at.service.services.doors.unlock({
      deviceId: at.device.id,
      seconds: 5,
      by: OPERATOR,
      signal: new AbortController().signal,
    })
    expect(answer).toMatchObject({ seconds: 5 })
    expect(at.terminal.memory.door.unlocks).toHaveLength(1)
    expect(at.terminal.memory.sensor.enrolling).toBeDefined()
    for (let press = 0; press < 3; press += 1) expect(at.terminal.hand.press()).toBe(true)
    expect(await adding).toMatchObject({ fingers: [6] })
  })

  it('refuses a PIN that the table has on the device, and one that only the terminal has', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 2, seed: 3 })
    const [first, second] = at.terminal.memory.people.list()
    await expect(at.add({ pin: first?.pin ?? '' })).rejects.toMatchObject({
      code: 'USER_EXISTS',
      status: 409,
    })
    await at.sync()
    at.terminal.hand.removePerson(second?.pin ?? '')
    await expect(at.add({ pin: second?.pin ?? '' })).rejects.toMatchObject({ code: 'USER_EXISTS' })
    expect(await at.notes()).toEqual([])
  })

  it('gives a PIN to somebody else once who had it is gone', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    await at.add({ enrol: { finger: 2, timeoutSeconds: 60 } })
    await at.remove('1042')
    expect(await at.rows()).toMatchObject([{ pin: '1042', onDevice: false }])
    await at.add({ name: 'Budi', enrol: null })
    expect(await at.rows()).toMatchObject([{ pin: '1042', name: 'Budi', onDevice: true, fingers: [] }])
  })

  it('gives rights at the terminal only where that may be', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    await expect(at.add({ privilege: 14 })).rejects.toMatchObject({ code: 'FORBIDDEN', status: 403 })
    expect(whoIsOn(at.terminal).people).toEqual([])
    expect(await at.add({ privilege: 14, mayGrant: true, enrol: null })).toMatchObject({ privilege: 14 })
  })

  it.each([
    ['typical', 'name', { name: 'a name that is far too long for it' }],
    ['old', 'name', { name: 'ninechars' }],
    ['old', 'user_id', { pin: '007' }],
    ['old', 'user_id', { pin: 'A7' }],
    ['typical', 'user_id', { pin: '1234567890' }],
    ['old', 'password', { name: 'Siti', password: '123456' }],
  ])('on a terminal that is %s names the field that does not fit: %s', async (profile, field, input) => {
    await using at = await PeopleAtWork.set(engine, env(), { profile })
    await expect(at.add(input)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field, message: expect.stringMatching(/^does not fit this terminal: /) }],
    })
    expect(whoIsOn(at.terminal).people).toEqual([])
    expect(await at.notes()).toEqual([])
  })

  it('enrols on a terminal of the old form, where PINs are numbers', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { profile: 'old' })
    const options = { name: 'Siti', enrol: { finger: 2, timeoutSeconds: 60 } }
    expect(await at.add(options)).toMatchObject({ pin: '1042', fingers: [2] })
    expect(whoIsOn(at.terminal)).toMatchObject({ people: [{ pin: '1042' }], templates: [{ finger: 2 }] })
    at.terminal.hand.answerEnrolments('poor')
    await expect(at.add({ ...options, pin: '2000' })).rejects.toMatchObject({ code: 'ENROLLMENT_FAILED' })
    expect(whoIsOn(at.terminal).people).toHaveLength(1)
  })

  it('lets one of two who want the same PIN at once have it', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const outcomes = await Promise.allSettled([at.add({ name: 'One' }), at.add({ name: 'Two' })])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'USER_EXISTS' },
    })
    expect(whoIsOn(at.terminal).people).toHaveLength(1)
    expect(await at.notes()).toEqual([])
  })

  it('takes another uid where somebody was added at the terminal’s menu meanwhile, and leaves them alone', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 2, seed: 4 })
    let added = 0
    await using way = await alteredWay(at.service, ({ people }) => {
      const list = people.list.bind(people)
      people.list = async (...given) => {
        const read = await list(...given)
        added += 1
        if (added <= 2)
          at.terminal.hand.addPerson({ uid: nextUid(read, '1042'), pin: `70${added}`, name: 'Menu' })
        return read
      }
    })
    const input = { deviceId: at.device.id, pin: '1042', name: 'Siti Rahma', enrol: null }
    const signal = new AbortController().signal
    await addPerson(at.partsOf(way), { ...input, by: OPERATOR, mayGrant: false, signal })
    expect(
      whoIsOn(at.terminal)
        .people.map(({ pin }) => pin)
        .slice(2),
    ).toEqual(['701', '702', '1042'])
    expect(await at.notes()).toEqual([])
  })

  it('keeps the template where templates are kept, sealed, and gives it to nobody', async () => {
    await using at = await PeopleAtWork.set(engine, { ...env(), STORE_TEMPLATES: 'true' })
    const person = await at.add()
    const kept = await at.service.database.personTemplates.list(at.device.id, ['1042'])
    expect(kept).toMatchObject([{ finger: 6, flag: 1, version: 10 }])
    const bytes = Buffer.from(at.terminal.memory.templates.get(1, 6)?.bytes ?? [])
    expect(kept[0]?.sealed).toMatch(/^v1\./)
    for (const spelled of [bytes.toString('hex'), bytes.toString('base64')])
      expect(JSON.stringify([person, kept])).not.toContain(spelled.slice(0, 40))
  })

  it('leaves what could not be undone, because the terminal was cut off, to the next contact', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    at.terminal.hand.answerEnrolments('by-hand')
    const outcome = at.add().catch((error: unknown) => error)
    await until(() => at.terminal.memory.sensor.enrolling !== undefined)
    await at.terminal.hand.pullPlug()
    expect(await outcome).toMatchObject({ code: 'DEVICE_UNREACHABLE', status: 503 })
    expect(at.terminal.memory.people.findByPin('1042')).toBeDefined()
    expect(await at.notes()).toHaveLength(1)
    await at.terminal.hand.plugIn()
    await at.sync()
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(await at.notes()).toEqual([])
    expect(await at.rows()).toEqual([])
  })

  it('leaves nothing where it cannot be stored', async () => {
    await using at = await PeopleAtWork.set(engine, env())
    const { database } = at.service
    const append = database.transaction.bind(database)
    let calls = 0
    // The note goes in; the row does not.
    Object.assign(database, {
      transaction: (work: Parameters<typeof append>[0]) =>
        ++calls === 2 ? Promise.reject(new Error('the disk is full')) : append(work),
    })
    await expect(at.add()).rejects.toThrow('the disk is full')
    expect(whoIsOn(at.terminal)).toEqual({ people: [], templates: [] })
    expect(await at.notes()).toEqual([])
  })
})

/** A terminal that does not wait long for a press. */
function impatient() {
  const typical = profileNamed('typical')
  return { ...typical, enrolment: { ...typical.enrolment, pressTimeoutMs: 300 } }
}
