// The numbers for Prometheus: what counts as what, and that nobody from outside can make new ones.
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../src/errors.ts'
import { METRICS, countOperations, createMetrics } from '../src/metrics.ts'
import { createMemoryTally } from '../src/tally-memory.ts'
import type { WithTerminal } from '../src/terminals/with-terminal.ts'
import { quiet, scratchService } from './support/scratch-service.ts'

describe('metrics', () => {
  it('show requests, cache, jobs, operations on terminals and synced rows', async () => {
    await using service = await scratchService()
    const terminal = await service.terminal({ people: 3, punches: 20 })
    const device = await service.register(terminal)
    await service.sync(device.id)
    await service.sync(device.id, { mode: 'full' })
    await terminal.stop()
    await service.services.devices.readInfo(device.id, AbortSignal.timeout(60_000)).catch(() => undefined)
    const { metrics } = service.services
    metrics.noteRequest({ method: 'GET', route: '/api/v1/devices/:deviceId', status: 200, seconds: 0.02 })
    metrics.noteCacheAnswer('attendance', 'hit')

    const { contentType, text } = await metrics.render()
    expect(contentType).toMatch(/^text\/plain/)
    const lines = text.split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'http_requests_total{method="GET",route="/api/v1/devices/:deviceId",status="200"} 1',
        'http_request_duration_seconds_bucket{le="0.025",method="GET",route="/api/v1/devices/:deviceId"} 1',
        'zk_cache_answers_total{subject="attendance",outcome="hit"} 1',
        'zk_jobs{queue="attendance-sync",state="waiting"} 0',
        'zk_devices{state="connected"} 0',
        'zk_devices{state="unreachable"} 1',
        'zk_devices{state="inactive"} 0',
        'zk_sync_rows_total{kind="new"} 20',
        'zk_sync_rows_total{kind="known"} 20',
      ]),
    )
    expect(
      lines.find((line) => line.startsWith('zk_device_operations_total{outcome="success"}')),
    ).toBeDefined()
    expect(
      lines.some((line) => /^zk_device_operations_total\{outcome="DEVICE_[A-Z_]+"\} 1$/.test(line)),
    ).toBe(true)
    expect(lines.some((line) => /^process_resident_memory_bytes \d{6,}$/.test(line))).toBe(true)
  })

  it('are those that are declared, with the type, help and labels that are declared', async () => {
    await using service = await scratchService()
    const { text } = await service.services.metrics.render()
    const shown = [...text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \1 (\w+)$/gm)]
    expect(shown.map(([, name, help, type]) => ({ name, help, type }))).toEqual(
      Object.entries(METRICS).map(([name, { help, type }]) => ({ name, help, type })),
    )
  })

  it('are shown without what cannot be read', async () => {
    await using service = await scratchService()
    const { jobs } = service.services
    const metrics = createMetrics({
      tally: { ...createMemoryTally(), read: () => Promise.reject(new Error('away')) },
      jobs: {
        ...jobs,
        stats: () => Promise.reject(new ServiceError('DATABASE_UNAVAILABLE')),
      },
      devices: { countByState: () => Promise.reject(new ServiceError('DATABASE_UNAVAILABLE')) },
      log: quiet,
    })
    metrics.noteCacheAnswer('people', 'miss')
    const { text } = await metrics.render()
    expect(text).toContain('zk_cache_answers_total{subject="people",outcome="miss"} 1')
    expect(text).not.toMatch(/^zk_(jobs|devices)\{/m)
  })

  it('name an operation that failed by its code, and pass on what it threw', async () => {
    await using service = await scratchService()
    const tally = createMemoryTally()
    const metrics = createMetrics({
      tally,
      jobs: service.services.jobs,
      devices: { countByState: async () => ({ connected: 0, unreachable: 0, inactive: 0 }) },
      log: quiet,
    })
    const options = { signal: AbortSignal.timeout(1_000) }
    const failing = (error: Error) => {
      const way: WithTerminal = async () => {
        throw error
      }
      return countOperations(way, metrics)(1, options, async () => undefined)
    }
    await expect(failing(new ServiceError('DEVICE_BUSY'))).rejects.toThrow(ServiceError)
    await expect(failing(new Error('anything, with 1.2.3.4 in it'))).rejects.toThrow('anything')
    expect(await tally.read()).toEqual(
      new Map([
        ['device-operation:DEVICE_BUSY', 1],
        ['device-operation:INTERNAL_ERROR', 1],
      ]),
    )
  })
})
