// Clearing the cache: forgotten, recorded, told, in this order.
import { expect, it } from 'vitest'
import { createAuditTrail } from '../../src/audit-trail.ts'
import type { Notice } from '../../src/notices/notice.ts'
import { clearCache } from '../../src/operations/clear-cache.ts'
import { readConfig } from '../../src/read-config.ts'
import { openSecrets } from '../../src/secrets.ts'
import { noNotices } from '../support/nobody.ts'
import { openScratch, scratchFolder } from '../support/scratch-service.ts'

it('S-CAC-02 S-CAC-03 is recorded with who did it and how much went, and told', async () => {
  await using folder = await scratchFolder()
  await using scratch = await openScratch('sqlite', folder.path)
  const audit = createAuditTrail(await openSecrets(readConfig({ DATA_DIR: folder.path })))
  const told: Notice[] = []
  const parts = {
    answers: { answer: () => Promise.reject(new Error('not asked')), clear: () => Promise.resolve(42) },
    database: scratch.database,
    audit,
    notices: {
      ...noNotices,
      tell: (notice: Notice) => {
        told.push(notice)
        return Promise.resolve()
      },
    },
  }
  const by = { name: 'admin@example.com', accountId: 1, address: '192.0.2.1' }
  expect(await clearCache(parts, by)).toBe(42)
  const { rows } = await scratch.database.audit.list({}, { offset: 0, limit: 10 })
  expect(rows).toMatchObject([
    { action: 'cache.clear', actor: by.name, address: by.address, outcome: 'success', details: { keys: 42 } },
  ])
  expect(told).toEqual([{ kind: 'cache.cleared', by: by.name, keys: 42 }])
})
