// Uploading a buffer, piece by piece, and handing it to the command that consumes it. The terminal's buffer is freed
// afterwards, also after an error. Source: docs/protocol §15.1.
import { freeBulk } from '../commands/bulk.ts'
import { checksumUpload, prepareUpload, UPLOAD_PIECE_BYTES, uploadPiece } from '../commands/upload.ts'
import { ask, tidyUp } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { askIfWilling } from './after-writing.ts'

/** Uploads a buffer and runs `consume`. Throws what the terminal refuses with; nothing of it is ever sent twice. */
export function* withUpload<T>(buffer: Uint8Array, consume: () => Procedure<T>): Procedure<T> {
  let result: T
  try {
    yield* askIfWilling(freeBulk, undefined)
    yield* ask(prepareUpload, { sizeBytes: buffer.length })
    for (let at = 0; at < buffer.length; at += UPLOAD_PIECE_BYTES) {
      yield* ask(uploadPiece, buffer.subarray(at, at + UPLOAD_PIECE_BYTES))
    }
    // As vendor software does; how the number is computed is not known, so it is not compared.
    yield* askIfWilling(checksumUpload, undefined)
    result = yield* consume()
  } catch (error) {
    yield* tidyUp(freeBulk, undefined)
    throw error
  }
  yield* ask(freeBulk, undefined)
  return result
}
