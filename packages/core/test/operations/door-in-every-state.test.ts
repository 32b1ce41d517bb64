// Doors while the terminal or the service is busy with something else: a door opens at once or the trail tells honestly why not, and
// nothing that is told about it keeps it waiting.
import { openDatabase } from '@org/data'
import type { SimulatedTerminal, TerminalOptions } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import {
  createServices,
  readConfig,
  type Device,
  type Services,
  type UnlockInput,
  type UnlockOutcome,
} from '../../src/index.ts'
import { createAuditTrail } from '../../src/audit-trail.ts'
import { createDoors } from '../../src/operations/unlock-door.ts'
import { openSecrets } from '../../src/secrets.ts'
import type { WithTerminal } from '../../src/terminals/with-terminal.ts'
import { noNotices } from '../support/nobody.ts'
import { MODES } from '../support/modes.ts'
import { until } from '../support/people-at-work.ts'
import { quiet, scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'

const ADMIN = { name: 'admin@example.org', accountId: 1, address: '192.0.2.7' }
const NOTICES = { WEBHOOK_URL: 'http://127.0.0.1:9/hook', WEBHOOK_SECRET: 'w'.repeat(40) }
/** What an unlock may take on a machine that is busy with other tests, far less than anything that it might wait for. */
const AT_ONCE_MS = 4_000

describe.each(MODES)('a door, with %s', { timeout: 120_000 }, (_name, engine, env) => {
  const stage = (options: TerminalOptions = {}, more: Readonly<Record<string, string>> = {}) =>
    Stage.set(engine, { DEVICE_WAIT_MS: '8000', ...env(), ...more }, options)

  it('opens on the session of a watch, which goes on listening', async () => {
    await using at = await stage()
    const watch = at.service.services.watchDevices()
    try {
      await until(async () => (await at.punches()) === 3)
      const sessions = at.terminal.stats.sessionsOpened
      expect(await at.unlock()).toMatchObject({ answer: { seconds: 5 } })
      expect(at.terminal.stats.sessionsOpened).toBe(sessions)
      at.terminal.hand.present(at.pin)
      await until(async () => (await at.punches()) === 4)
    } finally {
      await watch.stop()
    }
  })

  it('opens after a restart, though the session that was kept open has died by it', async () => {
    await using at = await stage()
    await at.service.services.devices.readInfo(at.device.id, new AbortController().signal)
    await at.terminal.hand.pullPlug()
    await at.terminal.hand.plugIn()
    expect(await at.unlock()).toMatchObject({ answer: { seconds: 5 } })
    expect(at.opened()).toBe(1)
  })

  it('opens though the session of a watch has died, which that has not noticed yet', async () => {
    await using at = await stage()
    const watch = at.service.services.watchDevices()
    try {
      await until(async () => (await at.punches()) === 3)
      at.terminal.faults.set('stall=0')
      expect(await at.unlock()).toMatchObject({ answer: { seconds: 5 } })
      expect(at.opened()).toBe(1)
      at.terminal.hand.present(at.pin)
      await until(async () => (await at.punches()) === 4)
    } finally {
      await watch.stop()
    }
  })

  it('fails at once while the terminal is known to be away, is in the trail, and opens when it is back', async () => {
    await using at = await stage({}, { DEVICE_IDLE_MS: '0' })
    await at.terminal.hand.pullPlug()
    for (let failure = 0; failure < 3; failure += 1)
      expect(await at.unlock()).toMatchObject({ answer: { code: 'DEVICE_UNREACHABLE' } })
    const { answer, tookMs } = await at.unlock()
    expect(answer).toMatchObject({ code: 'DEVICE_UNREACHABLE', status: 503 })
    expect(tookMs).toBeLessThan(AT_ONCE_MS)
    expect((await at.outcomes()).filter((outcome) => outcome === 'unreachable')).toHaveLength(4)
    await at.terminal.hand.plugIn()
    await until(async () => !('code' in (await at.unlock()).answer))
    expect(at.opened()).toBe(1)
  })

  it('does not wait for whoever is to be told, and tells them by its own transaction', async () => {
    await using at = await stage({}, NOTICES)
    const { answer, tookMs } = await at.unlock()
    expect(answer).toMatchObject({ seconds: 5 })
    expect(tookMs).toBeLessThan(AT_ONCE_MS)
    const { rows } = await at.service.services.jobs.list({}, { page: 1, limit: 10 })
    expect(rows.map(({ name, state }) => [name, state])).toEqual([['notice-delivery', 'waiting']])
  })

  it('of a caller who has gone before it was sent stays shut, and is told as never sent', async () => {
    await using at = await stage()
    const { answer } = await at.unlock({ signal: AbortSignal.abort(new Error('the caller has gone')) })
    expect(answer).toHaveProperty('code')
    expect(at.opened()).toBe(0)
    expect(await at.outcomes()).toEqual(['attempted', 'unreachable'])
  })

  it('of a terminal that its whole time was spent waiting for stays shut, and says so', async () => {
    await using at = await stage()
    const { database, services } = at.service
    const never: WithTerminal = (_deviceId, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    const audit = createAuditTrail(await openSecrets(services.config))
    const parts = { database, withTerminal: never, audit, notices: noNotices, log: quiet }
    const doors = createDoors({ ...parts, attemptMs: 200 })
    const { signal } = new AbortController()
    const { answer } = await doors.unlock({ deviceId: at.device.id, seconds: 5, by: ADMIN, signal })
    expect(answer).toMatchObject({ code: 'DEVICE_TIMEOUT', retryable: true })
    expect(await at.outcomes()).toEqual(['attempted', 'unreachable'])
  })

  it.skipIf(engine === 'sqlite')(
    'opens once for one request made to several processes at the same time',
    async () => {
      await using at = await stage({}, { DEVICE_IDLE_MS: '0' })
      const others = [await at.another(), await at.another()]
      try {
        const everywhere = [at.service.services, ...others.map(({ services }) => services)]
        const asked = [...everywhere, ...everywhere].map((services) =>
          at.unlock({ idempotencyKey: 'one' }, services),
        )
        const outcomes = await Promise.all(asked)
        expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
        for (const { answer } of outcomes) expect(answer).toMatchObject({ seconds: 5 })
        expect(at.opened()).toBe(1)
        expect(await at.outcomes()).toEqual(['attempted', 'success'])
      } finally {
        for (const { end } of others) await end()
      }
    },
  )

  it.skipIf(engine === 'sqlite')(
    'opens soon for one process while a watch of another one listens',
    async () => {
      await using at = await stage()
      const other = await at.another()
      const watch = other.services.watchDevices()
      try {
        await until(async () => (await at.punches()) === 3)
        const { answer, tookMs } = await at.unlock()
        expect(answer).toMatchObject({ seconds: 5 })
        expect(tookMs).toBeLessThan(AT_ONCE_MS)
        at.terminal.hand.present(at.pin)
        await until(async () => (await at.punches()) === 4)
      } finally {
        await watch.stop()
        await other.end()
      }
    },
  )
})

class Stage implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device
  readonly #env: Readonly<Record<string, string>>

  private constructor(
    service: ScratchService,
    terminal: SimulatedTerminal,
    device: Device,
    env: Readonly<Record<string, string>>,
  ) {
    this.service = service
    this.terminal = terminal
    this.device = device
    this.#env = env
  }

  static async set(
    engine: Engine,
    env: Readonly<Record<string, string>>,
    options: TerminalOptions,
  ): Promise<Stage> {
    const service = await scratchService(engine, env)
    const terminal = await service.terminal({ people: 3, punches: 3, ...options })
    return new Stage(service, terminal, await service.register(terminal), env)
  }

  get pin(): string {
    return this.terminal.memory.people.list()[0]?.pin ?? ''
  }

  async unlock(
    input: Partial<UnlockInput> = {},
    { doors }: Services = this.service.services,
  ): Promise<UnlockOutcome & { readonly tookMs: number }> {
    const begun = performance.now()
    const signal = new AbortController().signal
    const asked = { deviceId: this.device.id, seconds: 5, by: ADMIN, signal, ...input }
    return { ...(await doors.unlock(asked)), tookMs: performance.now() - begun }
  }

  opened(): number {
    return this.terminal.memory.door.unlocks.length
  }

  punches(): Promise<number> {
    return this.service.database.punches.count(this.device.id)
  }

  /** Outcomes in the audit trail, oldest first. */
  async outcomes(): Promise<readonly string[]> {
    const { rows } = await this.service.database.audit.list(
      { action: 'door.unlock' },
      { offset: 0, limit: 100 },
    )
    return rows.toReversed().map(({ outcome }) => outcome)
  }

  /** Another process on the same rows and the same Redis. */
  async another(): Promise<{ readonly services: Services; readonly end: () => Promise<void> }> {
    const { url, folder } = this.service
    const database = await openDatabase(url)
    const config = readConfig({ DATA_DIR: folder, DATABASE_URL: url, LOG_LEVEL: 'silent', ...this.#env })
    const services = await createServices(config, database, { role: 'both', log: quiet })
    return {
      services,
      async end() {
        await services.close()
        await database.close()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]()
  }
}
