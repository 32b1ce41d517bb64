// Short messages that a terminal shows, and whom it shows them to. Source: docs/protocol §21.
import { CODES } from '../codes.ts'
import { empty, layout, u16 } from '../layout.ts'
import type { Codec, InputOf } from '../layout.ts'
import { sms72, smsLink } from '../records/sms.ts'
import { defineCommand } from './define-command.ts'

/** A message to be stored: bytes that nobody understands may be left out. */
const newMessage: Codec<InputOf<typeof sms72.fields>> = sms72
const messageNumber = layout('messageNumber', 2, { id: u16(0) })

/** Stores a message under its number. */
export const writeMessage = defineCommand({
  name: 'writeMessage',
  code: CODES.SMS_WRQ,
  request: newMessage,
  reply: empty,
  repeat: 'safe',
})

/** The message of a number. */
export const readMessage = defineCommand({
  name: 'readMessage',
  code: CODES.SMS_RRQ,
  request: messageNumber,
  reply: sms72,
  repeat: 'safe',
})

/** Deletes a message. */
export const deleteMessage = defineCommand({
  name: 'deleteMessage',
  code: CODES.DELETE_SMS,
  request: messageNumber,
  reply: empty,
  repeat: 'unsafe',
})

/** Has a message shown to a person. */
export const linkMessage = defineCommand({
  name: 'linkMessage',
  code: CODES.UDATA_WRQ,
  request: smsLink,
  reply: empty,
  repeat: 'safe',
})

/** Takes a message from a person again. */
export const unlinkMessage = defineCommand({
  name: 'unlinkMessage',
  code: CODES.DELETE_UDATA,
  request: smsLink,
  reply: empty,
  repeat: 'unsafe',
})
