// Uploading: a buffer of the client's in the terminal, filled piece by piece before a command that consumes it; freed with
// `freeBulk`. Source: docs/protocol §15.1.
import { CODES } from '../codes.ts'
import { anyBytes, empty, layout, u32 } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** The most data bytes of one piece. Source: docs/protocol §15.1. */
export const UPLOAD_PIECE_BYTES = 1024

/** Asks for a buffer of so many bytes. */
export const prepareUpload = defineCommand({
  name: 'prepareUpload',
  code: CODES.PREPARE_DATA,
  request: layout('prepareUpload', 4, { sizeBytes: u32(0) }),
  reply: empty,
  repeat: 'unsafe',
  patience: 'prepare',
})

/** The next piece of the buffer; each is acknowledged before the next. */
export const uploadPiece = defineCommand({
  name: 'uploadPiece',
  code: CODES.DATA,
  request: anyBytes,
  reply: empty,
  repeat: 'unsafe',
})

/** A checksum of the buffer. How it is computed is not known; vendor software asks and ignores the number. */
export const checksumUpload = defineCommand({
  name: 'checksumUpload',
  code: CODES.CHECKSUM_BUFFER,
  request: empty,
  reply: anyBytes,
  repeat: 'safe',
})
