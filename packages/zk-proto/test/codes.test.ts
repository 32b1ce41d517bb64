import { describe, expect, it } from 'vitest'
import {
  CODES,
  commandName,
  EVENTS,
  eventName,
  punchStateName,
  REPLIES,
  replyName,
  verifyModeName,
} from '../src/codes.ts'

describe('numbers and names', () => {
  it('are one to one within each table', () => {
    for (const table of [CODES, REPLIES, EVENTS]) {
      const numbers = Object.values(table)
      expect(new Set(numbers).size).toBe(numbers.length)
    }
  })

  it('are found both ways, and unknown numbers are named by themselves', () => {
    expect(commandName(CODES.UNLOCK)).toBe('UNLOCK')
    expect(replyName(REPLIES.ACK_UNAUTH)).toBe('ACK_UNAUTH')
    expect(eventName(EVENTS.ATTLOG)).toBe('ATTLOG')
    expect([commandName(4711), replyName(4711), eventName(64)]).toEqual([
      'command 4711',
      'reply 4711',
      'event 64',
    ])
  })
})

describe('verify modes and punch states', () => {
  it('have names where sources name them, and are unknown elsewhere', () => {
    expect(verifyModeName(15)).toBe('face')
    expect(verifyModeName(101)).toBe('unknown')
    expect(punchStateName(1)).toBe('check out')
    expect(punchStateName(255)).toBe('none')
    expect(punchStateName(9)).toBe('unknown')
  })
})
