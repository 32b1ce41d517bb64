// What users of the simulator import: a terminal to start, memories to fill it with, models, faults, stats.
export { TerminalClock, type ClockOptions } from './clock.ts'
export { Door, type Unlock } from './door.ts'
export { Faults, type FaultName, type FaultScript, type SliceFault } from './faults.ts'
export { ListenError } from './listener.ts'
export { type PunchEventBytes } from './live-happening.ts'
export { madeUpMemory, type MadeUpOptions } from './made-up-data.ts'
export { TerminalMemory, type MemoryOptions, type PunchInput, type TerminalTruth } from './memory.ts'
export { encodePerson, type PersonFacts, type PersonTruth } from './person-record.ts'
export { profileNamed, profiles, type FullLogHabit, type Profile, type ProfileName } from './profile.ts'
export { encodePunch, type LogLayoutName, type PunchFacts, type PunchTruth } from './punch-record.ts'
export {
  recordedAttendance,
  recordedMemory,
  recordedPeople,
  type RecordedInputOptions,
  type RecordedSet,
} from './recorded-input.ts'
export { type Hand, type Means } from './remote-hand.ts'
export { startTerminal, type SimulatedTerminal, type TerminalOptions } from './simulated-terminal.ts'
export { TerminalStats, type SessionEnd, type SessionRecord } from './stats.ts'
