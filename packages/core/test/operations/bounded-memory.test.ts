// However long a log is, a sync holds a part of it only.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { profileNamed } from '@org/zk-sim'
import { expect, it } from 'vitest'
import { scratchService } from '../support/scratch-service.ts'

const LOG = 300_000
/**
 * 300,000 punches as objects take 100 MB and more. What a whole read must remember are the pairs of person and second: about 20 bytes
 * each in a table that doubles, 20 MB here.
 */
const MOST_BYTES = 64_000_000

it('a sync of 300,000 punches holds less than 64 MB more than before', { timeout: 600_000 }, async () => {
  const script = fileURLToPath(new URL('../support/measured-sync.ts', import.meta.url))
  const typical = profileNamed('typical')
  const profile = { ...typical, capacity: { ...typical.capacity, records: LOG + 1 } }
  await using service = await scratchService('sqlite')
  const terminal = await service.terminal({ profile, people: 500, punches: LOG, seed: 81 })
  const device = await service.register(terminal)
  await service.services.close()

  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', script], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DATA_DIR: service.folder,
      DATABASE_URL: service.url,
      LOG_LEVEL: 'silent',
      DEVICE_ID: String(device.id),
    },
  })
  const told: { read: number; looks: number; grownBytes: number } = JSON.parse(stdout)
  expect(told.read).toBe(LOG)
  expect(told.looks).toBeGreaterThan(100)
  expect(told.grownBytes).toBeLessThan(MOST_BYTES)
})
