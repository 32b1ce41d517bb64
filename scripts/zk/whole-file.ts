// Files that are whole or not there: written beside their place under another name, and named when every byte is on the disk.
import { randomBytes } from 'node:crypto'
import { link, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailure } from './command.ts'
import { faultCode } from './io.ts'

export interface WholeFileOptions {
  /** Whether a file of this name is replaced. Otherwise one is left alone, and CommandFailure thrown. */
  readonly replace: boolean
  readonly signal: AbortSignal
}

/** Writes it, readable by its owner alone. Throws CommandFailure where the place cannot be written, and what the source throws. */
export async function writeWhole(
  path: string,
  source: Readable | string,
  { replace, signal }: WholeFileOptions,
): Promise<void> {
  await refuseOther(path)
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      if (typeof source === 'string') await handle.writeFile(source)
      else await pipeline(source, (pieces: AsyncIterable<Buffer>) => append(pieces, handle), { signal })
      signal.throwIfAborted()
      await handle.sync()
    } finally {
      await handle.close()
    }
    await (replace ? rename(draft, path) : nameNew(draft, path))
  } catch (error) {
    throw placeFailure(error, path) ?? error
  } finally {
    await rm(draft, { force: true })
  }
}

async function append(pieces: AsyncIterable<Buffer>, handle: FileHandle): Promise<void> {
  for await (const piece of pieces) await handle.writeFile(piece)
}

/** A device or a pipe (`/dev/stdout`) would not be written to but be gone: only a file gives its name to another. */
async function refuseOther(path: string): Promise<void> {
  const there = await stat(path).catch((error: unknown) => {
    if (faultCode(error) === 'ENOENT') return undefined
    throw placeFailure(error, path) ?? error
  })
  if (there === undefined || there.isFile()) return
  throw new CommandFailure(
    `${path}: ${there.isDirectory() ? 'it is a folder' : 'it is no file; leave the option out for standard output'}`,
  )
}

/** What file systems say that have no second names, such as those of memory sticks. */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** Fails with EEXIST where the name is taken, be it since a moment ago. */
async function nameNew(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path)
  } catch (error) {
    if (!NO_LINKS.includes(faultCode(error))) throw error
    await (await open(path, 'wx', 0o600)).close()
    await rename(draft, path)
  }
}

const PLACE_FAULTS: Readonly<Record<string, string>> = {
  EEXIST: 'there is such a file already; --yes replaces it',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'it may not be written',
  EPERM: 'it may not be written',
  EROFS: 'it may not be written',
  ENOSPC: 'the disk is full',
}

function placeFailure(error: unknown, path: string): CommandFailure | undefined {
  const fault = PLACE_FAULTS[faultCode(error)]
  return fault === undefined ? undefined : new CommandFailure(`${path}: ${fault}`, { cause: error })
}
