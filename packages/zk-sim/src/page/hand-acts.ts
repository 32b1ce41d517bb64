// What a visitor of the page can do: each act reads its input, moves the hand and says in a sentence what came of it. The
// page's buttons and whoever posts to it come through here.
import { punchStateName } from '@org/zk-proto/wire'
import type { PunchTruth } from '../punch-record.ts'
import type { Means } from '../recognition.ts'
import type { SimulatedTerminal } from '../simulated-terminal.ts'

/** Input that an act cannot use; the message says what was expected. */
export class ActError extends Error {
  override readonly name = 'ActError'
}

/** What came of an act. */
export interface Outcome {
  /** A sentence. */
  readonly said: string
  readonly punch?: PunchTruth | undefined
}

type Input = Readonly<Record<string, unknown>>
type Act = (terminal: SimulatedTerminal, input: Input) => Outcome | Promise<Outcome>

const MEANS: readonly Means[] = ['finger', 'card', 'face', 'code']
const LONGEST_PIN = 24
const HIGHEST_STATE = 255

/** The acts by the last part of their address. */
export const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  [
    'present',
    (terminal, input) => {
      only(input, 'pin', 'by', 'state')
      const [pin, by, state] = [pinOf(input['pin']), meansOf(input['by']), stateOf(input['state'])]
      return { ...presented(terminal, pin, by, state) }
    },
  ],
  [
    'stranger',
    (terminal, input) => {
      only(input, 'by')
      const by = meansOf(input['by'])
      if (idle(terminal)) return { said: idleReason(terminal) }
      terminal.hand.presentStranger(by)
      return {
        said:
          by === 'finger'
            ? 'A wrong finger: nobody was recognised.'
            : `A strange ${by}: nobody was recognised.`,
      }
    },
  ],
  [
    'hold-door',
    ({ hand }, input) => {
      only(input, 'open')
      const open = input['open']
      if (typeof open !== 'boolean') throw new ActError('open: expected true or false')
      hand.holdDoor(open)
      return { said: open ? 'The door is held open.' : 'The door falls shut.' }
    },
  ],
  [
    'exit-button',
    ({ hand }, input) => {
      only(input)
      return { said: hand.pressExitButton() ? 'The door opens.' : 'The exit button opens nothing here.' }
    },
  ],
  [
    'doorbell',
    (terminal, input) => {
      only(input)
      if (idle(terminal)) return { said: idleReason(terminal) }
      terminal.hand.ringDoorbell()
      return { said: 'The bell rings.' }
    },
  ],
  [
    'pull-plug',
    async ({ hand }, input) => {
      only(input)
      await hand.pullPlug()
      return { said: 'The plug is pulled: every connection is gone.' }
    },
  ],
  [
    'plug-in',
    async ({ hand, port }, input) => {
      only(input)
      await hand.plugIn()
      return { said: `It has power again, at port ${port}.` }
    },
  ],
  [
    'fill-log',
    (terminal, input) => {
      only(input)
      if (idle(terminal)) return { said: idleReason(terminal) }
      const { hand, memory } = terminal
      const punches = hand.fillLog()
      return { said: `${punches} punches later the log holds ${memory.log.count} of ${memory.log.capacity}.` }
    },
  ],
  [
    'set-clock',
    (terminal, input) => {
      only(input, 'wall_time')
      const wallTime = wallTimeOf(input['wall_time'])
      if (!terminal.isOn) return { said: idleReason(terminal) }
      const { hand, memory } = terminal
      hand.setClock(wallTime)
      return { said: `The clock shows ${memory.clock.read().replace('T', ' ')}.` }
    },
  ],
])

function presented(terminal: SimulatedTerminal, pin: string, by: Means, state: number): Outcome {
  const { memory, hand } = terminal
  if (idle(terminal)) return { said: idleReason(terminal) }
  const name = memory.people.findByPin(pin)?.name
  const enrolling = memory.sensor.enrolling !== undefined
  const punch = hand.present(pin, by, state)
  const who = name === undefined || name === '' ? pin : `${name} (${pin})`
  if (punch !== undefined) {
    const said = punch.denied ? `${who} was refused.` : `${who}: ${punchStateName(punch.state)}.`
    return { said, punch }
  }
  if (name === undefined) return { said: `Nobody has the pin ${pin}: nobody was recognised.` }
  if (enrolling) return { said: 'The terminal is enrolling a finger: it took this as a press.' }
  return { said: memory.log.isFull ? 'Nothing was recorded: the log is full.' : 'Nothing was recorded.' }
}

/** Whether it takes no notice of anybody. */
function idle({ isOn, memory }: SimulatedTerminal): boolean {
  return !isOn || !memory.isEnabled
}

function idleReason({ isOn }: SimulatedTerminal): string {
  return isOn
    ? 'Nothing happens: a client has disabled the terminal.'
    : 'Nothing happens: the terminal has no power.'
}

function only(input: Input, ...names: readonly string[]): void {
  const unknown = Object.keys(input).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new ActError(`${unknown.slice(0, 40)}: there is no such input here`)
}

function pinOf(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_PIN)
    throw new ActError(`pin: expected a text of 1 to ${LONGEST_PIN} characters`)
  return value
}

function meansOf(value: unknown): Means {
  const means = MEANS.find((known) => known === (value ?? 'finger'))
  if (means === undefined) throw new ActError(`by: expected one of ${MEANS.join(', ')}`)
  return means
}

function stateOf(value: unknown): number {
  const state = value ?? 0
  if (typeof state !== 'number' || !Number.isInteger(state) || state < 0 || state > HIGHEST_STATE)
    throw new ActError(`state: expected a whole number from 0 to ${HIGHEST_STATE}`)
  return state
}

function wallTimeOf(value: unknown): string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/u.test(value))
    throw new ActError('wall_time: expected YYYY-MM-DDTHH:MM:SS')
  return value.length === 'YYYY-MM-DDTHH:MM'.length ? `${value}:00` : value
}
