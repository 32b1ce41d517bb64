// The door relay and its sensor. Source: docs/protocol §19.
import { CODES } from '../codes.ts'
import { empty, layout, u32, u8 } from '../layout.ts'
import { defineCommand } from './define-command.ts'

/** Opens the door relay. Repeating it would open the door again, so silence is never answered by sending twice. */
export const unlockDoor = defineCommand({
  name: 'unlockDoor',
  code: CODES.UNLOCK,
  request: layout('unlockDoor', 4, { delay: u32(0) }), // tenths of a second; whole seconds on some firmware
  reply: empty,
  repeat: 'unsafe',
})

/** Whether the door stands open: 1 open, 0 closed. */
export const readDoorState = defineCommand({
  name: 'readDoorState',
  code: CODES.DOORSTATE_RRQ,
  request: empty,
  reply: layout('doorState', 1, { open: u8(0) }),
  repeat: 'safe',
})
