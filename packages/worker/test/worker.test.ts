// The worker on a real queue, a real SQLite file and a simulated terminal: jobs are taken, done, and put back on a stop.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SYSTEM, attendanceSync, createServices, readConfig, type JobView, type Services } from '@org/core'
import { openDatabase, type Database } from '@org/data'
import { startTerminal, type SimulatedTerminal, type TerminalOptions } from '@org/zk-sim'
import { startWorker } from '../src/index.ts'
import { testLog } from '../../../scripts/toolchain/test-log.ts'

const WITHIN_MS = 30_000

describe('the worker', () => {
  let folder: string
  let database: Database
  let services: Services
  let terminal: SimulatedTerminal

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zk-worker-'))
    const config = readConfig({
      DATA_DIR: folder,
      LOG_LEVEL: 'silent',
      DEVICE_IDLE_MS: '100',
      LIVE_WATCH: 'false',
    })
    database = await openDatabase(config.databaseUrl)
    services = await createServices(config, database, { role: 'both', log: testLog() })
  })
  afterEach(async () => {
    await services.close()
    await database.close()
    await terminal.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function queuedSync(options: TerminalOptions): Promise<{ deviceId: number; job: JobView }> {
    terminal = await startTerminal(options)
    const input = { name: 'Gate', ip: terminal.host, port: terminal.port }
    const { device } = await services.devices.register(input, SYSTEM)
    const { job } = await services.attendance.requestSync(device.id, {}, SYSTEM)
    return { deviceId: device.id, job }
  }

  async function until(jobId: string, is: (job: JobView) => boolean): Promise<JobView> {
    const deadline = Date.now() + WITHIN_MS
    for (;;) {
      const job = await services.jobs.find(jobId)
      if (job !== undefined && is(job)) return job
      if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(job)}`)
      await sleep(10)
    }
  }

  it('takes a queued sync, stores every punch and leaves the certificate as the result', async () => {
    const { deviceId, job } = await queuedSync({ people: 5, punches: 400 })
    const worker = startWorker(services)
    const done = await until(job.id, ({ state }) => state === 'completed')
    await worker.stop()
    expect(attendanceSync.parseResult(done.result)).toMatchObject({ from: 0, read: 400, new: 400, known: 0 })
    expect(await database.punches.count(deviceId)).toBe(400)
  })

  it('leaves jobs alone once it has stopped', async () => {
    const worker = startWorker(services)
    await worker.stop()
    const { job } = await queuedSync({ people: 1, punches: 1 })
    await sleep(200)
    expect(await services.jobs.find(job.id)).toMatchObject({ state: 'waiting', attempts: 0 })
  })

  it('tells why a job failed for good, by code and sentence alone', async () => {
    const { deviceId, job } = await queuedSync({ people: 1, punches: 1 })
    terminal.memory.commKey = 999
    const worker = startWorker(services)
    const failed = await until(job.id, ({ state }) => state === 'failed')
    await worker.stop()
    expect(failed).toMatchObject({ attempts: 1, result: null, error: { code: 'DEVICE_AUTH_FAILED' } })
    expect(await database.punches.count(deviceId)).toBe(0)
  })
})
