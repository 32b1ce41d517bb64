// All declared commands in one list: for whoever looks one up by number (simulator, trace, documentation).
import { clearAttendance, readAttendanceDirectly } from './attendance.ts'
import { freeBulk, prepareBulk, readChunk } from './bulk.ts'
import { authenticate, connectSession, exitSession } from './connection.ts'
import type { Command } from './define-command.ts'
import { readDoorState, unlockDoor } from './door.ts'
import { registerEvents } from './live.ts'
import { deletePerson, readPeopleDirectly, writePerson } from './people.ts'
import {
  disableTerminal,
  enableTerminal,
  playVoice,
  powerOffTerminal,
  readCapacity,
  readClock,
  readOption,
  readPinWidth,
  readState,
  readVersion,
  refreshData,
  refreshOptions,
  restartTerminal,
  writeClock,
  writeOption,
} from './terminal.ts'

/** Every declared command, by family. */
export const COMMANDS: readonly Command<unknown, unknown>[] = [
  connectSession,
  authenticate,
  exitSession,
  readVersion,
  readOption,
  writeOption,
  readPinWidth,
  readCapacity,
  readClock,
  writeClock,
  readState,
  enableTerminal,
  disableTerminal,
  refreshData,
  refreshOptions,
  restartTerminal,
  powerOffTerminal,
  playVoice,
  writePerson,
  deletePerson,
  readPeopleDirectly,
  readAttendanceDirectly,
  clearAttendance,
  prepareBulk,
  readChunk,
  freeBulk,
  unlockDoor,
  readDoorState,
  registerEvents,
]

const BY_CODE: ReadonlyMap<number, Command<unknown, unknown>> = new Map(
  COMMANDS.map((command) => [command.code, command]),
)

/** The declared command of a number, or undefined. */
export function findCommand(code: number): Command<unknown, unknown> | undefined {
  return BY_CODE.get(code)
}
