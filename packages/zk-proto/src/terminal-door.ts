// terminal.door: the relay and the sensor of the door.
import { unlockDoor } from './commands/door.ts'
import { ZkUsageError } from './errors.ts'
import { doorState } from './procedures/door-state.ts'
import type { DoorState } from './procedures/door-state.ts'
import { ask } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

export interface UnlockOptions extends CallOptions {
  /** What the firmware counts in. The wrong one holds the door open ten times too long, or hardly at all. */
  readonly unit?: 'tenths' | 'seconds'
}

const TENTHS_A_SECOND = 10
const LONGEST_SECONDS = 3_600

/** The door. Source: docs/protocol §19. */
export class TerminalDoor {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /**
   * Opens the door for so many seconds, 1 to 3600. Never sent twice: when no answer comes, the error’s `effect` is `unknown`
   * and the door may have opened; `none` means that nothing was sent. Terminals queue requests: each opens it once.
   */
  async unlock(seconds: number, options: UnlockOptions = {}): Promise<void> {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_SECONDS) {
      throw new ZkUsageError(
        'ZK_VALUE_OUT_OF_RANGE',
        `A door is opened for 1 to ${LONGEST_SECONDS} whole seconds, got ${seconds}`,
      )
    }
    const delay = options.unit === 'seconds' ? seconds : seconds * TENTHS_A_SECOND
    await this.#line.perform(ask(unlockDoor, { delay }), options)
  }

  /** Whether it stands open; `unknown` where the terminal says nothing about it. */
  readState(options: CallOptions = {}): Promise<DoorState> {
    return this.#line.perform(doorState(), options)
  }
}
