// The numbers of the protocol with their names: commands, replies, live events, data types, verify modes, punch states.
// Plain tables; what a command carries is declared in commands/, what a record holds in records/.

/** Command numbers. Names as in docs/protocol, without the CMD_ prefix. */
export const CODES = {
  DB_RRQ: 7,
  USER_WRQ: 8,
  USERTEMP_RRQ: 9,
  USERTEMP_WRQ: 10,
  OPTIONS_RRQ: 11,
  OPTIONS_WRQ: 12,
  ATTLOG_RRQ: 13,
  CLEAR_DATA: 14,
  CLEAR_ATTLOG: 15,
  DELETE_USER: 18,
  DELETE_USERTEMP: 19,
  CLEAR_ADMIN: 20,
  USERGRP_RRQ: 21,
  USERGRP_WRQ: 22,
  USERTZ_RRQ: 23,
  USERTZ_WRQ: 24,
  GRPTZ_RRQ: 25,
  GRPTZ_WRQ: 26,
  TZ_RRQ: 27,
  TZ_WRQ: 28,
  ULG_RRQ: 29,
  ULG_WRQ: 30,
  UNLOCK: 31,
  CLEAR_ACC: 32,
  CLEAR_OPLOG: 33,
  OPLOG_RRQ: 34,
  GET_FREE_SIZES: 50,
  ENABLE_CLOCK: 57,
  STARTVERIFY: 60,
  STARTENROLL: 61,
  CANCELCAPTURE: 62,
  STATE_RRQ: 64,
  WRITE_LCD: 66,
  CLEAR_LCD: 67,
  GET_PINWIDTH: 69,
  SMS_WRQ: 70,
  SMS_RRQ: 71,
  DELETE_SMS: 72,
  UDATA_WRQ: 73,
  DELETE_UDATA: 74,
  DOORSTATE_RRQ: 75,
  WRITE_MIFARE: 76,
  EMPTY_MIFARE: 78,
  VERIFY_WRQ: 79,
  VERIFY_RRQ: 80,
  TMP_WRITE: 87,
  GET_USERTEMP: 88,
  SAVE_USERTEMPS: 110,
  CHECKSUM_BUFFER: 119,
  DEL_FPTMP: 134,
  GET_TIME: 201,
  SET_TIME: 202,
  REG_EVENT: 500,
  CONNECT: 1000,
  EXIT: 1001,
  ENABLEDEVICE: 1002,
  DISABLEDEVICE: 1003,
  RESTART: 1004,
  POWEROFF: 1005,
  SLEEP: 1006,
  RESUME: 1007,
  CAPTUREFINGER: 1009,
  TEST_TEMP: 1011,
  CAPTUREIMAGE: 1012,
  REFRESHDATA: 1013,
  REFRESHOPTION: 1014,
  TESTVOICE: 1017,
  GET_VERSION: 1100,
  CHANGE_SPEED: 1101,
  AUTH: 1102,
  PREPARE_DATA: 1500,
  DATA: 1501,
  FREE_DATA: 1502,
  DATA_WRRQ: 1503,
  DATA_RDY: 1504,
} as const

/** Reply numbers. PREPARE_DATA and DATA are commands in uploads and replies in reads. Source: docs/protocol §7. */
export const REPLIES = {
  PREPARE_DATA: 1500, // a transfer of several packets follows
  DATA: 1501, // a piece of a transfer, or a whole answer
  ACK_OK: 2000, // done
  ACK_ERROR: 2001, // refused: no such thing, a bad argument, no room
  ACK_DATA: 2002, // done, with data; in no recording
  ACK_RETRY: 2003, // named by the manual; in no recording
  ACK_REPEAT: 2004, // named by the manual; in no recording
  ACK_UNAUTH: 2005, // not authenticated; to the connect command: a key is wanted
  FAILURE_4989: 4989, // newer firmware, to a bulk read that it does not do
  FAILURE_4993: 4993, // newer firmware, to a finger without a template
  ACK_ERROR_DATA: 65531, // the data are wrong; in no recording
  ACK_ERROR_INIT: 65532, // not initialised; in no recording
  ACK_ERROR_CMD: 65533, // the command is wrong; in no recording
  ACK_UNKNOWN: 65535, // the terminal does not know the command
} as const

