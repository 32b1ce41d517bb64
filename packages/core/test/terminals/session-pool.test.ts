// Sessions kept open between operations, with the lease that belongs to them.
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Terminal } from '@org/zk-proto'
import { startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import {
  createSessionPool,
  type SessionPool,
  type UseOptions,
  type WayToTerminal,
} from '../../src/terminals/session-pool.ts'
import { quiet } from '../support/scratch-service.ts'

describe('a pool of sessions', () => {
  let terminal: SimulatedTerminal
  /** Two pools on one keeper are two processes on one Redis. */
  let leases: ReturnType<typeof createMemoryLeases>
  const pools: SessionPool[] = []

  beforeEach(async () => {
    terminal = await startTerminal({ people: 3, punches: 3 })
    let fence = 0
    leases = createMemoryLeases({ leaseMs: 10_000, issueFence: () => Promise.resolve((fence += 1)) })
  })
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()))
    await terminal.stop()
  })

  function makePool(idleMs = 60_000): SessionPool {
    const turns = createMemoryLeases({ leaseMs: 0, issueFence: () => Promise.resolve(0) })
    const pool = createSessionPool({ leases, turns, idleMs, log: quiet })
    pools.push(pool)
    return pool
  }

  const options = ({
    waitMs = 10_000,
    ...way
  }: Partial<WayToTerminal> & { waitMs?: number } = {}): UseOptions => ({
    deviceId: 1,
    findWay: () =>
      Promise.resolve({
        dialKey: 'as before',
        connect: (signal) => connect({ host: terminal.host, port: terminal.port, signal }),
        ...way,
      }),
    waitMs,
    signal: new AbortController().signal,
  })
  const serialOf = (hand: { terminal: Terminal }) => hand.terminal.readOption('~SerialNumber')

  it('keeps a session open for the next operation', async () => {
    const pool = makePool()
    await pool.use(options(), serialOf)
    await pool.use(options(), serialOf)
    expect(terminal.stats.sessionsOpened).toBe(1)
  })

  it('closes it when its time is over, and gives the terminal back', async () => {
    const pool = makePool(20)
    await pool.use(options(), serialOf)
    await until(() => terminal.stats.openSessions === 0)
    expect(await makePool().use(options(), serialOf)).toBe(terminal.memory.serialNumber)
  })

  it('closes it at once when another process waits for the terminal', async () => {
    await makePool().use(options(), serialOf)
    await makePool().use(options(), serialOf)
    expect(terminal.stats).toMatchObject({ sessionsOpened: 2, maxConcurrentSessions: 1 })
  })

  it('keeps none when it is told so', async () => {
    const pool = makePool(0)
    await pool.use(options(), serialOf)
    expect(terminal.stats.openSessions).toBe(0)
  })

  it('does not reuse a session after an error, nor one that was dialled otherwise', async () => {
    const pool = makePool()
    await expect(pool.use(options(), () => Promise.reject(new Error('went wrong')))).rejects.toThrow(
      'went wrong',
    )
    await pool.use(options(), serialOf)
    await pool.use(options({ dialKey: 'another address' }), serialOf)
    expect(terminal.stats.sessionsOpened).toBe(3)
  })

  it('connects anew when a kept session has died meanwhile', async () => {
    const pool = makePool()
    await pool.use(options(), serialOf)
    const { port } = terminal
    const { memory } = terminal
    await terminal.stop()
    terminal = await startTerminal({ memory, port })
    await sleep(1_100)
    expect(await pool.use(options(), serialOf)).toBe(memory.serialNumber)
  })

  it('hands a session on between operations that wait in the same process', async () => {
    const pool = makePool()
    await Promise.all(Array.from({ length: 8 }, () => pool.use(options(), serialOf)))
    expect(terminal.stats.sessionsOpened).toBe(1)
  })

  it('gives the lease back when the terminal cannot be reached', async () => {
    const pool = makePool()
    const unreachable = options({ connect: () => Promise.reject(new Error('no route')) })
    await expect(pool.use(unreachable, serialOf)).rejects.toThrow('no route')
    await makePool().use(options({ waitMs: 0 }), serialOf)
  })

  it('breaks off what runs when it closes, and leaves nothing open', async () => {
    const pool = makePool()
    const begun = Promise.withResolvers<void>()
    const running = pool.use(options(), async ({ signal }) => {
      begun.resolve()
      await sleep(60_000, undefined, { signal })
    })
    const failure = running.catch((error: unknown) => error)
    await begun.promise
    await pool.close()
    expect(await failure).toBeInstanceOf(Error)
    expect(terminal.stats.openSessions).toBe(0)
    await expect(pool.use(options(), serialOf)).rejects.toMatchObject({ code: 'SERVICE_STOPPING' })
  })
})

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await sleep(5)
  }
}
