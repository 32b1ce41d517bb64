// What a fault costs: a lost chunk that chunk, a log that changed a second read, and only what neither cures another attempt of the job.
// What waiting cannot cure is not tried again. Counted by the terminal itself.
import { profileNamed, TerminalMemory, type SimulatedTerminal } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { SYSTEM, type JobView } from '../../src/index.ts'
import { endedJob, workQuickly } from '../support/quick-worker.ts'
import { expectSameAsTerminal } from '../support/same-as-terminal.ts'
import { scratchService, type ScratchService } from '../support/scratch-service.ts'
import { TEST_COMM_KEY } from '../../../../scripts/toolchain/test-secrets.ts'

const LOG = 6_000

it.each([
  ['tcp', 'flip(share=1, skip=100, times=1); seed=2'],
  ['udp', 'missize(in=transfer, by=-12, skip=1)'],
] as const)(
  'a chunk that came damaged is asked for again, and nothing else, over %s',
  async (kind, fault) => {
    await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
    const terminal = await service.terminal({ people: 9, punches: LOG, seed: 71, transports: [kind] })
    const device = await service.register(terminal)
    const first = await syncOf(service, terminal, device.id)
    const smooth = await syncOf(service, terminal, device.id)
    const rough = await syncOf(service, terminal, device.id, fault)
    expect(terminal.faults.struck).toHaveLength(1)

    expect(first.job).toMatchObject({ state: 'completed', attempts: 1, result: { new: LOG } })
    expect(rough.job).toMatchObject({ state: 'completed', attempts: 1, result: { new: 0, known: LOG } })
    expect(rough.sessions).toBe(1)
    expect(rough.slices).toBe(smooth.slices + 1)
    expect(rough.sliceBytes - smooth.sliceBytes).toBeLessThanOrEqual(kind === 'tcp' ? 65_472 : 16_384)
    expect(rough.reads).toBe(smooth.reads)
  },
)

it('a datagram lost in a chunk costs that chunk, not the transfer', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const terminal = await service.terminal({ people: 9, punches: LOG, seed: 72, transports: ['udp'] })
  const device = await service.register(terminal)
  await syncOf(service, terminal, device.id)
  const smooth = await syncOf(service, terminal, device.id)
  const rough = await syncOf(service, terminal, device.id, 'lose=0.01; seed=3')
  expect(rough.job).toMatchObject({ state: 'completed', attempts: 1 })
  expect(terminal.faults.totals.get('lose') ?? 0).toBeGreaterThan(0)
  expect(rough.reads).toBe(smooth.reads)
  expect(rough.slices - smooth.slices).toBeLessThanOrEqual(terminal.faults.totals.get('lose') ?? 0)
})

it('a log that changed while it was read is read again in the same attempt and session', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const terminal = await service.terminal({ people: 9, punches: LOG, seed: 73 })
  const device = await service.register(terminal)
  const { job, sessions } = await syncOf(service, terminal, device.id, 'replace=2')
  expect(job).toMatchObject({ state: 'completed', attempts: 1, result: { from: 0, read: LOG } })
  expect(sessions).toBe(1)
})

it('a connection that is cut costs an attempt, and the next one begins anew', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const terminal = await service.terminal({ people: 9, punches: LOG, seed: 74 })
  const device = await service.register(terminal)
  const { job, sessions } = await syncOf(service, terminal, device.id, 'cut=150000')
  expect(job).toMatchObject({ state: 'completed', attempts: 2 })
  expect(sessions).toBe(2)
  await expectSameAsTerminal(service.database, device.id, terminal.memory)
})

it('a cut that comes again and again ends after four attempts, with its reason', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const terminal = await service.terminal({ people: 9, punches: LOG, seed: 75 })
  const device = await service.register(terminal)
  const { job } = await syncOf(service, terminal, device.id, 'cut(afterBytes=150000, times=9)')
  expect(job).toMatchObject({
    state: 'failed',
    attempts: 4,
    maxAttempts: 4,
    error: { code: 'DEVICE_UNREACHABLE' },
  })
})

it('a key that has become wrong is not tried again', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const terminal = await service.terminal({ commKey: TEST_COMM_KEY, punches: 30, seed: 76 })
  const device = await service.register(terminal, { password: String(TEST_COMM_KEY) })
  terminal.memory.commKey = 13
  const { job, sessions } = await syncOf(service, terminal, device.id)
  expect(job).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'DEVICE_AUTH_FAILED' } })
  expect(sessions).toBe(1)
})

it('records of no known form are not read again', async () => {
  await using service = await scratchService('sqlite', { DEVICE_IDLE_MS: '0' })
  const memory = new TerminalMemory({ profile: profileNamed('typical'), serialNumber: 'ODD-RETRIES' })
  for (let i = 0; i < 41; i += 1) memory.log.append(new Uint8Array(40).fill(0xee))
  const terminal = await service.terminal({ memory })
  const device = await service.register(terminal)
  const { job, reads } = await syncOf(service, terminal, device.id)
  expect(job).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'DEVICE_DATA_UNREADABLE' } })
  // The people, and the log.
  expect(reads).toBe(2)
})

interface Cost {
  readonly job: JobView
  readonly sessions: number
  /** Tables prepared. */
  readonly reads: number
  readonly slices: number
  readonly sliceBytes: number
}

/** A whole sync as a job, and what the terminal was asked for it. */
async function syncOf(
  { services }: ScratchService,
  terminal: SimulatedTerminal,
  deviceId: number,
  faults = '',
): Promise<Cost> {
  const worker = workQuickly(services, 1, [20])
  terminal.stats.reset()
  terminal.faults.forget()
  terminal.faults.set(faults)
  const { job } = await services.attendance.requestSync(deviceId, { mode: 'full' }, SYSTEM)
  const ended = await endedJob(services, job.id)
  await worker.stop()
  terminal.faults.clear()
  const { sessionsOpened, requests, slices } = terminal.stats
  return {
    job: ended,
    sessions: sessionsOpened,
    reads: requests['prepareBulk'] ?? 0,
    slices: slices.count,
    sliceBytes: slices.bytes,
  }
}
