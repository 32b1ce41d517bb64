// The declared jobs of the service.
import { describe, expect, it } from 'vitest'
import { attendanceSync } from '../../src/jobs/catalogue.ts'

describe('the attendance sync', () => {
  it('is named after its device and the second in UTC', () => {
    const instant = new Date('2024-02-05T14:30:09.999Z')
    expect(attendanceSync.id({ deviceId: 12, mode: 'auto' }, instant)).toBe('sync-device-12-20240205143009')
  })

  it('is retried three times and alone with its device', () => {
    expect(attendanceSync.retries).toBe(3)
    expect(attendanceSync.backoffMs).toHaveLength(3)
    expect(attendanceSync.oneAtATime({ deviceId: 12, mode: 'full' })).toBe('device-12')
    expect(attendanceSync.deviceId({ deviceId: 12, mode: 'full' })).toBe(12)
  })

  it('becomes full when that is asked while it waits, and is followed by a full one when it runs', () => {
    const auto = { deviceId: 1, mode: 'auto' as const }
    const full = { deviceId: 1, mode: 'full' as const }
    const asked = attendanceSync.whenRepeated
    expect(asked(full, { state: 'waiting', data: auto })).toEqual({ data: full })
    expect(asked(full, { state: 'active', data: auto })).toBe('behind')
    for (const state of ['waiting', 'active'] as const) {
      expect(asked(auto, { state, data: auto })).toBe('same')
      expect(asked(auto, { state, data: full })).toBe('same')
      expect(asked(full, { state, data: full })).toBe('same')
    }
  })

  it('gives a certificate whose counts may be unknown, but never negative', () => {
    const certificate = {
      announced_before: null,
      announced_after: null,
      bytes_announced: 400,
      bytes_received: 400,
      from: 0,
      read: 10,
      new: 3,
      known: 7,
      invalid_time: 0,
    }
    expect(attendanceSync.parseResult(certificate)).toEqual(certificate)
    for (const wrong of [
      { ...certificate, read: -1 },
      { ...certificate, new: null },
      { ...certificate, read: 1.5 },
    ]) {
      expect(() => attendanceSync.parseResult(wrong)).toThrow(
        expect.objectContaining({ code: 'JOB_RESULT_INVALID' }),
      )
    }
  })
})
