// All declared commands in one list: for whoever looks one up by number (simulator, trace, documentation).
import {
  readGroupZones,
  readGroupZonesCompact,
  readPersonGroup,
  readPersonZones,
  readTimeZone,
  readUnlockCombination,
  readVerifyMode,
  writeGroupZones,
  writeGroupZonesCompact,
  writePersonGroup,
  writePersonZones,
  writeTimeZone,
  writeUnlockCombination,
  writeVerifyMode,
} from './access.ts'
import { clearAttendance, readAttendanceDirectly } from './attendance.ts'
import { freeBulk, prepareBulk, readChunk, readOperationsDirectly, readTableDirectly } from './bulk.ts'
import { clearAccess, clearAdministrators, clearEverything, clearOperations, clearTable } from './clearing.ts'
import { authenticate, connectSession, exitSession } from './connection.ts'
import type { Command } from './define-command.ts'
import { readDoorState, unlockDoor } from './door.ts'
import { cancelCapture, startEnrolment, startEnrolmentByNumber, startVerification } from './enrolment.ts'
import { registerEvents } from './live.ts'
import { deleteMessage, linkMessage, readMessage, unlinkMessage, writeMessage } from './messages.ts'
import { deletePerson, readPeopleDirectly, writePerson } from './people.ts'
import { blinkColon, clearScreen, writeScreen } from './screen.ts'
import {
  deleteTemplate,
  deleteTemplateByUid,
  readTemplate,
  readTemplateAlone,
  saveTemplates,
  writeTemplate,
} from './templates.ts'
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
  resumeTerminal,
  sleepTerminal,
  writeClock,
  writeOption,
} from './terminal.ts'
import { checksumUpload, prepareUpload, uploadPiece } from './upload.ts'

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
  sleepTerminal,
  resumeTerminal,
  playVoice,
  writeScreen,
  clearScreen,
  blinkColon,
  writePerson,
  deletePerson,
  readVerifyMode,
  writeVerifyMode,
  readPeopleDirectly,
  readTemplate,
  readTemplateAlone,
  writeTemplate,
  deleteTemplate,
  deleteTemplateByUid,
  saveTemplates,
  startEnrolment,
  startEnrolmentByNumber,
  startVerification,
  cancelCapture,
  readAttendanceDirectly,
  clearAttendance,
  prepareBulk,
  readChunk,
  freeBulk,
  readTableDirectly,
  readOperationsDirectly,
  prepareUpload,
  uploadPiece,
  checksumUpload,
  unlockDoor,
  readDoorState,
  readPersonGroup,
  writePersonGroup,
  readPersonZones,
  writePersonZones,
  readGroupZones,
  readGroupZonesCompact,
  writeGroupZones,
  writeGroupZonesCompact,
  readTimeZone,
  writeTimeZone,
  readUnlockCombination,
  writeUnlockCombination,
  clearTable,
  clearEverything,
  clearOperations,
  clearAdministrators,
  clearAccess,
  writeMessage,
  readMessage,
  deleteMessage,
  linkMessage,
  unlinkMessage,
  registerEvents,
]

/** The first declared command of a number, or undefined. Firmware families may have others under the same number. */
export function findCommand(code: number): Command<unknown, unknown> | undefined {
  return COMMANDS.find((command) => command.code === code)
}
