// What the program prints on stdout while it runs: one ready line, then punches, faults and stats as they come. Text for
// people, a line of JSON each for programs.
import { punchStateName, verifyModeName } from '@org/zk-proto/wire'
import type { PunchTruth } from '../punch-record.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'
import type { Lines } from './lines.ts'
import { statsFacts, statsText } from './stats-report.ts'

/** What is reported. */
export interface Report {
  ready(terminals: readonly SimulatedTerminal[], page: string | undefined): void
  punch(terminal: SimulatedTerminal, punch: PunchTruth): void
  /** A fault struck `times` times since it was last reported. */
  fault(terminal: SimulatedTerminal, name: string, times: number): void
  stats(terminals: readonly SimulatedTerminal[]): void
}

/** For people. */
export class TextReport implements Report {
  readonly #lines: Lines

  constructor(lines: Lines) {
    this.#lines = lines
  }

  ready(terminals: readonly SimulatedTerminal[], page: string | undefined): void {
    const [first] = terminals
    const last = terminals.at(-1)
    if (first === undefined || last === undefined) return
    const { host, memory } = first
    const { profile } = memory
    const what =
      terminals.length === 1
        ? `${profile.name} terminal ${memory.serialNumber} at ${host}:${first.port}`
        : `${terminals.length} terminals at ${host}, ${portsText(terminals)}`
    const people = sum(terminals, ({ memory }) => memory.people.count)
    const punches = sum(terminals, ({ memory }) => memory.log.count)
    const shown = page === undefined ? '' : `, page ${page}`
    this.#lines.write(
      `zk-sim: ${what} (${profile.transports.join(', ')}), ${people} people, ${punches} punches${shown}; Ctrl-C ends it`,
    )
  }

  punch({ memory, port }: SimulatedTerminal, punch: PunchTruth): void {
    const name = punch.pin === null ? undefined : memory.people.findByPin(punch.pin)?.name
    const parts = [
      `port ${port}`,
      `punch ${punch.index}`,
      printable(`${punch.logNumber}${name ? ` ${name}` : ''}`),
      punchStateName(punch.state),
      ...(punch.verifyMode === null ? [] : [verifyModeName(punch.verifyMode)]),
      ...(punch.denied ? ['denied'] : []),
    ]
    this.#lines.write(`${punch.wallTime}  ${parts.join(', ')}`)
  }

  fault({ memory, port }: SimulatedTerminal, name: string, times: number): void {
    const often = times === 1 ? '' : ` ${times} times`
    this.#lines.write(`${memory.clock.read()}  port ${port}, fault ${name} struck${often}`)
  }

  stats(terminals: readonly SimulatedTerminal[]): void {
    for (const line of statsText(terminals)) this.#lines.write(line)
  }
}

/** For programs: each line an object whose `event` says what it is. */
export class JsonReport implements Report {
  readonly #lines: Lines

  constructor(lines: Lines) {
    this.#lines = lines
  }

  ready(terminals: readonly SimulatedTerminal[], page: string | undefined): void {
    const [first] = terminals
    if (first === undefined) return
    const { host, port, memory } = first
    this.#write('ready', {
      ready: true,
      host,
      port,
      profile: memory.profile.name,
      transports: memory.profile.transports,
      serial_number: memory.serialNumber,
      people: memory.people.count,
      punches: memory.log.count,
      zone: memory.clock.zone,
      wall_time: memory.clock.read(),
      page: page ?? null,
      terminals: terminals.map(({ port, memory }) => ({
        port,
        profile: memory.profile.name,
        serial_number: memory.serialNumber,
        people: memory.people.count,
        punches: memory.log.count,
      })),
    })
  }

  punch({ port, memory }: SimulatedTerminal, punch: PunchTruth): void {
    this.#write('punch', {
      port,
      serial_number: memory.serialNumber,
      index: punch.index,
      pin: punch.pin,
      uid: punch.uid,
      wall_time: punch.wallTime,
      state: punch.state,
      verify_mode: punch.verifyMode,
      denied: punch.denied,
    })
  }

  fault({ port, memory }: SimulatedTerminal, name: string, times: number): void {
    this.#write('fault', { port, serial_number: memory.serialNumber, fault: name, times })
  }

  stats(terminals: readonly SimulatedTerminal[]): void {
    for (const terminal of terminals) this.#write('stats', statsFacts(terminal))
  }

  #write(event: string, facts: Readonly<Record<string, unknown>>): void {
    this.#lines.write(JSON.stringify({ event, ...facts }))
  }
}

/** Names come from clients: what would move the cursor of whoever reads is left out. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '?')
}

/** `ports 4370 to 4379`; `ports 40001, 40007 and 38 more` where they do not follow each other. */
function portsText(terminals: readonly SimulatedTerminal[]): string {
  const ports = terminals.map(({ port }) => port)
  const [first = 0, second = 0] = ports
  if (ports.every((port, index) => port === first + index))
    return `ports ${first} to ${ports.at(-1) ?? first}`
  return ports.length === 2
    ? `ports ${first} and ${second}`
    : `ports ${first}, ${second} and ${ports.length - 2} more`
}

function sum(terminals: readonly SimulatedTerminal[], of: (terminal: SimulatedTerminal) => number): number {
  return terminals.reduce((total, terminal) => total + of(terminal), 0)
}
