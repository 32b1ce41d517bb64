// A terminal as the page shows it: its screen, its door, who was there last, and what its clients did, as plain JSON.
import { punchStateName, verifyModeName } from '@org/zk-proto/wire'
import { punchTruth, type PunchTruth } from '../punch-record.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'

/** So many punches are shown, the last one first. */
const SHOWN_PUNCHES = 6
/** So many people are offered to choose from; others are written by pin. */
const OFFERED_PEOPLE = 500

/** A punch in words. */
export interface PunchView {
  index: number
  who: string
  name: string
  wall_time: string
  state: string
  verify: string
  denied: boolean
}

/** One line of the list of terminals. */
export interface TerminalSummary {
  number: number
  port: number
  serial_number: string
  model: string
  on: boolean
  enabled: boolean
  people: number
  punches: number
  open_sessions: number
}

/** What the page shows of one terminal. */
export interface TerminalView extends TerminalSummary {
  device_name: string
  about: string
  host: string
  terminals: number
  wall_time: string
  zone: string
  punch_capacity: number
  people_capacity: number
  door: { open: boolean; held_open: boolean; openings: number }
  enrolling: { pin: string; finger: number } | null
  /** What a client wrote on the screen. */
  lines: string[]
  last_punches: PunchView[]
  counters: Record<string, number>
}

/** A terminal in a line. `number` counts from 1. */
export function summaryOf(terminal: SimulatedTerminal, number: number): TerminalSummary {
  const { memory, port, stats, isOn } = terminal
  return {
    number,
    port,
    serial_number: memory.serialNumber,
    model: memory.profile.name,
    on: isOn,
    enabled: memory.isEnabled,
    people: memory.people.count,
    punches: memory.log.count,
    open_sessions: stats.openSessions,
  }
}

/** A terminal as its screen. `terminals`: how many there are on this page. */
export function viewOf(terminal: SimulatedTerminal, number: number, terminals: number): TerminalView {
  const { memory, host, stats, faults } = terminal
  const { profile, clock, door, log } = memory
  const order = memory.sensor.enrolling
  let struck = 0
  for (const times of faults.totals.values()) struck += times
  return {
    ...summaryOf(terminal, number),
    device_name: memory.options.get('~DeviceName') ?? '',
    about: profile.about,
    host,
    terminals,
    wall_time: clock.read(),
    zone: clock.zone,
    punch_capacity: log.capacity,
    people_capacity: memory.people.capacity,
    door: { open: door.isOpen, held_open: door.isHeldOpen, openings: door.openings },
    enrolling: order === undefined ? null : { pin: order.pin, finger: order.finger },
    lines: [...memory.screen.lines].toSorted(([a], [b]) => a - b).map(([, text]) => printable(text)),
    last_punches: lastPunches(terminal),
    counters: {
      Sessions: stats.sessionsOpened,
      'Sessions open': stats.openSessions,
      'Connections refused': stats.connectionsRefused,
      Requests: Object.values(stats.requests).reduce((sum, times) => sum + times, 0),
      'Bytes received': stats.bytesReceived,
      'Bytes sent': stats.bytesSent,
      'Live events sent': stats.liveEvents.sent,
      'Bad checksums': stats.badChecksums,
      'Buffers not freed': stats.buffersNotFreed,
      'Left disabled': stats.leftDisabled,
      'Faults struck': struck,
    },
  }
}

/** A punch in words, with the name of whoever has that number now. */
export function punchView({ memory }: SimulatedTerminal, punch: PunchTruth): PunchView {
  const { pin, uid } = punch
  const person = pin === null ? memory.people.get(uid ?? 0) : memory.people.findByPin(pin)
  return {
    index: punch.index,
    who: punch.logNumber,
    name: person?.name ?? '',
    wall_time: punch.wallTime,
    state: punchStateName(punch.state),
    verify: punch.verifyMode === null ? '' : verifyModeName(punch.verifyMode),
    denied: punch.denied,
  }
}

/** People to choose from, by pin. */
export function peopleOffered({ memory }: SimulatedTerminal): { pin: string; name: string }[] {
  return memory.people
    .pins()
    .slice(0, OFFERED_PEOPLE)
    .map((pin) => ({
      pin,
      name: memory.people.findByPin(pin)?.name ?? '',
    }))
}

function lastPunches(terminal: SimulatedTerminal): PunchView[] {
  const { log, profile } = terminal.memory
  const shown: PunchView[] = []
  for (let index = log.count - 1; index >= Math.max(0, log.count - SHOWN_PUNCHES); index -= 1)
    shown.push(punchView(terminal, punchTruth(profile.attendanceLayout, log.at(index), index)))
  return shown
}

/** A text of the screen; bytes beyond ASCII are of a code page that nobody names. */
function printable(text: Uint8Array): string {
  return Array.from(text, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ' '))
    .join('')
    .trimEnd()
}
