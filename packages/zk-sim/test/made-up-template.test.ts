// Made-up templates: the same for the same finger, another for another, and of the algorithm that the terminal has.
import { templateVersion } from '@org/zk-proto'
import { describe, expect, it } from 'vitest'
import { madeUpMemory } from '../src/made-up-data.ts'
import { madeUpTemplate } from '../src/made-up-template.ts'

const WHOSE = { serialNumber: 'A', uid: 1, finger: 6 }

describe('a made-up template', () => {
  it('is determined by terminal, person and finger', () => {
    const template = madeUpTemplate('10', WHOSE)
    expect(madeUpTemplate('10', WHOSE)).toEqual(template)
    for (const other of [{ serialNumber: 'B' }, { uid: 2 }, { finger: 7 }]) {
      expect(madeUpTemplate('10', { ...WHOSE, ...other })).not.toEqual(template)
    }
  })

  it('has the length of its algorithm, and the head that recordings of version 10 have', () => {
    const [nine, ten] = [madeUpTemplate('9', WHOSE), madeUpTemplate('10', WHOSE)]
    expect([nine.length >= 300 && nine.length < 600, ten.length >= 800 && ten.length < 1_400]).toEqual([
      true,
      true,
    ])
    expect([templateVersion(nine), templateVersion(ten)]).toEqual([undefined, 10])
  })

  it('is had by as many made-up people as are asked for', () => {
    const memory = madeUpMemory({ people: 5, punches: 0, fingers: 3 })
    expect(memory.templates.list().map(({ uid, finger }) => [uid, finger])).toEqual([
      [1, 6],
      [2, 6],
      [3, 6],
    ])
    expect(madeUpMemory({ people: 2, punches: 0, fingers: 9 }).templates.count).toBe(2)
  })
})
