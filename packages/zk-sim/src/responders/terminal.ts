// The terminal as a whole: identity, options, clock, counts, and putting it to work or out of it.
// Source: docs/protocol §8 to §11 and §26.4 to §26.12.
import {
  disableTerminal,
  enableTerminal,
  encodeCapacity,
  isRealPackedTime,
  powerOffTerminal,
  readCapacity,
  readClock,
  readOption,
  readPinWidth,
  readState,
  readVersion,
  refreshData,
  refreshOptions,
  REPLIES,
  restartTerminal,
  resumeTerminal,
  sleepTerminal,
  writeClock,
  writeOption,
} from '@org/zk-proto/wire'
import type { TerminalMemory } from '../memory.ts'
import { done, refused, replyWith, respond, silence, type Responder } from './respond.ts'

/** What the terminal is doing, by the numbers of docs/protocol §8. */
const STATES = { waiting: 0, enrolling: 1, identifying: 2, busy: 4 } as const
/** Clients may write options that the model does not know, as vendor software does, up to this many. */
const MOST_OPTIONS = 1_000
/** Clients send the seconds of CMD_DISABLEDEVICE as four bytes, as two, or leave them out. */
const SECONDS_MAY_BE_LEFT_OUT = { shortest: 0, fillTo: 4 }

export const terminalResponders: readonly Responder[] = [
  respond(readVersion, (_, { memory }) => memory.profile.firmware),

  respond(readOption, (name, { memory }) => {
    const value = memory.options.get(name)
    return value === undefined ? refused() : { name, value }
  }),

  respond(writeOption, ({ name, value }, { memory }) => {
    // Names that begin with a tilde are facts of the hardware, not settings.
    if (name === '' || name.startsWith('~')) return refused()
    if (!memory.options.has(name) && memory.options.size >= MOST_OPTIONS) return refused()
    memory.options.set(name, value)
    memory.clientDid('changeOption')
    return undefined
  }),

  respond(readPinWidth, (_, { memory }) => ({ characters: memory.profile.pinWidth })),

  respond(readCapacity, (_, { memory }) => done(freeSizes(memory))),

  respond(readClock, (_, { memory }) => ({ time: memory.packedNow() })),

  respond(writeClock, ({ time }, { memory }) => {
    if (!isRealPackedTime(time)) return refused()
    memory.setPackedTime(time)
    memory.clientDid('setTime')
    return undefined
  }),

  respond(readState, (_, { memory }) => replyWith({ code: REPLIES.ACK_OK, sessionField: stateOf(memory) })),

  respond(enableTerminal, (_, { memory, link }) => {
    memory.enable()
    link.disabledTerminal = false
  }),

  respond(
    disableTerminal,
    ({ seconds }, { memory, link }) => {
      memory.disable(seconds)
      link.disabledTerminal = true
    },
    SECONDS_MAY_BE_LEFT_OUT,
  ),

  respond(refreshData, (_, { memory }) => memory.refresh()),

  respond(refreshOptions, () => undefined),

  respond(restartTerminal, (_, { memory, power }) => {
    const restart = (): void => power.restart()
    return memory.profile.restart.acknowledged ? done(undefined, restart) : silence(restart)
  }),

  respond(powerOffTerminal, (_, { power }) => done(undefined, () => power.powerOff())),

  respond(sleepTerminal, (_, { memory }) => {
    memory.asleep = true
  }),

  respond(resumeTerminal, (_, { memory }) => {
    memory.asleep = false
  }),
]

function stateOf({ sensor, isEnabled }: TerminalMemory): number {
  if (sensor.enrolling !== undefined) return STATES.enrolling
  if (!isEnabled) return STATES.busy
  return sensor.verifying === undefined ? STATES.waiting : STATES.identifying
}

/** The answer to CMD_GET_FREE_SIZES in the model's length; what is left over is what the capacities leave. */
function freeSizes(memory: TerminalMemory): Uint8Array {
  const { people, log, operations, templates, profile } = memory
  const { administrators, passwords } = people.counts
  return encodeCapacity(
    {
      people: people.count,
      fingerprints: templates.count,
      records: profile.tellsRecordCount ? log.count : 0,
      operations: operations.count,
      administrators,
      passwords,
      fingerprintCapacity: templates.capacity,
      personCapacity: people.capacity,
      recordCapacity: log.capacity,
      fingerprintsLeft: templates.capacity - templates.count,
      peopleLeft: people.capacity - people.count,
      recordsLeft: log.capacity - log.count,
      faces: 0,
      faceCapacity: profile.capacity.faces,
    },
    profile.freeSizesBytes,
  )
}