/** Live event numbers; also the bits of the mask that asks for them. Source: docs/protocol §18.2. */
export const EVENTS = {
  ATTLOG: 1, // somebody was recognised and recorded, or refused by an access panel
  FINGER: 2, // a finger was placed, known or not
  ENROLLUSER: 4, // a person was enrolled
  ENROLLFINGER: 8, // an enrolment ended
  BUTTON: 16, // a key was pressed
  UNLOCK: 32, // the door was opened
  VERIFY: 128, // recognition ended, with somebody or nobody
  FPFTR: 256, // how good a press of an enrolment was
  ALARM: 512, // misoperation, tampering, duress and others
} as const

/** The tables of a terminal as bulk reads and clear commands number them. Source: docs/protocol §14.1. */
export const DATA_TYPES = {
  ATTENDANCE: 1, // punches
  TEMPLATES: 2, // fingerprint templates
  OPERATION_LOG: 4, // what was done at the terminal
  PEOPLE: 5, // who is on it
  SMS: 6, // short messages
  SMS_LINKS: 7, // who sees which message
  WORK_CODES: 8, // work codes
} as const

function namesByNumber(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, code]) => [code, name]))
}

const COMMAND_NAMES = namesByNumber(CODES)
const REPLY_NAMES = namesByNumber(REPLIES)
const EVENT_NAMES = namesByNumber(EVENTS)

/** The name of a command number, or `command 4711` for one that has none here. */
export function commandName(code: number): string {
  return COMMAND_NAMES.get(code) ?? `command ${code}`
}

/** The name of a reply number, or `reply 4711` for one that has none here. */
export function replyName(code: number): string {
  return REPLY_NAMES.get(code) ?? `reply ${code}`
}

/** The name of a live event number, or `event 4711` for one that has none here. */
export function eventName(code: number): string {
  return EVENT_NAMES.get(code) ?? `event ${code}`
}

/**
 * What a verify mode means on the multi-mode terminals of today. Older ones use 0 password, 1 fingerprint, 2 card,
 * and nothing in a record tells which; so the number itself is always given beside the name. Source: docs/protocol §13.6.
 */
export const VERIFY_MODES: ReadonlyMap<number, string> = new Map([
  [0, 'fingerprint or password or card'],
  [1, 'fingerprint'],
  [2, 'pin'],
  [3, 'password'],
  [4, 'card'],
  [5, 'fingerprint or password'],
  [6, 'fingerprint or card'],
  [7, 'password or card'],
  [8, 'pin and fingerprint'],
  [9, 'fingerprint and password'],
  [10, 'fingerprint and card'],
  [11, 'password and card'],
  [12, 'fingerprint and password and card'],
  [13, 'pin and fingerprint and password'],
  [14, 'fingerprint and card, or pin'],
  [15, 'face'],
  [25, 'palm'],
])

/** What a punch state means. 255: no state key was pressed. Source: docs/protocol §13.7. */
export const PUNCH_STATES: ReadonlyMap<number, string> = new Map([
  [0, 'check in'],
  [1, 'check out'],
  [2, 'break out'],
  [3, 'break in'],
  [4, 'overtime in'],
  [5, 'overtime out'],
  [255, 'none'],
])

/** The name of a verify mode, or `unknown`. */
export function verifyModeName(mode: number): string {
  return VERIFY_MODES.get(mode) ?? 'unknown'
}

/** The name of a punch state, or `unknown`. */
export function punchStateName(state: number): string {
  return PUNCH_STATES.get(state) ?? 'unknown'
}
