// A short message that a terminal shows to everyone or to one person. Source: docs/protocol §21.
import { layout, opaque, packedTime, text, u16, u8 } from '../layout.ts'

/** A short message. The text is in the terminal's code page: at most 60 bytes. Source: docs/protocol §21. */
export const sms72 = layout('sms/72', 72, {
  tag: u8(0), // public, private and others; the numbers are the terminal's
  id: u16(1), // 0: a free place
  validMinutes: u16(3), // 0: for ever
  unknown5: opaque(5, 2),
  startTime: packedTime(7),
  text: text(11, 60),
  unknown71: opaque(71, 1), // the NUL behind a text that fills its field
})

/** That a message is shown to one person. Source: docs/protocol §21. */
export const smsLink = layout('smsLink', 4, { uid: u16(0), id: u16(2) })

/** The bytes that a text may take. */
export const LONGEST_SMS_BYTES = sms72.fields.text.size
