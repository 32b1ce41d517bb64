// The terminal that the examples of the documentation talk to: its people, punches and template, what somebody does at it
// while an example runs, and what an example must leave there.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { encodePerson, TerminalMemory } from '@org/zk-sim'
import type { SimulatedTerminal } from '@org/zk-sim'

/** The time at which its clock stands. */
const NOW = Date.UTC(2026, 2, 2, 17, 30)
/** How a template of version 10 begins. Source: docs/protocol §16. */
const TEMPLATE_HEAD = [0x4d, 0x98, 0x53, 0x53, 0x32, 0x31]
const TEMPLATE_BYTES = 512

/** What it holds. */
export function exampleMemory(): TerminalMemory {
  const memory = new TerminalMemory({ serialNumber: 'SIM0000000001', now: () => NOW })
  const people = [
    { uid: 1, pin: '1042', name: 'Ada Lovelace' },
    { uid: 2, pin: '1043', name: 'Grace Hopper' },
    { uid: 3, pin: '2001', name: 'Edsger Dijkstra', privilege: 14 },
  ]
  for (const person of people) memory.people.store(encodePerson(memory.profile.personLayout, person))
  memory.punch({ pin: '1042', wallTime: '2026-03-02T08:58:12' })
  memory.punch({ pin: '1043', wallTime: '2026-03-02T09:03:40' })
  memory.punch({ pin: '1042', wallTime: '2026-03-02T17:02:05', state: 1 })
  const template = Uint8Array.from({ length: TEMPLATE_BYTES }, (_, at) => TEMPLATE_HEAD[at] ?? at % 251)
  memory.templates.store(1, 6, template)
  return memory
}

/** What surrounds an example. */
export interface Surroundings {
  /** What somebody does at the terminal while it runs. */
  readonly meanwhile?: (terminal: SimulatedTerminal) => Promise<void>
  /** Compares what it leaves at the terminal, and at the empty one beside it. */
  readonly afterwards?: (terminal: SimulatedTerminal, empty: SimulatedTerminal) => void
}

/** By the heading above an example and its place below it. */
export const SURROUNDINGS: Readonly<Record<string, Surroundings>> = {
  'While you listen 1': { meanwhile: (terminal) => presentAFinger(terminal, 'registerEvents', 1) },
  'Across lost connections 1': { meanwhile: afterTheLog },
  'Watch, and miss nothing 1': { meanwhile: afterTheLog },
  'From node-zklib or zkteco-js 2': {
    meanwhile: (terminal) => presentAFinger(terminal, 'registerEvents', 1),
  },
  'People 2': {
    afterwards: ({ memory }) =>
      expect(memory.people.list().map(({ pin }) => pin)).toEqual(['1042', '1043', '2001']),
  },
  'Logs and clearing 2': {
    afterwards: ({ memory }) => expect([memory.log.count, memory.isEnabled]).toEqual([0, true]),
  },
  'Door 1': {
    afterwards: ({ memory }) =>
      expect(memory.door.unlocks.map(({ milliseconds }) => milliseconds)).toEqual([5_000]),
  },
  'Enrolment 2': { afterwards: ({ stats }) => expect(stats.requests).toMatchObject({ cancelCapture: 1 }) },
  'Access rules 2': { afterwards: ({ stats }) => expect(stats.requests).toMatchObject({ clearAccess: 1 }) },
  'Power 2': { afterwards: ({ stats }) => expect(stats.requests).toMatchObject({ powerOffTerminal: 1 }) },
}

const LOOKS_EVERY_MS = 5

/** Somebody presents a finger as soon as the terminal has been asked so often; nobody once it is switched off. */
async function presentAFinger(terminal: SimulatedTerminal, command: string, times: number): Promise<void> {
  while (terminal.isOn && (terminal.stats.requests[command] ?? 0) < times) await sleep(LOOKS_EVERY_MS)
  terminal.hand.present('1042')
}

/** A read of the log asks for the counts before and after: the punch comes behind it. */
function afterTheLog(terminal: SimulatedTerminal): Promise<void> {
  return presentAFinger(terminal, 'readCapacity', 2)
}
