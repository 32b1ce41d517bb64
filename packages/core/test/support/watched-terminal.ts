// A terminal whose device a service watches, for tests: somebody punches, and it is waited for what the table then says.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Punch } from '@org/data'
import type { SimulatedTerminal, TerminalOptions } from '@org/zk-sim'
import type { Device, LiveWatch } from '../../src/index.ts'
import { serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import type { ScratchService } from './scratch-service.ts'

const WITHIN_MS = 60_000

/** Watches that look at the log often. */
export const QUICK = { countEveryMs: 300, settleMs: 100, uncountedMs: 500, firstReadMs: 0 }

/** Leases in Redis, and what they need. */
export function queueMode(): Record<string, string> {
  return {
    REDIS_URL: serverUrl('TEST_REDIS_URL'),
    JWT_SECRET: 'j'.repeat(40),
    ENCRYPTION_KEY: 'e'.repeat(40),
    DEVICE_LEASE_MS: '3000',
  }
}

/** What happens at it is looked at in the table. */
export class WatchedTerminal implements AsyncDisposable {
  readonly service: ScratchService
  readonly terminal: SimulatedTerminal
  readonly device: Device
  readonly watch: LiveWatch

  private constructor(parts: Pick<WatchedTerminal, 'service' | 'terminal' | 'device' | 'watch'>) {
    this.service = parts.service
    this.terminal = parts.terminal
    this.device = parts.device
    this.watch = parts.watch
  }

  static async set(service: ScratchService, options: TerminalOptions): Promise<WatchedTerminal> {
    const terminal = await service.terminal(options)
    const device = await service.register(terminal)
    return new WatchedTerminal({ service, terminal, device, watch: service.services.watchDevices() })
  }

  /** A finger; again while the terminal is disabled, as it is in the middle of a read. */
  async present(pin: string): Promise<void> {
    await this.until(() => this.terminal.hand.present(pin))
  }

  /** Somebody punches until one is seen as it happens: in the middle of a read the log is quicker. */
  firstLive(pin: string): Promise<Punch> {
    let nextAt = 0
    return this.until((rows) => {
      if (Date.now() >= nextAt) {
        this.terminal.hand.present(pin)
        nextAt = Date.now() + 1_000
      }
      return rows.find(({ source }) => source === 'live')
    })
  }

  async rows(): Promise<Punch[]> {
    const rows: Punch[] = []
    for await (const batch of this.service.database.punches.each(this.device.id)) rows.push(...batch)
    return rows
  }

  sync(): Promise<unknown> {
    return this.service.sync(this.device.id)
  }

  /** Until the terminal was asked for live events. */
  async heard(): Promise<void> {
    await this.until(() => ((this.terminal.stats.requests['registerEvents'] ?? 0) > 0 ? true : undefined))
  }

  /** Until the bookmark stands behind the last record of the terminal, and no row is early. */
  async caughtUp(): Promise<void> {
    await this.until(async (rows) => {
      const device = await this.service.database.devices.findById(this.device.id)
      const index = device?.bookmark?.index
      return index === this.terminal.memory.truth().punches.length && rows.every((row) => !row.early)
        ? true
        : undefined
    })
  }

  async until<T>(look: (rows: Punch[]) => T | undefined | Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + WITHIN_MS
    for (;;) {
      const rows = await this.rows()
      const seen = await look(rows)
      if (seen !== undefined) return seen
      if (Date.now() > deadline)
        throw new Error(
          `waited in vain; there are ${rows.length} rows, asked ${JSON.stringify(this.terminal.stats.requests)}`,
        )
      await sleep(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch.stop()
    await this.service[Symbol.asyncDispose]()
  }
}
