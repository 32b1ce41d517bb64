// Changing and removing people: what is named changes, every other byte and every template stays.
import type { SimulatedTerminal } from '@org/zk-sim'
import { DatabaseUnavailable } from '@org/data'
import { describe, expect, it } from 'vitest'
import { editPerson, removePerson } from '../../src/operations/edit-person.ts'
import { alteredWay } from '../support/altered-terminals.ts'
import { MODES } from '../support/modes.ts'
import { OPERATOR, PeopleAtWork, whoIsOn } from '../support/people-at-work.ts'

const SECRET = '73519'

describe.each(MODES)('a person on a terminal, with %s', (_name, engine, env) => {
  const setUp = async () => {
    const at = await PeopleAtWork.set(engine, env(), { people: 5, fingers: 4, punches: 20, seed: 12 })
    await at.sync()
    return at
  }

  it('is changed in what is named, and in not one byte more', async () => {
    await using at = await setUp()
    const before = whoIsOn(at.terminal)
    const pin = before.people[2]?.pin ?? ''
    const row = (await at.rows()).find((one) => one.pin === pin)
    const changed = await at.edit(pin, { name: 'Budi', cardNumber: 77 })
    expect(changed).toEqual({ ...row, name: 'Budi', cardNumber: 77, updatedAt: changed.updatedAt })
    expect(changed.fingers.length).toBeGreaterThan(0)
    const after = whoIsOn(at.terminal)
    expect(after.templates).toEqual(before.templates)
    const rawRecords = ({ people }: typeof after) =>
      people.map((person) => (person.pin === pin ? withoutNameAndCard(person.raw) : person.raw))
    expect(rawRecords(after)).toEqual(rawRecords(before))
    expect((await at.trail()).at(-1)).toMatchObject({
      action: 'person.edit',
      actor: OPERATOR.name,
      details: { user_id: pin, fields: 'name, cardNumber' },
    })
  })

  it('gets a password that nobody is told of', async () => {
    await using at = await setUp()
    const pin = ordinary(at.terminal)
    const changed = await at.edit(pin, { password: SECRET })
    expect(changed).toMatchObject({ hasPassword: true })
    expect(rawOf(at.terminal, pin)).toContain(Buffer.from(SECRET).toString('hex'))
    expect(JSON.stringify([changed, await at.trail()])).not.toContain(SECRET)
    expect(await at.edit(pin, { password: '' })).toMatchObject({ hasPassword: false })
  })

  it('is unchanged where what is asked for is so already, and not known where the terminal has nobody', async () => {
    await using at = await setUp()
    const [row] = await at.rows()
    const pin = row?.pin ?? ''
    expect(await at.edit(pin, { name: row?.name ?? '' })).toEqual(row)
    await expect(at.edit('999', { name: 'X' })).rejects.toMatchObject({ code: 'USER_NOT_FOUND', status: 404 })
    await expect(at.edit(pin, { name: 'x'.repeat(40) })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: [{ field: 'name' }],
    })
  })

  it('gets rights, or the keys of one who has them, from an admin alone', async () => {
    await using at = await setUp()
    const pin = ordinary(at.terminal)
    await expect(at.edit(pin, { privilege: 6 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(await at.edit(pin, { privilege: 6 }, { mayGrant: true })).toMatchObject({ privilege: 6 })
    const before = whoIsOn(at.terminal)
    await expect(at.edit(pin, { password: SECRET })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await expect(at.edit(pin, { cardNumber: 5 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
    expect(whoIsOn(at.terminal)).toEqual(before)
    expect(await at.edit(pin, { name: 'Boss' })).toMatchObject({ privilege: 6, name: 'Boss' })
    expect(await at.edit(pin, { privilege: 0 })).toMatchObject({ privilege: 0 })
  })

  it('who was never read into the table has their fingers there after a change', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 2, fingers: 2, seed: 8 })
    const [person] = at.terminal.memory.people.list()
    const fingers = at.terminal.memory.templates.fingersOf(person?.uid ?? 0)
    expect(await at.edit(person?.pin ?? '', { name: 'Known' })).toMatchObject({ fingers })
    expect(fingers).not.toEqual([])
  })

  it('is taken off with their templates; the row says so and the punches stay', async () => {
    await using at = await setUp()
    await at.service.sync(at.device.id)
    const punches = at.terminal.memory.log.count
    const [person] = at.terminal.memory.people.list()
    const pin = person?.pin ?? ''
    await at.remove(pin)
    const { people, templates } = whoIsOn(at.terminal)
    expect(people.some((one) => one.pin === pin)).toBe(false)
    expect(templates.some(({ uid }) => uid === person?.uid)).toBe(false)
    expect(people).toHaveLength(4)
    expect((await at.rows()).find((row) => row.pin === pin)).toMatchObject({ onDevice: false })
    expect(at.terminal.memory.log.count).toBe(punches)
    expect(await at.service.database.punches.count(at.device.id)).toBe(punches)
    await expect(at.remove(pin)).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
    await expect(at.edit(pin, { name: 'X' })).rejects.toMatchObject({ code: 'USER_NOT_FOUND' })
    expect((await at.trail()).at(-1)).toMatchObject({
      action: 'person.remove',
      details: { user_id: pin },
    })
  })

  it('is changed and removed to the end, and told of, though whoever asked has gone meanwhile', async () => {
    await using at = await setUp()
    const pin = ordinary(at.terminal)
    for (const act of ['edit', 'remove'] as const) {
      const gone = new AbortController()
      await using way = await alteredWay(at.service, ({ people }) => {
        const edit = people.edit.bind(people)
        const remove = people.remove.bind(people)
        people.edit = (...given) => {
          gone.abort(new Error('the caller has gone'))
          return edit(...given)
        }
        people.remove = (...given) => {
          gone.abort(new Error('the caller has gone'))
          return remove(...given)
        }
      })
      const parts = at.partsOf(way)
      const whose = { deviceId: at.device.id, pin, by: OPERATOR, signal: gone.signal }
      if (act === 'edit') await editPerson(parts, { ...whose, changes: { name: 'Gone by' }, mayGrant: false })
      else await removePerson(parts, whose)
      expect((await at.trail()).slice(-2)).toMatchObject([
        { action: `person.${act}`, outcome: 'attempted', details: { user_id: pin } },
        { action: `person.${act}`, outcome: 'success', details: { user_id: pin } },
      ])
      const shown = act === 'edit' ? { name: 'Gone by', onDevice: true } : { onDevice: false }
      expect((await at.rows()).find((row) => row.pin === pin)).toMatchObject(shown)
    }
    expect(at.terminal.memory.people.findByPin(pin)).toBeUndefined()
  })

  it('is in the audit trail as an attempt when nobody can tell what became of it', async () => {
    await using at = await setUp()
    const pin = ordinary(at.terminal)
    await using way = await alteredWay(at.service, () => undefined)
    const { database } = at.service
    let transactions = 0
    // The attempt is the first; from then on the database is away, as for a process that is killed.
    const failing = Object.create(database, {
      transaction: {
        value: (act: Parameters<typeof database.transaction>[0]) => {
          transactions += 1
          return transactions === 1
            ? database.transaction(act)
            : Promise.reject(new DatabaseUnavailable('refused'))
        },
      },
    }) as typeof database
    const input = { deviceId: at.device.id, pin, by: OPERATOR, signal: new AbortController().signal }
    await expect(
      editPerson(
        { ...at.partsOf(way), database: failing },
        { ...input, changes: { name: 'Written' }, mayGrant: false },
      ),
    ).rejects.toBeInstanceOf(DatabaseUnavailable)
    expect(at.terminal.memory.people.findByPin(pin)).toMatchObject({ name: 'Written' })
    expect((await at.trail()).at(-1)).toMatchObject({
      action: 'person.edit',
      outcome: 'attempted',
      details: { user_id: pin, fields: 'name' },
    })
  })

  it('who is gone from the terminal already is taken out of the mapping all the same', async () => {
    await using at = await setUp()
    const [person] = at.terminal.memory.people.list()
    at.terminal.hand.removePerson(person?.pin ?? '')
    await at.remove(person?.pin ?? '')
    expect((await at.rows()).find((row) => row.pin === person?.pin)).toMatchObject({ onDevice: false })
  })
})

/** Somebody without rights. */
function ordinary({ memory }: SimulatedTerminal): string {
  return memory.people.list().find(({ privilege }) => privilege === 0)?.pin ?? ''
}

function rawOf({ memory }: SimulatedTerminal, pin: string): string {
  return memory.people.list().find((person) => person.pin === pin)?.raw ?? ''
}

/** A record of 72 bytes in hex: the name has bytes 11 to 34, the card 35 to 38. */
function withoutNameAndCard(raw: string): string {
  return raw.slice(0, 11 * 2) + raw.slice(39 * 2)
}
