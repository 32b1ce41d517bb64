// The ledger of vectors: each collection of rows in each file has a test that reads it, so that rows which are added and
// used by nobody fail. Which test that is stands here; that it still does is seen in its text.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readVectors } from './support/recorded.ts'

/** The test that goes through all rows of a collection, by file and name. */
const USED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  attendance: { records: 'records/attendance.test.ts', operation_log: 'records/access.test.ts' },
  checksum: { vectors: 'packet.test.ts', verify: 'packet.test.ts', counter_trick: 'packet.test.ts' },
  commkey: {
    vectors: 'comm-key.test.ts',
    steps: 'comm-key.test.ts',
    low_byte_pairs: 'comm-key.test.ts',
    from_capture: 'comm-key.test.ts',
  },
  events: { events: 'records/live-event.test.ts', ack: 'records/live-event.test.ts' },
  exchanges: { exchanges: 'exchanges.test.ts' },
  framing: { packets: 'framing.test.ts', splits: 'framing.test.ts', malformed: 'framing.test.ts' },
  free_sizes: { sizes: 'records/capacity.test.ts' },
  packets: { packets: 'packet.test.ts', captured: 'packet.test.ts' },
  templates: { templates: 'records/template.test.ts' },
  time: {
    vectors: 'wall-time.test.ts',
    impossible_days: 'wall-time.test.ts',
    limits: 'wall-time.test.ts',
    wrong_year_formula: 'wall-time.test.ts',
    captured: 'wall-time.test.ts',
  },
  users: {
    records: 'records/person.test.ts',
    captured: 'records/person.test.ts',
    write_payloads: 'records/person.test.ts',
    ambiguity: 'records/person.test.ts',
  },
}

function collectionsOf(file: string): string[] {
  const entries = Object.entries(readVectors(file) as Readonly<Record<string, unknown>>)
  return entries.filter(([, value]) => typeof value === 'object').map(([name]) => name)
}

describe('the ledger of vectors', () => {
  const files = readdirSync(new URL('vectors/', import.meta.url))
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))

  it('has a row for each file and for nothing else', () => {
    expect(Object.keys(USED).toSorted()).toEqual(files.toSorted())
  })

  it.each(files)('names the test of each collection in %s', (file) => {
    const used = USED[file] ?? {}
    expect(Object.keys(used).toSorted()).toEqual(collectionsOf(file).toSorted())
    for (const [collection, test] of Object.entries(used)) {
      const text = readFileSync(new URL(test, import.meta.url), 'utf8')
      expect([test, text.includes(`readVectors('${file}')`)]).toEqual([test, true])
      // As a member, or taken out of the file by name.
      const reads = new RegExp(`\\.${collection}\\b|\\{[^}]*\\b${collection}\\b[^}]*\\} = readVectors`)
      expect([test, collection, reads.test(text)]).toEqual([test, collection, true])
    }
  })

  it('has each of the few templates, which are of three kinds, used under its name', () => {
    const text = readFileSync(new URL('records/template.test.ts', import.meta.url), 'utf8')
    const { templates } = readVectors('templates') as {
      readonly templates: readonly { readonly name: string }[]
    }
    const parts = [...text.matchAll(/vector\('([^']+)'\)/g)].map(([, part = '']) => part)
    for (const { name } of templates) {
      expect([name, parts.filter((part) => name.includes(part)).length > 0]).toEqual([name, true])
    }
  })
})
