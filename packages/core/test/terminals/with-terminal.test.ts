// The way to a registered terminal: what the device's row says when its turn has come decides where it leads.
import type { Terminal } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { openSecrets } from '../../src/secrets.ts'
import { createBreakers } from '../../src/terminals/breaker.ts'
import { createContactNotes } from '../../src/terminals/contact-notes.ts'
import { createDialler } from '../../src/terminals/dial.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import { createNetworkBounds } from '../../src/terminals/network-bounds.ts'
import { createSessionPool } from '../../src/terminals/session-pool.ts'
import { createWithTerminal } from '../../src/terminals/with-terminal.ts'
import { noNotices } from '../support/nobody.ts'
import { quiet, scratchService, type ScratchService } from '../support/scratch-service.ts'

const never = new AbortController().signal
const serialOf = (hand: { terminal: Terminal }) => hand.terminal.readOption('~SerialNumber')

/** A way of its own to the terminals of a service, whose leases the test may hold. */
async function wayOf({ services: { config }, database }: ScratchService) {
  const keeper = (): ReturnType<typeof createMemoryLeases> =>
    createMemoryLeases({ leaseMs: 10_000, issueFence: (id) => database.devices.issueFence(id) })
  const leases = keeper()
  const pool = createSessionPool({ leases, turns: keeper(), idleMs: 60_000, log: quiet })
  const withTerminal = createWithTerminal({
    database,
    secrets: await openSecrets(config),
    breakers: createBreakers(),
    pool,
    dialler: createDialler(createNetworkBounds(config.deviceNetworks), 5_000),
    waitMs: 30_000,
    noteContact: createContactNotes({ database, notices: noNotices, log: quiet }),
    log: quiet,
  })
  return { leases, withTerminal, [Symbol.asyncDispose]: () => pool.close() }
}

describe('the way to a terminal', () => {
  it('leads to the address that the device has when the lease is granted', async () => {
    await using service = await scratchService()
    await using way = await wayOf(service)
    const [former, present] = [await service.terminal(), await service.terminal()]
    const { id } = await service.register(former)
    const lease = await way.leases.acquire({ deviceId: id }, { waitMs: 0, signal: never })
    const waited = Promise.withResolvers<void>()
    lease.whenWanted(() => waited.resolve())
    const asking = way.withTerminal(id, { signal: never }, async (hand) => ({
      serialNumber: await serialOf(hand),
      port: hand.device.port,
    }))
    await waited.promise
    await service.database.devices.update(id, { port: present.port }, new Date().toISOString())
    await lease.release()
    expect(await asking).toEqual({ serialNumber: present.memory.serialNumber, port: present.port })
  })

  it('does not lead through a session that was kept open to a former address', async () => {
    await using service = await scratchService()
    await using way = await wayOf(service)
    const [former, present] = [await service.terminal(), await service.terminal()]
    const { id } = await service.register(former)
    expect(await way.withTerminal(id, { signal: never }, serialOf)).toBe(former.memory.serialNumber)
    await service.database.devices.update(id, { port: present.port }, new Date().toISOString())
    expect(await way.withTerminal(id, { signal: never }, serialOf)).toBe(present.memory.serialNumber)
    expect(former.stats.openSessions).toBe(0)
  })

  it('ends before the terminal is dialled when the device was switched off during the wait', async () => {
    await using service = await scratchService()
    await using way = await wayOf(service)
    const terminal = await service.terminal()
    const { id } = await service.register(terminal)
    const { sessionsOpened } = terminal.stats
    const lease = await way.leases.acquire({ deviceId: id }, { waitMs: 0, signal: never })
    const waited = Promise.withResolvers<void>()
    lease.whenWanted(() => waited.resolve())
    const failure = way.withTerminal(id, { signal: never }, serialOf).catch((error: unknown) => error)
    await waited.promise
    await service.database.devices.update(id, { status: 'inactive' }, new Date().toISOString())
    await lease.release()
    expect(await failure).toMatchObject({ code: 'DEVICE_INACTIVE' })
    expect(terminal.stats.sessionsOpened).toBe(sessionsOpened)
  })
})
