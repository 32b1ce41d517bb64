import { describe, expect, it } from 'vitest'
import { CODES } from '../src/codes.ts'
import { connect } from '../src/connect.ts'
import { copyPeople } from '../src/copy-people.ts'
import { person72 } from '../src/records/person.ts'
import { Furniture } from './support/furnished-terminal.ts'
import { people72 } from './support/logs.ts'
import { LoopbackTerminal } from './support/loopback-terminal.ts'

const three = [0, 1, 2].map((i) => people72(3).slice(i * 72, (i + 1) * 72))

describe('copying people', () => {
  it('takes over what a person may, and leaves what the other terminal alone knows', async () => {
    const [from, to] = [new Furniture(), new Furniture()]
    from.people = three.map((record, i) =>
      person72.patch(record, { privilege: 14, cardNumber: 70_000 + i, ownTimeZones: i, timeZone1: 4 }),
    )
    to.people = [person72.patch(three[0] ?? new Uint8Array(72), { uid: 9, ownTimeZones: 1, timeZone1: 7 })]
    await using servers = await LoopbackTerminal.start(from.script())
    await using others = await LoopbackTerminal.start(to.script())
    const [source, target] = await Promise.all(
      [servers, others].map(({ port }) => connect({ host: '127.0.0.1', port, transport: 'tcp' })),
    )
    if (source === undefined || target === undefined) throw new Error('two were connected')
    const copied = await copyPeople(source, target, { withPeople: true, pins: ['1001', '1002'] })
    expect(copied.map(({ pin, person }) => [pin, person])).toEqual([
      ['1001', 'updated'],
      ['1002', 'added'],
    ])
    const { people } = await target.people.list()
    expect(people).toMatchObject([
      { uid: 9, pin: '1001', level: 'administrator', cardNumber: 70_000, timeZones: undefined },
      { uid: 10, pin: '1002', level: 'administrator', cardNumber: 70_001, timeZones: [4, 0, 0] },
    ])
    await source.close()
    await target.close()
  })

  it('knows the form of a terminal that nobody is on, and leaves time zones out that it has no form for', async () => {
    const [from, to] = [new Furniture(), new Furniture()]
    const [record = new Uint8Array(72)] = three
    from.people = [
      person72.patch(record, { name: new TextEncoder().encode('Ada'), ownTimeZones: 1, timeZone1: 4 }),
    ]
    to.options.set('~SSR', '0')
    await using servers = await LoopbackTerminal.start(from.script())
    await using others = await LoopbackTerminal.start(to.script())
    await using source = await connect({ host: '127.0.0.1', port: servers.port, transport: 'tcp' })
    await using target = await connect({ host: '127.0.0.1', port: others.port, transport: 'tcp' })
    expect([await source.people.readLayout(), await target.people.readLayout()]).toEqual([
      'person/72',
      'person/28',
    ])
    expect(await copyPeople(source, target, { withPeople: true })).toMatchObject([
      { pin: '1001', person: 'added' },
    ])
    expect(to.people.map((person) => person.length)).toEqual([28])
  })

  it('ends with the connection of either terminal', async () => {
    const [from, to] = [new Furniture(), new Furniture()]
    from.people = three
    from.templates = [{ uid: 1, finger: 2, flag: 1, bytes: new Uint8Array(600).fill(5) }]
    to.people = three
    await using servers = await LoopbackTerminal.start(from.script())
    const cut = (): true => {
      others.cut()
      return true
    }
    const script = to.script({ first: ({ code }) => code === CODES.TMP_WRITE && cut() })
    await using others = await LoopbackTerminal.start(script)
    const [source, target] = await Promise.all(
      [servers, others].map(({ port }) => connect({ host: '127.0.0.1', port, transport: 'tcp' })),
    )
    if (source === undefined || target === undefined) throw new Error('two were connected')
    await expect(copyPeople(source, target)).rejects.toMatchObject({
      code: 'ZK_CONNECTION_LOST',
      effect: 'unknown',
      details: { port: others.port },
    })
    await source.close()
    await target.close()
  })
})
