// A worker that is killed while it clears a terminal's log, at every step of it: people can punch again, and the next sync loses and
// doubles nothing, whether the log was emptied or not.
import { openDatabase } from '@org/data'
import { startTerminal, type SimulatedTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { createServices, readConfig } from '../src/index.ts'
import { startProcess, type TestProcess } from './support/test-process.ts'
import { rowsOf, sorted, toldBy } from './support/same-as-terminal.ts'
import { openScratch, quiet, scratchFolder, type Engine } from './support/scratch-service.ts'

const QUICK = { JOB_CLAIM_MS: '1000', DEVICE_LEASE_MS: '3000', LOG_LEVEL: 'silent', DEVICE_IDLE_MS: '0' }
const SHARED = { JWT_SECRET: 'j'.repeat(40), ENCRYPTION_KEY: 'e'.repeat(40) }
const PUNCHES = 300

const modes: readonly [string, Engine, () => Record<string, string>][] = [
  ['embedded', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([['queue mode', 'mysql', () => ({ REDIS_URL: serverUrl('TEST_REDIS_URL'), ...SHARED })]] satisfies [
        string,
        Engine,
        () => Record<string, string>,
      ][])),
]

/** The request at whose arrival the process is killed: the terminal still does what it says, and nobody hears the answer. */
const STEPS: readonly [
  string,
  { readonly request: string; readonly disabled: boolean; readonly cleared: boolean },
][] = [
  ['as people are kept out', { request: 'disableTerminal', disabled: false, cleared: false }],
  ['during the proof', { request: 'readCapacity', disabled: true, cleared: false }],
  ['as the command arrives', { request: 'clearAttendance', disabled: true, cleared: true }],
  ['after it was acknowledged', { request: 'refreshData', disabled: true, cleared: true }],
  ['as people are let in', { request: 'enableTerminal', disabled: true, cleared: true }],
]

describe.each(modes)('a worker killed while it clears a log, in %s', (_name, engine, modeEnv) => {
  it.each(STEPS)('%s', { timeout: 180_000 }, async (_step, { request, disabled, cleared }) => {
    await using folder = await scratchFolder()
    await using scratch = await openScratch(engine, folder.path)
    await using terminal = await startTerminal({ people: 5, punches: PUNCHES, seed: 77 })
    const { memory } = terminal
    const again = { pin: '1', wallTime: '2026-05-04T08:00:00' }
    memory.punch(again)
    const before = toldBy(memory)
    const env = { DATABASE_URL: scratch.url, DATA_DIR: folder.path, ...QUICK, ...modeEnv() }

    using first = startProcess('clearing-process.ts', { ...env, DEVICE_PORT: String(terminal.port) })
    killAt(terminal, first, (name) => name === request && memory.isEnabled !== disabled)
    const [, deviceId = '', jobId = ''] = (await first.line(/^asked/)).split(' ')
    await first.ended
    const clearings = terminal.stats.requests['clearAttendance'] ?? 0
    expect(clearings).toBe(cleared ? 1 : 0)
    expect(memory.log.count).toBe(cleared ? 0 : PUNCHES + 1)

    using second = startProcess('clearing-process.ts', { ...env, JOB_ID: jobId })
    const job: unknown = JSON.parse(await second.line(/^\{/))
    await second.ended
    expect(job).toMatchObject({ state: 'failed', attempts: 1, error: { code: 'JOB_STALLED' } })
    expect(terminal.stats.requests['clearAttendance'] ?? 0).toBe(clearings)

    const database = await openDatabase(scratch.url)
    const services = await createServices(readConfig(env), database, { role: 'both', log: quiet })
    const id = Number(deviceId)
    expect(memory.isEnabled).toBe(true)
    // The clock was set back: to the service the same punch as one that it has, and to the person another one.
    memory.punch({ pin: '2', wallTime: '2026-05-04T08:00:01' })
    memory.punch(again)
    await services.syncAttendance({
      deviceId: id,
      mode: 'auto',
      signal: new AbortController().signal,
      progress: () => undefined,
    })
    const kept = cleared ? before : []
    expect(await rowsOf(database, id)).toEqual(sorted([...kept, ...toldBy(memory)]))
    expect(await database.devices.findById(id)).toMatchObject({ disabledAt: null })
    await services.close()
    await database.close()
  })
})

function killAt(
  terminal: SimulatedTerminal,
  { process }: TestProcess,
  hits: (name: string) => boolean,
): void {
  const { stats } = terminal
  const count = stats.countRequest.bind(stats)
  let killed = false
  stats.countRequest = (name) => {
    count(name)
    if (killed || !hits(name)) return
    killed = true
    process.kill('SIGKILL')
  }
}
