// Reading or writing many people does not keep another process from the terminal: it goes first, and what was under way ends all
// the same.
import { describe, expect, it } from 'vitest'
import { createAuditTrail } from '../../src/audit-trail.ts'
import { createChanges } from '../../src/changes.ts'
import { readConfig, SYSTEM } from '../../src/index.ts'
import { copyPeopleTo } from '../../src/operations/copy-people.ts'
import { createKeptTemplates } from '../../src/operations/kept-templates.ts'
import { syncPeople } from '../../src/operations/sync-people.ts'
import { openSecrets } from '../../src/secrets.ts'
import { createBreakers } from '../../src/terminals/breaker.ts'
import { createContactNotes } from '../../src/terminals/contact-notes.ts'
import { createDialler } from '../../src/terminals/dial.ts'
import { createMemoryLeases } from '../../src/terminals/lease-memory.ts'
import { createNetworkBounds } from '../../src/terminals/network-bounds.ts'
import { createSessionPool } from '../../src/terminals/session-pool.ts'
import { createWithTerminal, type WithTerminal } from '../../src/terminals/with-terminal.ts'
import { noNotices } from '../support/nobody.ts'
import { quiet, scratchService, type ScratchService } from '../support/scratch-service.ts'

const WAIT_MS = 60_000
const signal = new AbortController().signal

describe('another process that waits for the terminal', () => {
  it('is let in while people and templates are read, and all of them are read afterwards', async () => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ people: 300, fingers: 300, punches: 0, seed: 51, paceMs: 1 })
    const device = await service.register(terminal)
    const { parts, elsewhere } = await twoProcesses(service)
    let asked: Promise<string> | undefined
    let ended = false
    const report = await syncPeople(parts, {
      deviceId: device.id,
      signal,
      progress({ phase, done }) {
        if (phase !== 'reading' || done === 0) return
        asked ??= ask(elsewhere, device.id, () => ended)
      },
    })
    ended = true
    expect(await asked).toBe('first')
    expect(report).toMatchObject({ read: 300, inserted: 300, gone: 0, fingers_read: true })
    expect(terminal.stats.maxConcurrentSessions).toBe(1)
  })

  it('is let in between the batches of a copy, and all of them are written afterwards', async () => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const source = await service.terminal({ people: 350, fingers: 20, punches: 0, seed: 52 })
    const target = await service.terminal({ people: 0, punches: 0, paceMs: 1 })
    const from = await service.register(source)
    const device = await service.register(target)
    const { parts, elsewhere } = await twoProcesses(service)
    let asked: Promise<string> | undefined
    let ended = false
    const report = await copyPeopleTo(parts, {
      order: {
        deviceId: device.id,
        fromDeviceId: from.id,
        within: null,
        pins: null,
        templates: true,
        dryRun: false,
        mayGrant: true,
        by: SYSTEM,
      },
      signal,
      progress({ phase, done }) {
        if (phase === 'writing' && done === 100) asked = ask(elsewhere, device.id, () => ended)
      },
    })
    ended = true
    expect(await asked).toBe('first')
    expect(report).toMatchObject({ added: { count: 350 }, refused: { count: 0 } })
    expect(target.memory.people.count).toBe(350)
    expect(target.memory.templates.count).toBe(source.memory.templates.count)
  })
})

/** Asks the terminal something from another process, and tells whether that came before the end. */
function ask(elsewhere: WithTerminal, deviceId: number, hasEnded: () => boolean): Promise<string> {
  return elsewhere(deviceId, { signal, waitMs: WAIT_MS }, async (hand) => {
    await hand.terminal.readOption('~SerialNumber', { signal: hand.signal })
    return hasEnded() ? 'last' : 'first'
  })
}

/** Two processes on the rows of a service that share leases and nothing else: one at work, one that waits. */
async function twoProcesses(service: ScratchService) {
  const { database, folder } = service
  const leases = createMemoryLeases({
    leaseMs: 30_000,
    issueFence: (id) => database.devices.issueFence(id),
  })
  const config = readConfig({ DATA_DIR: folder })
  const secrets = await openSecrets(config)
  const makeProcess = (): WithTerminal =>
    createWithTerminal({
      database,
      secrets,
      breakers: createBreakers(),
      pool: createSessionPool({
        leases,
        turns: createMemoryLeases({ leaseMs: 0, issueFence: () => Promise.resolve(0) }),
        idleMs: 0,
        log: quiet,
      }),
      dialler: createDialler(createNetworkBounds(config.deviceNetworks), 10_000),
      waitMs: WAIT_MS,
      noteContact: createContactNotes({ database, notices: noNotices, log: quiet }),
      log: quiet,
    })
  const parts = {
    database,
    withTerminal: makeProcess(),
    changes: createChanges(quiet),
    audit: createAuditTrail(secrets),
    templates: createKeptTemplates({ database, secrets, kept: false }),
    waitMs: WAIT_MS,
    log: quiet,
  }
  return { parts, elsewhere: makeProcess() }
}
