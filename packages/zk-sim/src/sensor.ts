// The fingerprint sensor under a client's orders: it recognises whoever comes, one person alone, or nobody, or enrols a
// finger press by press. Who stands before it is played by a script or by the hand. Source: docs/protocol §17 and §26.9.
import {
  ENROLMENT_RESULTS,
  enrolmentFailed,
  fingerEnrolled,
  sampled,
  touched,
  type Happening,
} from './live-happening.ts'
import { madeUpTemplate } from './made-up-template.ts'
import type { TerminalMemory } from './memory.ts'

/**
 * What the person does whom the terminal asks for a finger: presses it well until it is enrolled, presses badly, presses
 * one that is enrolled already, does not come, gives up after the first press; or waits for the hand.
 */
export type EnrolmentScript = 'good' | 'poor' | 'duplicate' | 'time-out' | 'cancelled' | 'by-hand'

/** How a press went: a good sample, a bad one, or a finger that is somebody's already. */
export type Press = 'good' | 'poor' | 'duplicate'

/** A finger to be enrolled. */
export interface EnrolmentOrder {
  readonly uid: number
  readonly pin: string
  readonly finger: number
  /** 1 valid, 3 duress. */
  readonly flag: number
}

type Work =
  | { readonly kind: 'identifying' }
  /** Told to read no finger, by the session of that id. */
  | { readonly kind: 'resting'; readonly by: number }
  | { readonly kind: 'verifying'; readonly uid: number; readonly by: number }
  | {
      readonly kind: 'enrolling'
      readonly order: EnrolmentOrder
      readonly by: number
      readonly script: EnrolmentScript
      /** Presses that were good, and that were bad. */
      presses: number
      badPresses: number
    }

const IDENTIFYING: Work = { kind: 'identifying' }
const GOOD = 100
const BAD = 0
/** How long the person of a script takes for a press. */
const USUAL_PRESS_MS = 100

/** The sensor of one terminal. */
export class Sensor {
  /** What the person does at the enrolments to come. */
  script: EnrolmentScript = 'good'
  /** What the person does at the next one alone. */
  scriptOnce: EnrolmentScript | undefined
  /** How long that person takes for each press. */
  pressMs: number = USUAL_PRESS_MS
  readonly #memory: TerminalMemory
  #work: Work = IDENTIFYING
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(memory: TerminalMemory) {
    this.#memory = memory
  }

  /** The finger that is being enrolled. */
  get enrolling(): EnrolmentOrder | undefined {
    return this.#work.kind === 'enrolling' ? this.#work.order : undefined
  }

  /** Whether it reads no finger. */
  get isResting(): boolean {
    return this.#work.kind === 'resting'
  }

  /** The one person it wants to recognise. */
  get verifying(): number | undefined {
    return this.#work.kind === 'verifying' ? this.#work.uid : undefined
  }

  /** Begins an enrolment for a session; false while one is going on. */
  enrol(order: EnrolmentOrder, by: number): boolean {
    if (this.#work.kind === 'enrolling') return false
    const script = this.scriptOnce ?? this.script
    this.scriptOnce = undefined
    this.#work = { kind: 'enrolling', order, by, script, presses: 0, badPresses: 0 }
    this.#awaitPress()
    return true
  }

  /** A press on a sensor that enrols; false when it does not. */
  press(press: Press): boolean {
    const work = this.#work
    if (work.kind !== 'enrolling') return false
    const { presses, badPressEnds } = this.#memory.profile.enrolment
    if (press === 'poor') work.badPresses += 1
    else work.presses += 1
    this.#tell([touched, sampled(press === 'poor' ? BAD : GOOD)])
    if (press === 'duplicate') this.#fail(ENROLMENT_RESULTS.duplicate)
    else if (work.badPresses >= (badPressEnds ? 1 : presses)) this.#fail(ENROLMENT_RESULTS.failed)
    else if (work.presses >= presses) this.#succeed(work.order)
    else this.#awaitPress()
    return true
  }

  /** Somebody ends the enrolment at the keypad; false when there is none. */
  cancelAtKeypad(): boolean {
    if (this.#work.kind !== 'enrolling') return false
    this.#fail(ENROLMENT_RESULTS.cancelled)
    return true
  }

  /** A session cancels what is going on; the sensor may rest then, as the model has it. */
  cancel(by: number): void {
    if (this.#work.kind === 'enrolling') this.#fail(ENROLMENT_RESULTS.cancelled)
    this.#begin(this.#memory.profile.cancelStopsSensor ? { kind: 'resting', by } : IDENTIFYING)
  }

  /** A session has it recognise one person, or, without one, whoever comes. An enrolment goes on. */
  verify(uid: number | undefined, by: number): void {
    if (this.#work.kind === 'enrolling') return
    this.#begin(uid === undefined ? IDENTIFYING : { kind: 'verifying', uid, by })
  }

  /** The one person has come, or somebody else instead. */
  verified(): void {
    if (this.#work.kind === 'verifying') this.#begin(IDENTIFYING)
  }

  /** What a session that ends had it do ends too. */
  release(sessionId: number): void {
    if (this.#work.kind !== 'identifying' && this.#work.by === sessionId) this.#begin(IDENTIFYING)
  }

  /** Back to normal work, as after a loss of power. */
  reset(): void {
    this.#begin(IDENTIFYING)
  }

  #awaitPress(): void {
    clearTimeout(this.#timer)
    const { pressTimeoutMs } = this.#memory.profile.enrolment
    if (this.#work.kind !== 'enrolling') return
    const { script } = this.#work
    const { pressMs } = this
    const waits = script === 'time-out' || script === 'by-hand'
    this.#timer = setTimeout(() => this.#play(script), waits ? pressTimeoutMs : pressMs)
  }

  #play(script: EnrolmentScript): void {
    switch (script) {
      case 'good':
        this.press('good')
        return
      case 'poor':
        this.press('poor')
        return
      case 'duplicate':
        this.press('duplicate')
        return
      case 'cancelled':
        if (this.#pressed > 0) this.cancelAtKeypad()
        else this.press('good')
        return
      case 'time-out':
      case 'by-hand':
        this.#fail(this.#memory.profile.enrolment.timeoutResult)
    }
  }

  get #pressed(): number {
    return this.#work.kind === 'enrolling' ? this.#work.presses : 0
  }

  #succeed(order: EnrolmentOrder): void {
    const memory = this.#memory
    const { uid, pin, finger, flag } = order
    const template = madeUpTemplate(memory.options.get('~ZKFPVersion'), {
      serialNumber: memory.serialNumber,
      uid,
      finger,
    })
    if (!memory.templates.store(uid, finger, template, flag)) {
      this.#fail(ENROLMENT_RESULTS.failed)
      return
    }
    this.#begin(IDENTIFYING)
    memory.operations.write('enrolFinger', { on: uid, detail: finger })
    const enrolled = { pin, finger, templateBytes: template.length }
    this.#tell([fingerEnrolled(memory.profile.personLayout, enrolled)])
  }

  #fail(result: number): void {
    const order = this.enrolling
    this.#begin(IDENTIFYING)
    if (order !== undefined) {
      const { uid, finger } = order
      this.#memory.operations.write('enrolFinger', { on: uid, succeeded: false, detail: finger })
    }
    this.#tell([enrolmentFailed(result)])
  }

  #begin(work: Work): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#work = work
  }

  #tell(happenings: readonly Happening[]): void {
    this.#memory.announce(happenings)
  }
}
