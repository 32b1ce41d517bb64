// Enrolling a finger at the terminal, and what the terminal does with fingers otherwise. Source: docs/protocol §17.
import { CODES } from '../codes.ts'
import { u16At, putU16 } from '../bytes.ts'
import { ascii, empty, layout, u32, u8 } from '../layout.ts'
import type { Codec } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** Has the terminal enrol a finger of the person with that pin. */
export const startEnrolment = defineCommand({
  name: 'startEnrolment',
  code: CODES.STARTENROLL,
  request: layout('startEnrolment', 26, { pin: ascii(0, 24), finger: u8(24), flag: u8(25) }),
  reply: empty,
  repeat: 'unsafe',
})

/** The same for terminals that keep pins as numbers. */
export const startEnrolmentByNumber = defineCommand({
  name: 'startEnrolmentByNumber',
  code: CODES.STARTENROLL,
  request: layout('startEnrolmentByNumber', 5, { pinNumber: u32(0), finger: u8(4) }),
  reply: empty,
  repeat: 'unsafe',
})

/** A uid, or nothing. */
const uidOrNothing: Codec<{ readonly uid: number | undefined }> = {
  name: 'uid or nothing',
  decode: (bytes) => ({ uid: bytes.length < 2 ? undefined : u16At(bytes, 0) }),
  encode: ({ uid }) => {
    if (uid === undefined) return new Uint8Array(0)
    const bytes = new Uint8Array(2)
    putU16(bytes, 0, uid)
    return bytes
  },
}

/** Has the terminal recognise: the person named, or, without one, whoever comes, which is its normal work. */
export const startVerification = defineCommand({
  name: 'startVerification',
  code: CODES.STARTVERIFY,
  request: uidOrNothing,
  reply: empty,
  repeat: 'unsafe',
})

/** Ends an enrolment or a recognition that is under way. */
export const cancelCapture = defineCommand({
  name: 'cancelCapture',
  code: CODES.CANCELCAPTURE,
  request: empty,
  reply: empty,
  repeat: 'safe',
})
