// Templates: opaque bytes by person and finger, counted, bounded by the model.
import { describe, expect, it } from 'vitest'
import { Templates } from '../src/templates.ts'

const TEMPLATE = Uint8Array.of(1, 2, 3)

describe('the templates of a terminal', () => {
  it('are kept by finger, counted, and overwritten in place', () => {
    const templates = new Templates(3)
    expect([templates.store(1, 6, TEMPLATE), templates.store(1, 0, TEMPLATE)]).toEqual([true, true])
    expect(templates.store(1, 6, Uint8Array.of(9))).toBe(true)
    expect([templates.count, templates.fingersOf(1)]).toEqual([2, [0, 6]])
    expect(templates.get(1, 6)).toEqual({ uid: 1, finger: 6, flag: 1, bytes: Uint8Array.of(9) })
  })

  it('are refused where there is no such finger or no room', () => {
    const templates = new Templates(1)
    expect(templates.store(1, 10, TEMPLATE)).toBe(false)
    expect(templates.store(1, 9, TEMPLATE)).toBe(true)
    expect(templates.store(1, 8, TEMPLATE)).toBe(false)
    expect(templates.count).toBe(1)
  })

  it('go one by one, with their person, or all', () => {
    const templates = new Templates(9)
    for (const finger of [0, 1, 2]) templates.store(1, finger, TEMPLATE)
    templates.store(2, 0, TEMPLATE)
    expect([templates.remove(1, 1), templates.remove(1, 1)]).toEqual([true, false])
    templates.removeAllOf(1)
    expect([templates.count, templates.fingersOf(1), templates.fingersOf(2)]).toEqual([1, [], [0]])
    templates.clear()
    expect([templates.count, templates.get(2, 0)]).toEqual([0, undefined])
  })
})
