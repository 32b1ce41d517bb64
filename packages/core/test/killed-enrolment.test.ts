// A process that is killed while the terminal waits for a finger: what it left is undone at the next contact, and nothing else.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Database } from '@org/data'
import { startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { createServices, readConfig, SYSTEM, type Services } from '../src/index.ts'
import { MODES } from './support/modes.ts'
import { until, whoIsOn } from './support/people-at-work.ts'
import { openScratch, scratchFolder, type Engine } from './support/scratch-service.ts'
import { testLog } from '../../../scripts/toolchain/test-log.ts'

const PATIENT = { timeout: 120_000 }

describe.each(MODES)('a process killed in the middle of an enrolment, with %s', (_name, engine, env) => {
  it('leaves a person who is taken off at the next contact', PATIENT, async () => {
    await using stage = await Stage.afterTheKill(engine, env())
    const { terminal, before } = stage
    expect(whoIsOn(terminal).people).toHaveLength(before.people.length + 1)
    expect(await stage.notes()).toHaveLength(1)

    await stage.nextContact()
    expect(whoIsOn(terminal)).toEqual(before)
    expect(await stage.notes()).toEqual([])
    expect(await stage.database.people.findByPin(stage.deviceId, '1042')).toBeUndefined()
    expect(terminal.memory.isEnabled).toBe(true)
  })

  it('leaves a note by which nobody is taken off whom somebody else has put there', PATIENT, async () => {
    await using stage = await Stage.afterTheKill(engine, env())
    const { terminal } = stage
    const ours = terminal.memory.people.findByPin('1042')
    terminal.hand.removePerson('1042')
    terminal.hand.addPerson({ uid: ours?.uid ?? 0, pin: '1042', name: 'Another', password: '4711' })
    const kept = whoIsOn(terminal)

    await stage.nextContact()
    expect(whoIsOn(terminal)).toEqual(kept)
    expect(await stage.notes()).toEqual([])
  })

  it('does not make anybody wait before a door for what it left', PATIENT, async () => {
    await using stage = await Stage.afterTheKill(engine, env())
    const { answer } = await stage.services.doors.unlock({
      deviceId: stage.deviceId,
      seconds: 5,
      by: SYSTEM,
      signal: new AbortController().signal,
    })
    expect(answer).toMatchObject({ seconds: 5 })
    expect(await stage.notes()).toHaveLength(1)
    await stage.nextContact()
    expect(await stage.notes()).toEqual([])
  })
})

/** A terminal whose enrolment was begun by a process that was killed then, and the service that comes after it. */
class Stage implements AsyncDisposable {
  readonly terminal: SimulatedTerminal
  readonly database: Database
  readonly services: Services
  readonly deviceId: number
  /** What the terminal held before. */
  readonly before: ReturnType<typeof whoIsOn>
  readonly #ending: AsyncDisposableStack

  private constructor(
    parts: Pick<Stage, 'terminal' | 'database' | 'services' | 'deviceId' | 'before'>,
    ending: AsyncDisposableStack,
  ) {
    this.terminal = parts.terminal
    this.database = parts.database
    this.services = parts.services
    this.deviceId = parts.deviceId
    this.before = parts.before
    this.#ending = ending
  }

  static async afterTheKill(engine: Engine, env: Record<string, string>): Promise<Stage> {
    const ending = new AsyncDisposableStack()
    const folder = ending.use(await scratchFolder())
    const { url, database } = ending.use(await openScratch(engine, folder.path))
    const terminal = ending.use(
      await startTerminal({ people: 3, fingers: 2, punches: 0, seed: 41, enrolment: 'by-hand' }),
    )
    const before = whoIsOn(terminal)
    const set = {
      DATABASE_URL: url,
      DATA_DIR: folder.path,
      DEVICE_LEASE_MS: '3000',
      DEVICE_WAIT_MS: '20000',
      LOG_LEVEL: 'silent',
      ...env,
    }
    const deviceId = await killWhileEnrolling(set, terminal)
    const services = await createServices(readConfig(set), database, {
      role: 'both',
      log: testLog(),
    })
    ending.defer(() => services.close())
    return new Stage({ terminal, database, services, deviceId, before }, ending)
  }

  notes(): Promise<readonly unknown[]> {
    return this.database.pendingPeople.list(this.deviceId)
  }

  /** Whatever it is that somebody wants of the terminal next. */
  async nextContact(): Promise<void> {
    await this.services.people.listOnDevice(
      this.deviceId,
      {},
      { page: 1, limit: 10 },
      new AbortController().signal,
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync()
  }
}

/** Gives the device's id. */
async function killWhileEnrolling(env: Record<string, string>, terminal: SimulatedTerminal): Promise<number> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('support/enrolling-process.ts', import.meta.url))],
    {
      env: { PATH: process.env['PATH'] ?? '', ...env, DEVICE_PORT: String(terminal.port) },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = once(child, 'close')
  try {
    let deviceId: number | undefined
    for await (const line of createInterface({ input: child.stdout })) {
      deviceId = Number(/^registered (\d+)$/.exec(line)?.[1])
      break
    }
    if (deviceId === undefined) throw new Error('the process ended before it had registered the terminal')
    await until(() => terminal.memory.sensor.enrolling !== undefined)
    return deviceId
  } finally {
    child.kill('SIGKILL')
    await ended
    await until(() => terminal.memory.sensor.enrolling === undefined)
  }
}
