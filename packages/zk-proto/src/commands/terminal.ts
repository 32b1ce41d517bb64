// The terminal as a whole: identity, options, clock, counts, and putting it to work or out of it.
// Source: docs/protocol §8 to §11.
import { CODES } from '../codes.ts'
import { empty, layout, packedTime, u32, u8 } from '../layout.ts'
import { capacityCodec } from '../records/capacity.ts'
import { nulText, optionValue } from '../records/option.ts'
import { defineCommand } from './define-command.ts'

/** The firmware's version string. It does not tell the record forms. */
export const readVersion = defineCommand({
  name: 'readVersion',
  code: CODES.GET_VERSION,
  request: empty,
  reply: nulText,
  repeat: 'safe',
})

/** One option by its name; an unknown one is refused with 2001. */
export const readOption = defineCommand({
  name: 'readOption',
  code: CODES.OPTIONS_RRQ,
  request: nulText,
  reply: optionValue,
  repeat: 'safe',
})

/** Sets an option; `refreshOptions` makes it count. */
export const writeOption = defineCommand({
  name: 'writeOption',
  code: CODES.OPTIONS_WRQ,
  request: optionValue,
  reply: empty,
  repeat: 'safe',
})

/** How many characters a pin may have. */
export const readPinWidth = defineCommand({
  name: 'readPinWidth',
  code: CODES.GET_PINWIDTH,
  request: empty,
  reply: layout('pinWidth', 1, { characters: u8(0) }),
  repeat: 'safe',
})

/** Counts and capacities. */
export const readCapacity = defineCommand({
  name: 'readCapacity',
  code: CODES.GET_FREE_SIZES,
  request: empty,
  reply: capacityCodec,
  repeat: 'safe',
})

/** The clock. */
export const readClock = defineCommand({
  name: 'readClock',
  code: CODES.GET_TIME,
  request: empty,
  reply: layout('clock', 4, { time: packedTime(0) }),
  repeat: 'safe',
})

/** Sets the clock. A repeat that arrives late would set it back by as much, so it is not sent twice. */
export const writeClock = defineCommand({
  name: 'writeClock',
  code: CODES.SET_TIME,
  request: layout('clock', 4, { time: packedTime(0) }),
  reply: empty,
  repeat: 'unsafe',
})

/** What the terminal is doing; the answer is in the session field of the reply. Source: docs/protocol §8. */
export const readState = defineCommand({
  name: 'readState',
  code: CODES.STATE_RRQ,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Back to normal work. */
export const enableTerminal = defineCommand({
  name: 'enableTerminal',
  code: CODES.ENABLEDEVICE,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Blocks keypad, reader and sensor until enabled, or for so many seconds when they are not 0. */
export const disableTerminal = defineCommand({
  name: 'disableTerminal',
  code: CODES.DISABLEDEVICE,
  request: layout('disableTerminal', 4, { seconds: u32(0) }),
  reply: empty,
  repeat: 'safe',
})

/** Makes written people, templates and access settings count. */
export const refreshData = defineCommand({
  name: 'refreshData',
  code: CODES.REFRESHDATA,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Makes written options count. */
export const refreshOptions = defineCommand({
  name: 'refreshOptions',
  code: CODES.REFRESHOPTION,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Restarts it. Some firmware acknowledges, some just goes. */
export const restartTerminal = defineCommand({
  name: 'restartTerminal',
  code: CODES.RESTART,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})

/** Switches it off. */
export const powerOffTerminal = defineCommand({
  name: 'powerOffTerminal',
  code: CODES.POWEROFF,
  request: empty,
  reply: empty,
  repeat: 'unsafe',
})

/** Puts it to sleep. */
export const sleepTerminal = defineCommand({
  name: 'sleepTerminal',
  code: CODES.SLEEP,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Wakes it. */
export const resumeTerminal = defineCommand({
  name: 'resumeTerminal',
  code: CODES.RESUME,
  request: empty,
  reply: empty,
  repeat: 'safe',
})

/** Has it speak or sound one of its numbered voices. */
export const playVoice = defineCommand({
  name: 'playVoice',
  code: CODES.TESTVOICE,
  request: layout('playVoice', 4, { index: u32(0) }),
  reply: empty,
  repeat: 'unsafe',
})
