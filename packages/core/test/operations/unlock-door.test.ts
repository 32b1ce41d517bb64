// Doors: recorded before they open, opened once for each request, told honestly when nobody can know.
import type { SimulatedTerminal } from '@org/zk-sim'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EMBEDDED_ONLY, serverUrl } from '../../../../scripts/toolchain/scratch-database.ts'
import { ServiceError, type Unlock, type UnlockInput, type UnlockOutcome } from '../../src/index.ts'
import { scratchService, type Engine, type ScratchService } from '../support/scratch-service.ts'

const SECRETS = { JWT_SECRET: 'j'.repeat(40), ENCRYPTION_KEY: 'e'.repeat(40) }
const ADMIN = { name: 'admin@example.org', accountId: 1, address: '192.0.2.7' }

const modes: readonly [string, Engine, () => Record<string, string>][] = [
  ['SQLite', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([
        ['MySQL with Redis', 'mysql', () => ({ REDIS_URL: serverUrl('TEST_REDIS_URL'), ...SECRETS })],
      ] satisfies [string, Engine, () => Record<string, string>][])),
]

describe.each(modes)('a door, with %s', (_name, engine, env) => {
  // Only the calendar can be moved: timers and sockets go on as they are.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    vi.setSystemTime(Date.now())
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const setUp = async () => {
    const service = await scratchService(engine, { DEVICE_WAIT_MS: '5000', ...env() })
    const terminal = await service.terminal({ people: 3, punches: 3 })
    const device = await service.register(terminal)
    return { service, terminal, device }
  }

  it('opens once, and two rows tell of it: that it was asked for, and that it opened', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const { replayed, answer } = await unlock(service, {
      deviceId: device.id,
      seconds: 7,
      reason: 'fire drill',
    })
    expect(replayed).toBe(false)
    expect(answer).toMatchObject({ deviceId: device.id, unlockedBy: ADMIN.name, seconds: 7 })
    expect(opened(terminal)).toEqual([7_000])
    expect(await trail(service)).toEqual([
      ['attempted', null, { seconds: 7, reason: 'fire drill' }],
      ['success', null, null],
    ])
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    expect(auditIdOf(answer)).toBe(`AUD-${today}-001`)
  })

  it('is not opened when the attempt cannot be recorded', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const cut = service.database.transaction.bind(service.database)
    Object.assign(service.database, { transaction: () => Promise.reject(new Error('the disk is full')) })
    await expect(unlock(service, { deviceId: device.id })).rejects.toThrow('the disk is full')
    Object.assign(service.database, { transaction: cut })
    expect(opened(terminal)).toEqual([])
  })

  it('stays shut when the terminal does not answer, and the trail says that nothing was sent', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    await terminal.hand.pullPlug()
    const { answer } = await unlock(service, { deviceId: device.id })
    expect(answer).toMatchObject({ code: 'DEVICE_UNREACHABLE' })
    expect(await trail(service)).toEqual([
      ['attempted', null, expect.anything()],
      ['unreachable', 'DEVICE_UNREACHABLE', null],
    ])
  })

  it('may have opened when the answer is lost, which is said and never tried again', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const { door } = terminal.memory
    const openFor = door.openFor.bind(door)
    Object.assign(door, {
      openFor(milliseconds: number) {
        openFor(milliseconds)
        terminal.faults.set({ cut: 1 })
      },
    })
    const { answer } = await unlock(service, { deviceId: device.id })
    expect(answer).toMatchObject({ code: 'OUTCOME_UNKNOWN', status: 504 })
    expect(opened(terminal)).toEqual([5_000])
    expect((await trail(service)).at(-1)).toEqual(['unknown', 'OUTCOME_UNKNOWN', null])
  })

  it('answers a repeated request with the first answer, an error too, and opens once', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const request = { deviceId: device.id, idempotencyKey: 'k-1' }
    const first = await unlock(service, request)
    const second = await unlock(service, request)
    expect(second).toEqual({ replayed: true, answer: first.answer })
    expect(opened(terminal)).toHaveLength(1)

    const another = await unlock(service, { ...request, by: { ...ADMIN, name: 'guard@example.org' } })
    expect(another.replayed).toBe(false)
    await expect(unlock(service, { ...request, seconds: 30 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })

    await terminal.hand.pullPlug()
    const failing = { deviceId: device.id, idempotencyKey: 'k-2' }
    const refused = await unlock(service, failing)
    await terminal.hand.plugIn()
    const replayed = await unlock(service, failing)
    expect(replayed.replayed).toBe(true)
    expect(refused.answer).toBeInstanceOf(ServiceError)
    expect(replayed.answer).toMatchObject({ code: codeOf(refused.answer) })
    expect(opened(terminal)).toHaveLength(2)
  })

  it('opens once for two requests of one name at the same time; the later waits for the first', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const request = { deviceId: device.id, idempotencyKey: 'both' }
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => unlock(service, request)))
    expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(new Set(outcomes.map(({ answer }) => auditIdOf(answer))).size).toBe(1)
    expect(opened(terminal)).toHaveLength(1)
  })

  it('is an unknown outcome to whoever repeats the request of a process that died on the way', async () => {
    const { service, terminal, device } = await setUp()
    await using _service = service
    const request = { deviceId: device.id, idempotencyKey: 'left behind' }
    await dieAfterSending(service, request)
    vi.setSystemTime(Date.now() + 60_000)
    const { replayed, answer } = await unlock(service, request)
    expect(replayed).toBe(true)
    expect(answer).toMatchObject({ code: 'OUTCOME_UNKNOWN', status: 504 })
    expect(opened(terminal)).toHaveLength(1)
    expect((await trail(service)).at(-1)).toEqual(['unknown', 'OUTCOME_UNKNOWN', null])
  })

  it('has no attempt without an outcome for long', async () => {
    const { service, device } = await setUp()
    await using _service = service
    await dieAfterSending(service, { deviceId: device.id })
    expect(await service.services.doors.settleAbandoned()).toBe(0)
    vi.setSystemTime(Date.now() + 60_000)
    expect(await service.services.doors.settleAbandoned()).toBe(1)
    expect(await service.services.doors.settleAbandoned()).toBe(0)
  })

  it('opens while a long read goes on, before that ends', async () => {
    await using service = await scratchService(engine, env())
    const terminal = await service.terminal({ people: 30, punches: 20_000, seed: 5 })
    const device = await service.register(terminal)
    let opening: Promise<UnlockOutcome> | undefined
    let rowsThen = -1
    const certificate = await service.sync(device.id, {
      progress({ phase, done }) {
        if (phase !== 'reading' || opening !== undefined) return
        opening = unlock(service, { deviceId: device.id })
        void opening.finally(() => {
          rowsThen = done
        })
      },
    })
    expect((await opening)?.answer).toMatchObject({ seconds: 5 })
    expect(rowsThen).toBeGreaterThan(-1)
    expect(opened(terminal)).toHaveLength(1)
    expect(certificate).toMatchObject({ read: 20_000, new: 20_000 })
  })

  it('of an unknown or inactive device is no attempt', async () => {
    const { service } = await setUp()
    await using _service = service
    await expect(unlock(service, { deviceId: 999_999 })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' })
    expect(await trail(service)).toEqual([])
  })
})

