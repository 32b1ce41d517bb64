// Files that are whole or not there, in places that are not as usual.
import { execFileSync } from 'node:child_process'
import type * as promises from 'node:fs/promises'
import { link, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { writeWhole } from '../../zk/whole-file.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>()
  return { ...real, link: vi.fn<typeof real.link>(real.link) }
})

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-whole-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const { signal } = new AbortController()

it.each([false, true])(
  'leaves a device or a pipe what it is, and says how standard output is meant (--yes: %s)',
  async (replace) => {
    const [pipe, named] = [join(folder, 'pipe'), join(folder, 'stdout')]
    execFileSync('mkfifo', [pipe])
    await symlink(pipe, named)
    for (const path of [pipe, named]) {
      const written = writeWhole(path, 'text', { replace, signal })
      await expect(written).rejects.toThrow(
        `${path}: it is no file; leave the option out for standard output`,
      )
    }
    expect((await stat(named)).isFIFO()).toBe(true)
    expect(await readdir(folder)).toEqual(['pipe', 'stdout'])
  },
)

it('leaves what a symbolic link leads to alone: the link gives its name', async () => {
  const [kept, path] = [join(folder, 'kept'), join(folder, 'named')]
  await writeFile(kept, 'old')
  await symlink(kept, path)
  await writeWhole(path, 'new', { replace: true, signal })
  expect([await readFile(kept, 'utf8'), await readFile(path, 'utf8')]).toEqual(['old', 'new'])
})

describe('where the file system has no links', () => {
  beforeEach(() => {
    vi.mocked(link).mockRejectedValueOnce(Object.assign(new Error('no links'), { code: 'EPERM' }))
  })

  it('writes a new file all the same', async () => {
    const path = join(folder, 'new.csv')
    await writeWhole(path, 'text', { replace: false, signal })
    expect(await readFile(path, 'utf8')).toBe('text')
    expect(await readdir(folder)).toEqual(['new.csv'])
  })

  it('leaves a file alone that is there', async () => {
    const path = join(folder, 'old.csv')
    await writeFile(path, 'old')
    const written = writeWhole(path, 'text', { replace: false, signal })
    await expect(written).rejects.toThrow(`${path}: there is such a file already; --yes replaces it`)
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['old.csv'])
  })
})
