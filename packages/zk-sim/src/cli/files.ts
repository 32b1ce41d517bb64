// The files of the command line: memories that are loaded and kept, and the truth. A file is whole or not there: it is
// written beside its place and moved there when it is finished.
import { createWriteStream } from 'node:fs'
import { readFile, rename, rm, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MemoryFileError } from '../memory-file.ts'
import { TerminalMemory } from '../memory.ts'
import { profileNamed } from '../profile.ts'
import { OptionError, withCapacity } from './settings.ts'

/** More terminals than one process serves are no file of ours. */
const MOST_TERMINALS = 500
/** Files hold passwords and templates. */
const OWNER_ONLY = 0o600

/**
 * The memories of a file: what one terminal held, or a list of such. `capacity`: the room of their logs, where it is not
 * that of the model.
 * @throws OptionError when it is not what was kept, Error when it cannot be read.
 */
export async function loadMemories(file: string, capacity: number | undefined): Promise<TerminalMemory[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new Error(`--load ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
  try {
    const content: unknown = JSON.parse(text)
    const kept: unknown[] = Array.isArray(content) ? content : [content]
    if (kept.length === 0 || kept.length > MOST_TERMINALS)
      throw new MemoryFileError('', `expected 1 to ${MOST_TERMINALS} terminals, got ${kept.length}`)
    return kept.map((memory) => {
      const name = profileOf(memory)
      return name === undefined || capacity === undefined
        ? TerminalMemory.load(memory)
        : TerminalMemory.load(memory, withCapacity(profileNamed(name), capacity))
    })
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof MemoryFileError || cause instanceof RangeError)
      throw new OptionError(`--load ${file}: ${cause.message}`, { cause })
    throw cause
  }
}

/** Keeps memories for `loadMemories`: one as an object, several as a list. */
export function saveMemories(file: string, memories: readonly TerminalMemory[]): Promise<void> {
  return writeWhole(
    file,
    listed(memories, (memory) => [JSON.stringify(memory.save())]),
  )
}

/** Writes all that the terminals hold, decoded. */
export function writeTruth(file: string, memories: readonly TerminalMemory[]): Promise<void> {
  return writeWhole(file, listed(memories, truthPieces))
}

/** What a memory holds as JSON, each record on a line: never one text of all, which a long log makes too long. */
function* truthPieces(memory: TerminalMemory): Generator<string> {
  let before = '{'
  for (const [name, value] of Object.entries(memory.truth())) {
    yield `${before}\n ${JSON.stringify(name)}: `
    if (Array.isArray(value)) yield* listed(value, (item: unknown) => [`\n  ${JSON.stringify(item)}`], true)
    else yield JSON.stringify(value)
    before = ','
  }
  yield '\n}'
}

/** The pieces of a list in JSON; of a single item the item alone, unless it is `always` a list. */
function* listed<T>(
  items: readonly T[],
  pieces: (item: T) => Iterable<string>,
  always = false,
): Generator<string> {
  const isList = always || items.length !== 1
  if (isList) yield '['
  for (const [index, item] of items.entries()) {
    if (index > 0) yield ','
    yield* pieces(item)
  }
  if (isList) yield ']'
}

async function writeWhole(file: string, pieces: Iterable<string>): Promise<void> {
  const known = await stat(file).catch(whenMissing)
  // What is no file, such as /dev/stdout, is written to and not replaced.
  if (known?.isFile() === false) return pipeline(Readable.from(joined(pieces)), createWriteStream(file))
  const unfinished = `${file}.${process.pid}.tmp`
  try {
    await pipeline(
      Readable.from(joined(pieces)),
      createWriteStream(unfinished, { mode: OWNER_ONLY, flush: true }),
    )
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

function whenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

const PIECE_CHARACTERS = 65_536

/** Small pieces joined, a newline at the end. */
function* joined(pieces: Iterable<string>): Generator<string> {
  let waiting = ''
  for (const piece of pieces) {
    waiting += piece
    if (waiting.length < PIECE_CHARACTERS) continue
    yield waiting
    waiting = ''
  }
  yield `${waiting}\n`
}

function profileOf(memory: unknown): string | undefined {
  if (typeof memory !== 'object' || memory === null || !('profile' in memory)) return undefined
  return typeof memory.profile === 'string' ? memory.profile : undefined
}