function unlock(service: ScratchService, input: Partial<UnlockInput>): Promise<UnlockOutcome> {
  const signal = new AbortController().signal
  return service.services.doors.unlock({ deviceId: 0, seconds: 5, by: ADMIN, signal, ...input })
}

/** For how long the door was opened, each time. */
function opened(terminal: SimulatedTerminal): number[] {
  return terminal.memory.door.unlocks.map(({ milliseconds }) => milliseconds)
}

/** The rows of the audit trail about doors, oldest first. */
async function trail({ database }: ScratchService): Promise<unknown[]> {
  const { rows } = await database.audit.list({ action: 'door.unlock' }, { offset: 0, limit: 100 })
  return rows.toReversed().map(({ outcome, errorCode, details }) => [outcome, errorCode, details])
}

/** A process that sends the command, and dies before it can store what became of it. */
async function dieAfterSending(service: ScratchService, input: Partial<UnlockInput>): Promise<void> {
  const { database } = service
  const transaction = database.transaction.bind(database)
  let calls = 0
  Object.assign(database, {
    transaction: (work: Parameters<typeof transaction>[0]) =>
      calls++ === 0 ? transaction(work) : Promise.reject(new Error('dead')),
  })
  await unlock(service, input)
  Object.assign(database, { transaction })
}

function auditIdOf(answer: Unlock | ServiceError): string | undefined {
  return answer instanceof ServiceError ? undefined : answer.auditId
}

function codeOf(answer: Unlock | ServiceError): string | undefined {
  return answer instanceof ServiceError ? answer.code : undefined
}
