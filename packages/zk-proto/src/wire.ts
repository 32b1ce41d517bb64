// Subpath "/wire": layouts, commands, framing and sessions, for simulators and analysers. Names are listed one by one;
// what users of terminals need is in index.ts.
export {
  ByteReader,
  ByteWriter,
  fromHex,
  hexHead,
  joinBytes,
  sameBytes,
  toHex,
  u16At,
  u32At,
  u8At,
  putBytes,
  putU16,
  putU32,
  putU8,
} from './bytes.ts'
export {
  CODES,
  commandName,
  DATA_TYPES,
  eventName,
  EVENTS,
  PUNCH_STATES,
  punchStateName,
  REPLIES,
  replyName,
  VERIFY_MODES,
  verifyModeName,
} from './codes.ts'
export { DEFAULT_TICK, isScrambledCommKey, scrambleCommKey } from './comm-key.ts'
export {
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
} from './commands/access.ts'
export { clearAttendance, readAttendanceDirectly } from './commands/attendance.ts'
export {
  BULK_TABLES,
  bulkReady,
  bulkRequest,
  freeBulk,
  prepareBulk,
  readChunk,
  readOperationsDirectly,
  readTableDirectly,
  TABLE_HEAD_BYTES,
  tableHead,
  transferHead,
} from './commands/bulk.ts'
export type { BulkReady, BulkRequest, BulkTable, TransferHead } from './commands/bulk.ts'
export { COMMANDS, findCommand } from './commands/catalogue.ts'
export {
  clearAccess,
  clearAdministrators,
  clearEverything,
  clearOperations,
  clearTable,
} from './commands/clearing.ts'
export { authenticate, connectSession, exitSession } from './commands/connection.ts'
export { defineCommand } from './commands/define-command.ts'
export type { Command, CommandDeclaration, Patience } from './commands/define-command.ts'
export { readDoorState, unlockDoor } from './commands/door.ts'
export {
  cancelCapture,
  startEnrolment,
  startEnrolmentByNumber,
  startVerification,
} from './commands/enrolment.ts'
export { ALL_EVENTS, registerEvents } from './commands/live.ts'
export { deleteMessage, linkMessage, readMessage, unlinkMessage, writeMessage } from './commands/messages.ts'
export { deletePerson, readPeopleDirectly, writePerson } from './commands/people.ts'
export { blinkColon, clearScreen, lineHead, writeScreen } from './commands/screen.ts'
export type { ScreenLine } from './commands/screen.ts'
export {
  deleteTemplate,
  deleteTemplateByUid,
  readTemplate,
  readTemplateAlone,
  saveTemplates,
  writeTemplate,
} from './commands/templates.ts'
export {
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
} from './commands/terminal.ts'
export { checksumUpload, prepareUpload, UPLOAD_PIECE_BYTES, uploadPiece } from './commands/upload.ts'
export {
  ZK_ERRORS,
  ZkError,
  ZkProtocolError,
  ZkRefusedError,
  ZkTransportError,
  ZkUsageError,
} from './errors.ts'
export type {
  ZkEffect,
  ZkErrorCode,
  ZkErrorCodeOf,
  ZkErrorDetails,
  ZkErrorEntry,
  ZkErrorFamily,
  ZkErrorOptions,
} from './errors.ts'
export { framePacket, MAX_PACKET_BYTES, StreamReassembler, WRAPPER_BYTES } from './framing.ts'
export type { Framing } from './framing.ts'
export {
  anyBytes,
  ascii,
  bytes,
  empty,
  layout,
  nibble,
  opaque,
  packedTime,
  text,
  u16,
  u32,
  u8,
} from './layout.ts'
export type { Codec, Field, Fields, InputOf, Layout, OptionalField, RecordOf, ValuesOf } from './layout.ts'
export { checkNameEncoding, encodeName, nameDecoder } from './name-encoding.ts'
export type { NameDecoder } from './name-encoding.ts'
export {
  decodePacket,
  encodePacket,
  looksLikePullPanel,
  nextReplyId,
  PACKET_HEADER_BYTES,
  packetChecksum,
  verifyChecksum,
} from './packet.ts'
export type { ChecksumVerdict, Packet, PacketHeader } from './packet.ts'
export {
  decodeTimeZoneAnswer,
  decodeWeek,
  encodeWeek,
  groupZones,
  groupZonesCompactRead,
  groupZonesCompactWrite,
  HIGHEST_TIME_ZONE,
  personVerifyMode,
  personZonesRead,
  personZonesWrite,
  timeZoneRead,
  timeZoneWrite,
  unlockCombination,
} from './records/access.ts'
export type { DayHours, Week } from './records/access.ts'
export { AttendanceColumns } from './records/attendance-columns.ts'
export { findAttendanceForm, SAMPLE_RECORDS } from './records/attendance-form.ts'
export {
  attendance16,
  attendance22,
  attendance40,
  attendance49,
  attendance8a,
  attendance8b,
} from './records/attendance.ts'
export type {
  Attendance16,
  Attendance22,
  Attendance40,
  Attendance49,
  Attendance8a,
  Attendance8b,
} from './records/attendance.ts'
export {
  CAPACITY_LENGTHS,
  CAPACITY_OFFSETS,
  capacityCodec,
  decodeCapacity,
  encodeCapacity,
} from './records/capacity.ts'
export type { Capacity } from './records/capacity.ts'
export { KNOWN_OPTIONS, parseOption, spellOption } from './records/known-option.ts'
export type { KnownOptionName, OptionKind, OptionValueOf } from './records/known-option.ts'
export {
  decodeLiveEvents,
  liveAlarm12,
  liveEnrolment14,
  liveEnrolment6,
  livePunch10,
  livePunch12,
  livePunch14,
  livePunch32,
  livePunch36,
  livePunch37,
  livePunch52,
  liveSample,
  liveVerification,
} from './records/live-event.ts'
export type { AlarmName, EnrolmentResult, LiveEvent, LivePunch } from './records/live-event.ts'
export { decodeOperations, operation16, operationName, OPERATIONS } from './records/operation.ts'
export type { Operation } from './records/operation.ts'
export { nulText, optionValue } from './records/option.ts'
export type { OptionValue } from './records/option.ts'
export { editPersonRecord, encodeNewPerson } from './records/person-edit.ts'
export type { NewPerson, PersonFields, PersonTarget } from './records/person-edit.ts'
export { decodePeople, findPersonForm, person28, person72, privilegeLevel } from './records/person.ts'
export type {
  Person,
  Person28,
  Person72,
  PersonForm,
  PersonLayoutName,
  PrivilegeLevel,
} from './records/person.ts'
export {
  attendanceForm,
  decodePunches,
  KNOWN_ATTENDANCE_FORMS,
  NO_VERIFY_MODE,
  Punch,
} from './records/punch.ts'
export type { AttendanceFacts, AttendanceForm, AttendanceLayoutName, PunchFacts } from './records/punch.ts'
export { LONGEST_SMS_BYTES, sms72, smsLink } from './records/sms.ts'
export {
  decodeTemplateUpload,
  encodeTemplateUpload,
  uploadHead,
  uploadRow,
} from './records/template-upload.ts'
export type { TemplateUpload, UploadedTemplate } from './records/template-upload.ts'
export {
  decodeSingleTemplate,
  decodeTemplates,
  encodeSingleTemplate,
  encodeTemplates,
  HIGHEST_FINGER,
  TEMPLATE_FLAGS,
  templateHead,
} from './records/template.ts'
export type { Template } from './records/template.ts'
export {
  daysInMonth,
  formatPackedTime,
  formatWallTime,
  isRealPackedTime,
  isRealWallTime,
  LAST_PACKED_TIME,
  packTime,
  parseWallTime,
  readSpelledTime,
  SPELLED_TIME_BYTES,
  spellTime,
  unpackTime,
} from './wall-time.ts'
export type { WallTime } from './wall-time.ts'
export type { Millis, Session } from './session/session.ts'
export { TerminalSession } from './session/terminal-session.ts'
export type {
  TerminalEvent,
  TerminalReply,
  TerminalRequest,
  TerminalSessionOptions,
  TerminalTransfer,
} from './session/terminal-session.ts'
export { ClientSession } from './session/client-session.ts'
export type { ClientEvent, ClientSessionOptions, Run, SessionStats } from './session/client-session.ts'
export { ask, hear, offer, refusal, request } from './session/procedure.ts'
export type {
  Answer,
  Ask,
  AskOptions,
  Hear,
  Heard,
  Offer,
  Procedure,
  Resumption,
  Step,
  Transfer,
} from './session/procedure.ts'
export { DEFAULT_TIMEOUTS } from './session/session.ts'
export type { Timeouts } from './session/session.ts'
export { handshake } from './procedures/handshake.ts'
export { readAttendance, readAttendanceColumns, refuseDoubtful } from './procedures/read-attendance.ts'
export type {
  AttendanceBatch,
  AttendanceColumnsBatch,
  AttendanceSummary,
  ReadAttendancePlan,
} from './procedures/read-attendance.ts'
export { readPeople } from './procedures/read-people.ts'
export type { PeopleRead, ReadPeoplePlan } from './procedures/read-people.ts'
export type { Outcome, RunOptions } from './session/turns.ts'
