// The record of what a terminal was asked: sessions one by one and counted, kept within bounds.
import { describe, expect, it } from 'vitest'
import { TerminalStats, type SessionRecord } from '../src/stats.ts'

const open = (stats: TerminalStats, sessionId: number): SessionRecord =>
  stats.sessionOpened({ sessionId, transport: 'tcp', client: '127.0.0.1:1', openedAt: sessionId })

const clean = { by: 'exit', bufferNotFreed: false, leftDisabled: false } as const

describe('the stats of a terminal', () => {
  it('count sessions that overlap, and end each once', () => {
    const stats = new TerminalStats()
    const [one, two] = [open(stats, 1), open(stats, 2)]
    stats.sessionEnded(one, { ...clean, at: 5, bufferNotFreed: true })
    stats.sessionEnded(one, { ...clean, at: 9, bufferNotFreed: true })
    stats.sessionEnded(two, { ...clean, at: 7, leftDisabled: true })
    open(stats, 3)
    expect(stats).toMatchObject({
      sessionsOpened: 3,
      openSessions: 1,
      maxConcurrentSessions: 2,
      buffersNotFreed: 1,
      leftDisabled: 1,
    })
    expect(stats.sessions.map(({ endedAt }) => endedAt)).toEqual([5, 7, undefined])
  })

  it('begin anew and still know who is there', () => {
    const stats = new TerminalStats()
    stats.sessionEnded(open(stats, 1), { ...clean, at: 5 })
    const still = open(stats, 2)
    stats.countRequest('readClock')
    stats.countSlice(65_472)
    stats.reset()
    expect(stats).toMatchObject({
      sessionsOpened: 0,
      openSessions: 1,
      requests: {},
      slices: { count: 0, bytes: 0 },
    })
    expect(stats.sessions).toEqual([still])
    stats.sessionEnded(still, { ...clean, at: 6 })
    expect(stats.openSessions).toBe(0)
  })

  it('keep the last ten thousand sessions', () => {
    const stats = new TerminalStats()
    for (let id = 1; id <= 10_005; id++) stats.sessionEnded(open(stats, id), { ...clean, at: id })
    expect([stats.sessions.length, stats.sessions[0]?.sessionId, stats.sessionsOpened]).toEqual([
      10_000, 6, 10_005,
    ])
  })
})
