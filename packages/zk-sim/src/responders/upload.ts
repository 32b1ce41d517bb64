// Uploads: a client announces a size, sends pieces, and a command consumes them. Source: docs/protocol §15.1 and §26.7.
import { checksumUpload, prepareUpload, putU32, uploadPiece } from '@org/zk-proto/wire'
import type { Link, Upload } from '../link.ts'
import { refused, respond, type Responder } from './respond.ts'

const CHECKSUM_BYTES = 4

export const uploadResponders: readonly Responder[] = [
  respond(prepareUpload, ({ sizeBytes }, { memory, link }) => {
    if (sizeBytes > memory.profile.uploadLimitBytes) return refused()
    link.upload = { announcedBytes: sizeBytes, buffer: new Uint8Array(0), receivedBytes: 0 }
    return undefined
  }),

  respond(uploadPiece, (piece, { link: { upload } }) => {
    if (upload === undefined || upload.receivedBytes + piece.length > upload.announcedBytes) return refused()
    append(upload, piece)
    return undefined
  }),

  respond(checksumUpload, (_, { link }) => {
    const uploaded = uploadedBy(link)
    return uploaded === undefined ? refused() : checksumOf(uploaded)
  }),
]

/** What a client has uploaded whole; undefined while something is missing. */
export function uploadedBy({ upload }: Link): Uint8Array | undefined {
  if (upload === undefined || upload.receivedBytes !== upload.announcedBytes) return undefined
  return upload.buffer.slice(0, upload.receivedBytes)
}

/** One buffer for all pieces: a client may send a million of one byte each. */
function append(upload: Upload, piece: Uint8Array): void {
  const wanted = upload.receivedBytes + piece.length
  if (wanted > upload.buffer.length) {
    const grown = new Uint8Array(Math.min(upload.announcedBytes, Math.max(wanted, upload.buffer.length * 2)))
    grown.set(upload.buffer)
    upload.buffer = grown
  }
  upload.buffer.set(piece, upload.receivedBytes)
  upload.receivedBytes = wanted
}

/** Consumes what was uploaded: a command that took it leaves nothing for the next. */
export function consumed(link: Link): void {
  link.upload = undefined
}

/** How a terminal computes it is not known, and clients ignore the number: the sum of the bytes. */
function checksumOf(bytes: Uint8Array): Uint8Array {
  const checksum = new Uint8Array(CHECKSUM_BYTES)
  let sum = 0
  for (const byte of bytes) sum = (sum + byte) >>> 0
  putU32(checksum, 0, sum)
  return checksum
}
