// Every method of our client's Terminal against every model that serves clients, over each of its transports: what it
// says is what the terminal holds, and what it changes is changed there. None is left out.
import { connect, type Terminal } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { profiles } from '../src/profile.ts'
import { startTerminal } from '../src/simulated-terminal.ts'
import { PEOPLE_CASES } from './support/client-cases-people.ts'
import { TERMINAL_CASES } from './support/client-cases-terminal.ts'

const CASES = [...PEOPLE_CASES, ...TERMINAL_CASES]

const served = profiles
  .filter(({ refusesClients }) => refusesClients === undefined)
  .flatMap((profile) => profile.transports.map((transport) => ({ name: profile.name, profile, transport })))

describe.each(served)('our client with a $name terminal over $transport', ({ profile, transport }) => {
  it.each(CASES)('$does', async ({ run, methods }) => {
    const quick = { ...profile, restart: { ...profile.restart, downMs: 30 } }
    await using terminal = await startTerminal({ profile: quick, people: 5, punches: 30, seed: 3 })
    await using client = await connect({ host: '127.0.0.1', port: terminal.port, transport })
    const called = watchCalls(client)
    await run({ terminal, client, profile })
    expect([...called]).toEqual(expect.arrayContaining([...methods]))
  })
})

describe('these tests', () => {
  it('leave no method of our client out', async () => {
    await using terminal = await startTerminal({ people: 1, punches: 0 })
    await using client = await connect({ host: '127.0.0.1', port: terminal.port, transport: 'tcp' })
    expect(methodsOf(client).sort()).toEqual([...new Set(CASES.flatMap(({ methods }) => methods))].sort())
  })
})

/** The methods of a client and of its parts, as `part.method`. */
function methodsOf(client: Terminal): string[] {
  const own = namesOf(client)
  const parts = Object.entries(client).flatMap(([part, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? namesOf(value).map((name) => `${part}.${name}`) : [],
  )
  return [...own, ...parts]
}

function namesOf(object: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(object)
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => name)
}

/** Notes every method that is called on a client or its parts from now on. */
function watchCalls(client: Terminal): ReadonlySet<string> {
  const called = new Set<string>()
  const note = (object: object, name: string, full: string): void => {
    const method: unknown = Reflect.get(object, name)
    if (typeof method !== 'function') return
    Object.defineProperty(object, name, {
      configurable: true,
      value: (...args: unknown[]): unknown => {
        called.add(full)
        return Reflect.apply(method, object, args)
      },
    })
  }
  for (const name of namesOf(client)) note(client, name, name)
  for (const [part, value] of Object.entries(client) as [string, unknown][]) {
    if (typeof value !== 'object' || value === null) continue
    for (const name of namesOf(value)) note(value, name, `${part}.${name}`)
  }
  return called
}
