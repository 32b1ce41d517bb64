// Files that are whole or not there: written beside their place under another name, and named when every byte is on the disk.
import { randomBytes } from 'node:crypto'
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CommandFailure } from './command.ts'

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
    // A link fails where the name is taken, be it since a moment ago.
    await (replace ? rename(draft, path) : link(draft, path))
  } catch (error) {
    throw placeFailure(error, path) ?? error
  } finally {
    await rm(draft, { force: true })
  }
}

async function append(pieces: AsyncIterable<Buffer>, handle: FileHandle): Promise<void> {
  for await (const piece of pieces) await handle.writeFile(piece)
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
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const fault = PLACE_FAULTS[error.code]
  return fault === undefined ? undefined : new CommandFailure(`${path}: ${fault}`, { cause: error })
}
