// One terminal, asked by everybody at once: three API processes and two workers, real sockets. The proof is the terminal's own record.
import { madeUpMemory, startTerminal, type WireWatch } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import type { Attempt } from './support/rest-client.ts'
import { startQueueMode } from './support/queue-mode-service.ts'
import { expectTableIsTerminal } from './support/same-punches.ts'

const REQUESTS = 50
/** An account may open ten doors a minute. */
const UNLOCKS = 10

it.skipIf(EMBEDDED_ONLY)(
  'fifty simultaneous requests to one device, over three API processes and two workers, never interleave on the wire',
  { timeout: 300_000 },
  async () => {
    const memory = madeUpMemory({ people: 40, punches: 8_000, seed: 12 })
    const blocks = new Blocks()
    await using terminal = await startTerminal({ memory, paceMs: 1, watch: blocks })
    await using service = await startQueueMode({ apis: 3, workers: 2 }, { DEVICE_WAIT_MS: '20000' })
    const { clients } = service
    const [first = expect.fail()] = clients
    const { id } = await first.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
    terminal.stats.reset()

    const attempts = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, number): Promise<readonly [string, Attempt]> => {
        const client = clients[number % clients.length] ?? first
        const [method, path] =
          REQUESTED[number < UNLOCKS ? 'unlock' : (OTHERS[number % OTHERS.length] ?? 'info')](id)
        return [path, await client.attempt(method, path)]
      }),
    )
    for (const [path, { status, code }] of attempts)
      expect([path, status, code]).toEqual([path, ...(status < 300 ? [status, null] : [503, 'DEVICE_BUSY'])])
    const opened = attempts.filter(([path, { status }]) => path.endsWith('unlock') && status === 200)
    expect(memory.door.unlocks).toHaveLength(opened.length)
    expect(attempts.some(([path, { status }]) => path.endsWith('info') && status === 200)).toBe(true)

    const { job_id } = await first.requestSync(id)
    expect(await first.finishedJob(job_id)).toMatchObject({ state: 'completed', error: null })
    await expectTableIsTerminal(service.databaseUrl, id, memory)

    const { sessions, maxConcurrentSessions, leftDisabled } = terminal.stats
    expect(maxConcurrentSessions).toBe(1)
    expect(leftDisabled).toBe(0)
    expect(sessions.length).toBeGreaterThan(1)
    const overlapping = sessions.filter(({ openedAt }, index) => {
      const before = sessions[index - 1]
      return before !== undefined && (before.endedAt ?? Infinity) > openedAt
    })
    expect(overlapping).toEqual([])
    expect(blocks.interleaved).toEqual([])
  },
)

/** How each is asked for. */
const REQUESTED = {
  info: (id: number) => ['GET', `/devices/${id}/info`],
  clock: (id: number) => ['POST', `/devices/${id}/sync-time`],
  sync: (id: number) => ['POST', `/attendance/device/${id}/sync`],
  unlock: (id: number) => ['POST', `/devices/${id}/unlock`],
} as const satisfies Record<string, (id: number) => readonly [string, string]>
const OTHERS = ['info', 'clock', 'sync'] as const

/** Reads along: all packets of one client, both ways, stand together; who speaks after another has begun is interleaved. */
class Blocks implements WireWatch {
  readonly interleaved: string[] = []
  readonly #over = new Set<string>()
  #speaking: string | undefined

  received({ client }: { client: string }): void {
    this.#speak(client)
  }

  sent({ client }: { client: string }): void {
    this.#speak(client)
  }

  gone(): void {}

  #speak(client: string): void {
    if (client === this.#speaking) return
    if (this.#speaking !== undefined) this.#over.add(this.#speaking)
    if (this.#over.has(client)) this.interleaved.push(client)
    this.#speaking = client
  }
}
