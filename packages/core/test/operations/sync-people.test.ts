// Reading who is on a terminal: all of them, with their fingers, and nobody said to be gone who is not.
import { profileNamed, type SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { MODES } from '../support/modes.ts'
import { PeopleAtWork } from '../support/people-at-work.ts'

describe.each(MODES)('a sync of people, with %s', (_name, engine, env) => {
  it('stores everybody with their fingers, and finds nothing new when it is repeated', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 30, fingers: 12, seed: 5 })
    expect(await at.sync()).toEqual({
      announced: 30,
      read: 30,
      inserted: 30,
      updated: 0,
      unchanged: 0,
      gone: 0,
      suspicious: 0,
      doubled: 0,
      fingers_read: true,
      templates_kept: null,
    })
    expect(await told(at)).toEqual(holds(at.terminal))
    expect(await at.sync()).toMatchObject({ inserted: 0, updated: 0, unchanged: 30, gone: 0 })
  })

  it('updates who changed, marks who is gone, and unmarks who is back', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 10, seed: 6 })
    await at.sync()
    const [first, second] = at.terminal.memory.people.list()
    at.terminal.hand.removePerson(first?.pin ?? '')
    at.terminal.hand.addPerson({ uid: second?.uid ?? 0, pin: second?.pin ?? '', name: 'Renamed' })
    expect(await at.sync()).toMatchObject({ read: 9, updated: 1, unchanged: 8, gone: 1 })
    const rows = await at.rows()
    expect(rows.find(({ pin }) => pin === first?.pin)).toMatchObject({ onDevice: false })
    expect(rows.find(({ pin }) => pin === second?.pin)).toMatchObject({ name: 'Renamed', onDevice: true })
    at.terminal.hand.addPerson({ uid: 500, pin: first?.pin ?? '', name: 'Back' })
    expect(await at.sync()).toMatchObject({ updated: 1, gone: 0 })
    expect(await told(at)).toEqual(holds(at.terminal))
  })

  it('reads a thousand, with a thousand fingers', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 1_000, fingers: 1_000, seed: 7 })
    expect(await at.sync()).toMatchObject({ read: 1_000, inserted: 1_000, gone: 0, fingers_read: true })
    expect(await told(at)).toEqual(holds(at.terminal))
  })

  it('is done in batches of a hundred, and tells how far it is', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 250, seed: 9 })
    const seen: string[] = []
    await at.service.services.syncPeople({
      deviceId: at.device.id,
      signal: new AbortController().signal,
      progress: ({ phase, done, total }) => void seen.push(`${phase} ${done}/${total}`),
    })
    expect(seen[0]).toBe('connecting 0/null')
    expect(seen.filter((line) => line.startsWith('storing'))).toEqual([
      'storing 100/250',
      'storing 200/250',
      'storing 250/250',
    ])
    expect(seen.at(-1)).toBe('done 250/250')
  })

  it('keeps what was known of fingers where the terminal does not tell', async () => {
    await using at = await PeopleAtWork.set(engine, env(), { people: 4, fingers: 4, seed: 5 })
    await at.sync()
    const before = await told(at)
    // The second table that is read is that of templates.
    at.terminal.faults.set('missize(in=table, by=-13, skip=1, times=always)')
    expect(await at.sync()).toMatchObject({ unchanged: 4, fingers_read: false })
    expect(await told(at)).toEqual(before)
  })

  it('says of nobody that they are gone where the list is not whole by the terminal’s own count', async () => {
    const profile = { ...profileNamed('typical'), freeSizesBytes: 4 as const }
    await using at = await PeopleAtWork.set(engine, env(), { people: 6, seed: 5, profile })
    expect(await at.sync()).toMatchObject({ announced: null, inserted: 6, gone: null })
    at.terminal.hand.removePerson(at.terminal.memory.people.list()[0]?.pin ?? '')
    expect(await at.sync()).toMatchObject({ read: 5, unchanged: 5, gone: null })
    expect((await at.rows()).every(({ onDevice }) => onDevice)).toBe(true)
  })
})

/** What the table tells of who is on the terminal. */
async function told(at: PeopleAtWork): Promise<unknown[]> {
  return (await at.rows())
    .filter(({ onDevice }) => onDevice)
    .map(({ pin, name, privilege, cardNumber, group, hasPassword, fingers }) => ({
      pin,
      name,
      privilege,
      cardNumber,
      group,
      hasPassword,
      fingers,
    }))
}

/** The same, as the terminal holds it. */
function holds({ memory }: SimulatedTerminal): unknown[] {
  return memory.people
    .list()
    .map(({ uid, pin, name, privilege, cardNumber, group, hasPassword }) => ({
      pin,
      name,
      privilege,
      cardNumber: cardNumber === 0 ? null : cardNumber,
      group,
      hasPassword,
      fingers: memory.templates.fingersOf(uid),
    }))
    .toSorted((a, b) => (a.pin < b.pin ? -1 : 1))
}
