// The schedule as a worker keeps it: real time, real terminals, both ways to run; and a database that is away for a moment.
import { describe, expect, it } from 'vitest'
import { startSyncSchedule } from '../../src/schedules/sync-schedule.ts'
import { MODES } from '../support/modes.ts'
import { workQuickly } from '../support/quick-worker.ts'
import { quiet, scratchService } from '../support/scratch-service.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.each(MODES)('a device with an interval, in %s', (_name, engine, env) => {
  it(
    'syncs by itself: the punches are there, and the job says what asked for it',
    { timeout: 180_000 },
    async () => {
      await using service = await scratchService(engine, env())
      const { services, database } = service
      const terminal = await service.terminal({ people: 3, punches: 40 })
      const { id, nextSyncAt } = await service.register(terminal, { syncIntervalMinutes: 10_080 })
      expect(nextSyncAt).not.toBeNull()
      const [seen] = await database.syncPlans.list({ afterId: 0, limit: 1, all: false })
      if (seen === undefined) throw new Error('the device has no plan')
      await database.syncPlans.move(seen, { nextSyncAt: new Date().toISOString(), syncSchedule: null })
      workQuickly(services, 2)
      const schedules = [services.scheduleSyncs(), services.scheduleSyncs()]

      const job = await waitUntil('a sync was queued and is done', async () => {
        const { rows } = await services.jobs.list({ deviceIds: [id] }, { page: 1, limit: 9 })
        return rows.find(({ state }) => state === 'completed')
      })
      await Promise.all(schedules.map((schedule) => schedule.stop()))
      expect(job).toMatchObject({ source: 'schedule', result: { read: 40, new: 40 } })
      expect((await services.jobs.list({ deviceIds: [id] }, { page: 1, limit: 9 })).total).toBe(1)
      expect((await services.devices.find(id)).nextSyncAt).toBe(nextSyncAt)
      expect((await services.metrics.render()).text).toContain('zk_scheduled_syncs_total{outcome="queued"} 1')
    },
  )
})

describe('keeping the schedule', () => {
  it('goes on when the database was away, corrects times only after the due ones, and ends', async () => {
    const did: string[] = []
    let away = true
    const schedule = startSyncSchedule(
      {
        queueDue: () => {
          did.push('due')
          if (!away) return Promise.resolve()
          away = false
          return Promise.reject(new Error('away'))
        },
        correctPlans: () => {
          did.push('correct')
          return Promise.resolve()
        },
      },
      quiet,
    )
    await waitUntil('it has looked again', () => (did.length >= 4 ? true : undefined))
    await schedule.stop()
    expect(did.slice(0, 4)).toEqual(['due', 'due', 'correct', 'due'])
    const ended = did.length
    await schedule.stop()
    expect(did).toHaveLength(ended)
  })
})
