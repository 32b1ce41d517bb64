// The worker keeps the schedule: what is due when it starts is synced without anybody asking.
import { expect, it } from 'vitest'
import { scratchService } from '../../core/test/support/scratch-service.ts'
import { waitUntil } from '../../core/test/support/wait-until.ts'
import { startWorker } from '../src/index.ts'

it('syncs a device whose time has come', { timeout: 180_000 }, async () => {
  await using service = await scratchService('sqlite', { LIVE_WATCH: 'false' })
  const { services, database } = service
  const terminal = await service.terminal({ people: 3, punches: 20 })
  const { id } = await service.register(terminal, { syncIntervalMinutes: 10_080 })
  const [seen] = await database.syncPlans.list({ afterId: 0, limit: 1, all: false })
  if (seen === undefined) throw new Error('the device has no plan')
  await database.syncPlans.move(seen, { nextSyncAt: new Date().toISOString(), syncSchedule: null })
  const worker = startWorker(services)
  const job = await waitUntil('its sync is done', async () =>
    (await services.jobs.list({ deviceIds: [id], state: 'completed' }, { page: 1, limit: 1 })).rows.at(0),
  )
  await worker.stop()
  expect(job).toMatchObject({ name: 'attendance-sync', source: 'schedule', result: { new: 20 } })
})
