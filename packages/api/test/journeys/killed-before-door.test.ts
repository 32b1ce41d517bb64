// An API process that is killed after it has sent the command to open a door, and before it could write what became of it.
import { startTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { EMBEDDED_ONLY } from '../../../../scripts/toolchain/scratch-database.ts'
import { startQueueMode } from './support/queue-mode-service.ts'

it.skipIf(EMBEDDED_ONLY)(
  'whoever repeats the request is told that nobody knows, again and again, and the door is not opened twice',
  { timeout: 300_000 },
  async () => {
    await using terminal = await startTerminal({
      people: 3,
      punches: 5,
      faults: 'late(ms=60000, to=unlockDoor)',
    })
    await using service = await startQueueMode({ apis: 1, workers: 0 })
    const [api = expect.fail()] = service.apis
    const [client = expect.fail()] = service.clients
    const { id } = await client.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
    const request = [
      'POST',
      `/devices/${id}/unlock`,
      { headers: { 'idempotency-key': 'one pulse' } },
    ] as const

    const unanswered = client.attempt(...request).catch((error: unknown) => error)
    await expect.poll(() => terminal.memory.door.unlocks.length, { timeout: 60_000 }).toBe(1)
    await api.kill()
    expect(await unanswered).toBeInstanceOf(Error)

    const { client: again } = await service.startApi()
    const unknown = { status: 504, code: 'OUTCOME_UNKNOWN', replayed: true }
    expect(await Promise.all([again.attempt(...request), again.attempt(...request)])).toEqual([
      unknown,
      unknown,
    ])
    expect(await again.attempt(...request)).toEqual(unknown)
    expect(terminal.memory.door.unlocks).toHaveLength(1)
  },
)

it.skipIf(EMBEDDED_ONLY)(
  'two simultaneous requests with one key, to two processes, open the door once and get one answer',
  { timeout: 300_000 },
  async () => {
    await using terminal = await startTerminal({ people: 3, punches: 5 })
    await using service = await startQueueMode({ apis: 2, workers: 0 })
    const [first = expect.fail(), second = expect.fail()] = service.clients
    const { id } = await first.registerDevice({ name: 'Gate', ip: terminal.host, port: terminal.port })
    const request = ['POST', `/devices/${id}/unlock`, { headers: { 'idempotency-key': 'both' } }] as const

    const answers = await Promise.all(
      [first, second, first, second].map((client) => client.attempt(...request)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(terminal.memory.door.unlocks).toHaveLength(1)
  },
)
