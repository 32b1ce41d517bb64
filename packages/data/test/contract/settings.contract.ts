// What every database promises of settings.
import { describe, expect, it } from 'vitest'
import type { Given } from './database.contract.ts'

export function settingsContract({ database, another }: Given): void {
  describe('settings', () => {
    it('are made once: of many who bring a value, all get the same', async () => {
      const stand = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).settings.insertIfAbsent('instance', `instance-${index}`),
        ),
      )
      expect(new Set(stand).size).toBe(1)
      expect(await database().settings.find('instance')).toBe(stand[0])
      expect(await another().settings.insertIfAbsent('instance', 'too late')).toBe(stand[0])
    })

    it('are replaced by one of many who knew the value that stood', async () => {
      await database().settings.insertIfAbsent('turn', 'nobody')
      const took = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          (index % 2 === 0 ? database() : another()).settings.replace('turn', {
            expected: 'nobody',
            value: `process-${index}`,
          }),
        ),
      )
      expect(took.filter(Boolean)).toHaveLength(1)
      expect(await database().settings.find('turn')).toBe(`process-${took.indexOf(true)}`)
      expect(await database().settings.replace('none', { expected: 'nobody', value: 'x' })).toBe(false)
    })

    it('are not found where there are none', async () => {
      expect(await database().settings.find('nothing')).toBeUndefined()
    })
  })
}
