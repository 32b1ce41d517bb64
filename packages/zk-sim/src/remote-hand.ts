// What somebody does at the terminal itself: presents a finger, a card or a face, types a code, works its menu, opens the
// door, sets the clock, pulls the plug. Tests and visitors act through it; clients see what comes of it.
import {
  alarmRaised,
  doorClosed,
  keyPressed,
  personAdded,
  personAlarmRaised,
  unlocked,
  type PersonAlarm,
  type TerminalAlarm,
} from './live-happening.ts'
import type { TerminalMemory } from './memory.ts'
import { encodePerson, type PersonFacts } from './person-record.ts'
import type { Unstored } from './people.ts'
import type { PunchTruth } from './punch-record.ts'
import { openForLockOn, recognise, type Means } from './recognition.ts'
import type { EnrolmentScript, Press } from './sensor.ts'

const USUAL_FINGER = 6

/** What the hand needs of the terminal beside its memory. */
export interface HandReach {
  isOn(): boolean
  pullPlug(): Promise<void>
  plugIn(): Promise<void>
}

/** The hand at one terminal. While the terminal is off it can only set what needs no power: the door, and the plug. */
export class Hand {
  readonly #memory: TerminalMemory
  readonly #reach: HandReach

  constructor(memory: TerminalMemory, reach: HandReach) {
    this.#memory = memory
    this.#reach = reach
  }

  /**
   * Somebody presents a finger, a card, a face, or types a code, having pressed the key of a state (0 check in).
   * Gives the record; undefined when nothing was recorded: the terminal is off, disabled or full, knows nobody of that pin,
   * or is busy with an enrolment, which takes the finger as a press. Clients that asked for live events are told. A finger
   * that was enrolled for duress raises that alarm.
   */
  present(pin: string, by: Means = 'finger', state = 0, finger = USUAL_FINGER): PunchTruth | undefined {
    return this.#reach.isOn() ? recognise(this.#memory, { pin, by, state, finger }) : undefined
  }

  /** Somebody whom the terminal does not know presents a finger, a card, a face, or types a code. */
  presentStranger(by: Means = 'finger'): void {
    if (this.#reach.isOn()) recognise(this.#memory, { pin: undefined, by, state: 0, finger: USUAL_FINGER })
  }

  /** What the person does whom the terminal asks for a finger, from now on, and how long they take for each press. */
  answerEnrolments(script: EnrolmentScript, pressMs = 100): void {
    if (!(pressMs >= 0)) throw new RangeError(`expected pressMs of 0 or more, got ${pressMs}`)
    this.#memory.sensor.script = script
    this.#memory.sensor.pressMs = pressMs
  }

  /** Presses the finger that is being enrolled; false when none is. */
  press(press: Press = 'good'): boolean {
    return this.#works() && this.#memory.sensor.press(press)
  }

  /** Ends an enrolment at the keypad; false when there is none. */
  cancelEnrolment(): boolean {
    return this.#works() && this.#memory.sensor.cancelAtKeypad()
  }

  /** Adds a person at the menu. Gives the reason when the terminal does not take them. */
  addPerson(facts: PersonFacts): Unstored | 'off' | undefined {
    const { people, profile, operations } = this.#memory
    if (!this.#works()) return 'off'
    const refused = people.store(encodePerson(profile.personLayout, facts))
    operations.write('enrolPerson', { on: facts.uid, succeeded: refused === undefined })
    if (refused === undefined) this.#memory.announce([personAdded(facts.uid)])
    return refused
  }

  /** Deletes a person at the menu; false when there is none of that pin. */
  removePerson(pin: string): boolean {
    const memory = this.#memory
    const person = this.#works() ? memory.people.findByPin(pin) : undefined
    if (person === undefined) return false
    memory.removePerson(person.uid)
    memory.operations.write('deletePerson', { on: person.uid })
    return true
  }

  /** Sets an option at the menu. */
  setOption(name: string, value: string): void {
    this.#memory.options.set(name, value)
    this.#memory.operations.write('changeOption')
  }

  /** Sets the clock to a wall time. @throws RangeError when there is no such wall time. */
  setClock(wallTime: string): void {
    this.#memory.clock.set(wallTime)
    this.#memory.operations.write('setTime')
  }

  /** Presses a key. Its number is the terminal's own. */
  pressKey(key: number): void {
    if (this.#works()) this.#memory.announce([keyPressed(key)])
  }

  /** Rings the bell beside the door. */
  ringDoorbell(): void {
    this.pressKey(this.#memory.profile.doorbellKey)
  }

  /** Presses the button inside that opens the door for whoever leaves. Gives whether it opened. */
  pressExitButton(): boolean {
    if (!this.#reach.isOn()) return false
    const opened = openForLockOn(this.#memory)
    this.#memory.announce([alarmRaised('exitButton'), ...(opened ? [unlocked] : [])])
    return opened
  }

  /**
   * Holds the door open, by force where the relay is shut, or lets it fall shut. That it was forced no known event tells:
   * clients see the state of the door, and hear when it shuts.
   */
  holdDoor(open: boolean): void {
    const { door } = this.#memory
    const shuts = door.isHeldOpen && !open
    door.hold(open)
    if (shuts && this.#reach.isOn()) this.#memory.announce([doorClosed])
  }

  /** Raises an alarm of the terminal; that of an opened case (`tamper`) is written to the operation log. */
  raiseAlarm(alarm: TerminalAlarm): void {
    if (!this.#reach.isOn()) return
    if (alarm === 'tamper') this.#memory.operations.write('tamperAlarm')
    if (alarm === 'misoperation') this.#memory.operations.write('recognitionFailed')
    this.#memory.announce([alarmRaised(alarm)])
  }

  /** Opens the terminal's case. */
  tamper(): void {
    this.raiseAlarm('tamper')
  }

  /** Raises an alarm that names a person; false when there is none of that pin. */
  raiseAlarmOf(pin: string, alarm: PersonAlarm, finger = USUAL_FINGER): boolean {
    const { people, profile } = this.#memory
    const person = this.#reach.isOn() ? people.findByPin(pin) : undefined
    if (person === undefined) return false
    const whose = { uid: person.uid, finger, verifyMode: 1 }
    this.#memory.announce([personAlarmRaised(alarm, whose, profile.alarmOrder)])
    return true
  }

  /** People punch until the log takes no more, and no client is told. Gives how many punches it took. */
  fillLog(): number {
    const { log, people } = this.#memory
    const pins = people.list().map(({ pin }) => pin)
    let punches = 0
    while (!log.isFull && this.#memory.punch({ pin: pins[punches % pins.length] ?? '1' }) !== undefined)
      punches += 1
    return punches
  }

  /** Takes the power away: every connection drops, what is stored stays. */
  pullPlug(): Promise<void> {
    return this.#reach.pullPlug()
  }

  /** Gives the power back: the terminal is there again, at the same port, enabled. */
  plugIn(): Promise<void> {
    return this.#reach.plugIn()
  }

  /** Whether keypad and sensor work. */
  #works(): boolean {
    return this.#reach.isOn() && this.#memory.isEnabled
  }
}
