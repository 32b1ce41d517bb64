// Telling what changed.
import { describe, expect, it } from 'vitest'
import { createChanges } from '../src/changes.ts'
import { quiet } from './support/scratch-service.ts'

describe('a change', () => {
  it('counts as told when every listener has dealt with it, one that fails too', async () => {
    const changes = createChanges(quiet)
    const heard: string[] = []
    changes.listen(() => Promise.reject(new Error('away')))
    changes.listen(async ({ of, deviceId }) => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      heard.push(`${of} ${deviceId}`)
    })
    await changes.tell({ of: 'punches', deviceId: 7 })
    expect(heard).toEqual(['punches 7'])
  })

  it('is not told to a listener that was taken away', async () => {
    const changes = createChanges(quiet)
    let calls = 0
    const leave = changes.listen(async () => void (calls += 1))
    await changes.tell({ of: 'people', deviceId: 1 })
    leave()
    await changes.tell({ of: 'people', deviceId: 1 })
    expect(calls).toBe(1)
  })
})
