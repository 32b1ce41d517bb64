// What users of the simulator import: a terminal to start, memories to fill it with, models, faults, stats.
export { TerminalClock, type ClockOptions } from './clock.ts'
export { Door, type Unlock } from './door.ts'
export {
  FaultPlan,
  FaultScriptError,
  PlannedFault,
  type FaultScript,
  type FaultSetting,
  type Occurrence,
} from './faults/fault-plan.ts'
export {
  FAULT_NAMES,
  faultDeclared,
  FAULTS,
  type FaultDeclaration,
  type FaultName,
} from './faults/fault-table.ts'
export { Faults, type FaultSource } from './faults/faults.ts'
export { parseFaults } from './faults/parse-faults.ts'
export type { ChoiceParameter, CommandParameter, NumberParameter, Parameter } from './faults/parameter.ts'
export { ListenError } from './listener.ts'
export { type PersonAlarm, type PunchEventBytes, type TerminalAlarm } from './live-happening.ts'
export { madeUpMemory, type MadeUpOptions } from './made-up-data.ts'
export { MemoryFileError, type KeptLog, type KeptZones, type MemoryFile } from './memory-file.ts'
export {
  TerminalMemory,
  type MemoryOptions,
  type PunchInput,
  type TemplateTruth,
  type TerminalTruth,
} from './memory.ts'
export { type OperationFacts, type OperationName, type OperationTruth } from './operation-log.ts'
export { encodePerson, type PersonFacts, type PersonTruth } from './person-record.ts'
export {
  profileNamed,
  profiles,
  type EnrolmentHabits,
  type FullLogHabit,
  type Profile,
  type ProfileName,
} from './profile.ts'
export { encodePunch, type LogLayoutName, type PunchFacts, type PunchTruth } from './punch-record.ts'
export {
  recordedAttendance,
  recordedMemory,
  recordedPeople,
  type RecordedInputOptions,
  type RecordedSet,
} from './recorded-input.ts'
export { type Means } from './recognition.ts'
export { type Hand } from './remote-hand.ts'
export { type EnrolmentScript, type Press } from './sensor.ts'
export { startTerminal, type SimulatedTerminal, type TerminalOptions } from './simulated-terminal.ts'
export { TerminalStats, type SessionEnd, type SessionRecord } from './stats.ts'
export { type WatchedClient, type WireWatch } from './wire-watch.ts'
