// What notices say to people.
import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/index.ts'
import { sentenceOf } from '../../src/notices/sentences.ts'

const HOSTILE = 'Gate"\r\nBcc: everyone@example.com\r\n\r\n\u202Eelbisivni\u0000\u2028 x'
const device = { deviceId: 7, deviceName: HOSTILE }
const NOTICES: readonly Notice[] = [
  ...(['success', 'refused', 'unreachable', 'unknown'] as const).map((outcome) => ({
    kind: 'door.unlock' as const,
    ...device,
    by: HOSTILE,
    seconds: 5,
    auditId: 'AUD-20240205-001',
    outcome,
  })),
  { kind: 'device.restart', ...device, by: 'a@example.com' },
  { kind: 'device.offline', ...device, reason: HOSTILE },
  { kind: 'device.online', ...device },
  { kind: 'device.log-almost-full', ...device, records: 91, capacity: 100 },
  {
    kind: 'sync.failed',
    ...device,
    jobId: 'sync-device-7-1',
    job: 'attendance-sync',
    code: 'X',
    message: HOSTILE,
  },
  { kind: 'cache.cleared', by: 'a@example.com', keys: 3 },
  { kind: 'test', by: HOSTILE },
]

describe('a notice in words', () => {
  it.each(NOTICES)('$kind has one line for the subject and one for the rest', (notice) => {
    const { subject, text } = sentenceOf(notice)
    for (const part of [subject, text]) {
      expect(part).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      expect(part).not.toBe('')
    }
  })

  it('says of a door how it ended', () => {
    const [opened, refused, , unknown] = NOTICES.map((notice) => sentenceOf(notice))
    expect(opened?.text).toContain('for 5 seconds')
    expect(refused?.text).toContain('refused')
    expect(unknown?.text).toContain('may have opened')
  })

  it('is cut where a name has no end', () => {
    const { subject } = sentenceOf({ kind: 'device.online', deviceId: 1, deviceName: 'x'.repeat(5_000) })
    expect(subject.length).toBeLessThanOrEqual(150)
  })
})
