// The sign of life of a process without a port.
import { mkdtempSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keepAliveFile, type Health } from '../src/index.ts'
import { quiet } from './support/scratch-service.ts'
import { waitUntil } from './support/wait-until.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zk-alive-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const up = { state: 'up', ms: 1 } as const
const able: Health = { ready: true, database: up, redis: up, queue: up }
const modified = (path: string) => statSync(path, { throwIfNoEntry: false })?.mtimeMs

describe('the sign of life', () => {
  it('is given at once, again and again, and taken back at the end', async () => {
    const path = join(folder, 'alive')
    const kept = await keepAliveFile(path, { health: async () => able, log: quiet }, 10)
    expect(modified(path)).toBeGreaterThan(0)
    utimesSync(path, 1, 1)
    await waitUntil('it is young again', () => ((modified(path) ?? 0) > 1_000_000 ? true : undefined))
    await kept.stop()
    expect(modified(path)).toBeUndefined()
  })

  it('is not given while the process cannot do its work, and never after the end', async () => {
    const path = join(folder, 'alive')
    let asked = 0
    let ready = false
    const health = async () => {
      asked += 1
      return { ...able, ready }
    }
    const kept = await keepAliveFile(path, { health, log: quiet }, 10)
    await waitUntil('it was asked for', () => (asked > 3 ? true : undefined))
    expect(modified(path)).toBeUndefined()
    ready = true
    await waitUntil('it is given', () => modified(path))
    await kept.stop()
    expect(modified(path)).toBeUndefined()
  })

  it('is an error where it cannot be given at all', async () => {
    const path = join(folder, 'nowhere', 'alive')
    await expect(keepAliveFile(path, { health: async () => able, log: quiet })).rejects.toThrow('ENOENT')
  })
})
