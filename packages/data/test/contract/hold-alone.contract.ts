// What every database promises to whoever wants to be alone on it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Scratch } from '../support/scratch.ts'

export function holdAloneContract(
  makeScratch: () => Promise<Scratch>,
  { shared }: { shared: boolean },
): void {
  describe('the right to be alone', () => {
    let scratch: Scratch

    beforeEach(async () => {
      scratch = await makeScratch()
    })
    afterEach(() => scratch.drop())

    it('is given, and may be given back twice', async () => {
      const hold = await (await scratch.open()).holdAlone()
      expect(hold?.lost.aborted).toBe(false)
      await hold?.release()
      await hold?.release()
      expect(hold?.lost.aborted).toBe(false)
    })

    if (!shared) return

    it('is held by one at a time, until it is given back', async () => {
      const [one, two] = [await scratch.open(), await scratch.open()]
      const hold = await one.holdAlone()
      expect(hold).toBeDefined()
      expect(await two.holdAlone()).toBeUndefined()
      expect(await one.holdAlone()).toBeUndefined()
      await hold?.release()
      expect(await two.holdAlone()).toBeDefined()
    })

    it('does not keep others from reading and writing', async () => {
      const [one, two] = [await scratch.open(), await scratch.open()]
      await one.holdAlone()
      expect(await two.settings.insertIfAbsent('written', 'beside the holder')).toBe('beside the holder')
    })

    it('ends with the database that it was asked of', async () => {
      const one = await scratch.open()
      expect(await one.holdAlone()).toBeDefined()
      await one.close()
      expect(await (await scratch.open()).holdAlone()).toBeDefined()
    })

    it('ends with the process that holds it, even if that is killed', async () => {
      const database = await scratch.open()
      const holder = await holdingProcess(scratch.url)
      expect(await database.holdAlone()).toBeUndefined()
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      await expect.poll(() => database.holdAlone(), { timeout: 20_000 }).toBeDefined()
    })
  })
}

/** A process that holds the right and then sleeps. */
async function holdingProcess(url: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../support/hold-and-sleep.ts', import.meta.url))
  const child = spawn(process.execPath, [script, url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [message] = (await once(child, 'message')) as [unknown]
  expect(message).toBe('held')
  return child
}
