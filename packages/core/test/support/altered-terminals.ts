// A way of its own to the terminals of a service, on which calls of the library do something else than they would: refuse, say.
import { ZkRefusedError, type Terminal } from '@org/zk-proto'
import { createAuditTrail, type AuditTrail } from '../../src/audit-trail.ts'
import { openSecrets } from '../../src/secrets.ts'
import { createBreakers } from '../../src/terminals/breaker.ts'
import { createContactNotes } from '../../src/terminals/contact-notes.ts'
import { createDialler } from '../../src/terminals/dial.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import type { LeaseKeeper } from '../../src/terminals/lease.ts'
import { createNetworkBounds } from '../../src/terminals/network-bounds.ts'
import { createSessionPool } from '../../src/terminals/session-pool.ts'
import { createWithTerminal, type WithTerminal } from '../../src/terminals/with-terminal.ts'
import { noNotices } from './nobody.ts'
import { quiet, type ScratchService } from './scratch-service.ts'

export interface AlteredWay extends AsyncDisposable {
  readonly withTerminal: WithTerminal
  readonly audit: AuditTrail
}

/** `alter` is given each terminal that was connected to. With `leases` given to several, they are as many processes. */
export async function alteredWay(
  { services: { config }, database }: ScratchService,
  alter: (terminal: Terminal) => void,
  { idleMs = 0, leases }: { readonly idleMs?: number; readonly leases?: LeaseKeeper } = {},
): Promise<AlteredWay> {
  const keeper = (): ReturnType<typeof createMemoryLeases> =>
    createMemoryLeases({ leaseMs: 10_000, issueFence: (id) => database.devices.issueFence(id) })
  const pool = createSessionPool({ leases: leases ?? keeper(), turns: keeper(), idleMs, log: quiet })
  const dialler = createDialler(createNetworkBounds(config.deviceNetworks), 5_000)
  const secrets = await openSecrets(config)
  const withTerminal = createWithTerminal({
    database,
    secrets,
    breakers: createBreakers(),
    pool,
    dialler: {
      async dial(...asked) {
        const terminal = await dialler.dial(...asked)
        alter(terminal)
        return terminal
      },
    },
    waitMs: 30_000,
    noteContact: createContactNotes({ database, notices: noNotices, log: quiet }),
    log: quiet,
  })
  return { withTerminal, audit: createAuditTrail(secrets), [Symbol.asyncDispose]: () => pool.close() }
}

/** What a terminal's refusal is to the library. */
export function refuse(): Promise<never> {
  return Promise.reject(
    new ZkRefusedError('ZK_REFUSED', 'The terminal refuses', { effect: 'refused', details: {} }),
  )
}
