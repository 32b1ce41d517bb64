// Asking for live events. What they hold is in records/; how they travel and are acknowledged is the session's work.
// Source: docs/protocol §18.1.
import { CODES } from '../codes.ts'
import { empty, layout, u32 } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** The mask that asks for every live event. */
export const ALL_EVENTS = 0xffff

/** Asks for the live events of a mask (a sum of EVENTS); 0 ends them. Holds for the session. */
export const registerEvents = defineCommand({
  name: 'registerEvents',
  code: CODES.REG_EVENT,
  request: layout('registerEvents', 4, { mask: u32(0) }),
  reply: empty,
  repeat: 'safe',
})
