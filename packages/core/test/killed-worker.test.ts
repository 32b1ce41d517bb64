// A worker that is killed in the middle of a sync, and one that comes after it.
import { openDatabase } from '@org/data'
import { startTerminal } from '@org/zk-sim'
import { describe, expect, it } from 'vitest'
import { EMBEDDED_ONLY, serverUrl } from '../../../scripts/toolchain/scratch-database.ts'
import { expectSameAsTerminal, rowsOf } from './support/same-as-terminal.ts'
import { openScratch, scratchFolder, type Engine } from './support/scratch-service.ts'
import { startProcess } from './support/test-process.ts'

const QUICK = { JOB_CLAIM_MS: '1000', DEVICE_LEASE_MS: '3000', LOG_LEVEL: 'silent' }

const modes: readonly [string, Engine, () => Record<string, string>][] = [
  ['embedded', 'sqlite', () => ({})],
  ...(EMBEDDED_ONLY
    ? []
    : ([
        [
          'queue mode',
          'mysql',
          () => ({
            REDIS_URL: serverUrl('TEST_REDIS_URL'),
            JWT_SECRET: 'j'.repeat(40),
            ENCRYPTION_KEY: 'e'.repeat(40),
          }),
        ],
      ] satisfies [string, Engine, () => Record<string, string>][])),
]

describe.each(modes)('a worker killed in the middle of a sync, in %s', (_name, engine, modeEnv) => {
  it('leaves a job that the next one ends with every punch once', { timeout: 120_000 }, async () => {
    await using folder = await scratchFolder()
    await using scratch = await openScratch(engine, folder.path)
    const { url } = scratch
    await using terminal = await startTerminal({ people: 20, punches: 20_000, seed: 71, paceMs: 4 })
    const env = { DATABASE_URL: url, DATA_DIR: folder.path, ...QUICK, ...modeEnv() }

    using first = startProcess('worker-process.ts', { ...env, DEVICE_PORT: String(terminal.port) })
    const [, deviceId = '', jobId = ''] = (await first.line(/^asked/)).split(' ')
    await first.line(/^reading/)
    first.process.kill('SIGKILL')
    await first.ended
    const database = await openDatabase(url)
    const stored = (await rowsOf(database, Number(deviceId))).length
    expect(stored).toBeGreaterThan(0)
    expect(stored).toBeLessThan(20_000)

    using second = startProcess('worker-process.ts', { ...env, JOB_ID: jobId })
    const job: unknown = JSON.parse(await second.line(/^\{/))
    await second.ended

    expect(job).toMatchObject({ id: jobId, state: 'completed', result: { from: 0, read: 20_000 } })
    await expectSameAsTerminal(database, Number(deviceId), terminal.memory)
    expect(terminal.stats.maxConcurrentSessions).toBeLessThanOrEqual(2)
    expect(terminal.stats.leftDisabled).toBe(0)
    await database.close()
  })
})
