// terminal.access: who may enter when. Every write is read back and compared.
import { readPersonGroup, writePersonGroup } from './commands/access.ts'
import { clearAccess } from './commands/clearing.ts'
import {
  combinationOf,
  findAccessForm,
  groupZonesOf,
  personZonesOf,
  removeGroup,
  setCombination,
  setGroupZones,
  setPersonZones,
  setTimeZone,
  timeZoneOf,
} from './procedures/access-rules.ts'
import type { AccessForm, GroupZones } from './procedures/access-rules.ts'
import { makeItCount, notKept } from './procedures/after-writing.ts'
import type { Week } from './records/access.ts'
import { ask } from './session/procedure.ts'
import type { Procedure } from './session/procedure.ts'
import type { CallOptions, TerminalLine } from './terminal-line.ts'

export interface AccessOptions extends CallOptions {
  /** How the firmware writes groups. Told by the platform’s name unless said; a wrong one damages the record. */
  readonly form?: AccessForm
}

/** Groups, time zones and unlock combinations. Source: docs/protocol §19. */
export class TerminalAccess {
  readonly #line: TerminalLine

  /** Made by Terminal. */
  constructor(line: TerminalLine) {
    this.#line = line
  }

  /** The group of a person. */
  async readGroupOf(uid: number, options: CallOptions = {}): Promise<number> {
    return (await this.#line.perform(ask(readPersonGroup, { uid }), options)).group
  }

  /** Puts a person into a group. */
  writeGroupOf(uid: number, group: number, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setGroupOf(uid, group), options)
  }

  /** The person’s own time zones; undefined when the group’s apply. */
  readZonesOf(uid: number, options: CallOptions = {}): Promise<number[] | undefined> {
    return this.#line.perform(personZonesOf(uid), options)
  }

  /** Gives a person at most three time zones of its own; undefined: the group’s apply. */
  writeZonesOf(uid: number, zones: readonly number[] | undefined, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setPersonZones(uid, zones), options)
  }

  /** What a group may; undefined where it has no record. Throws ZK_BAD_RECORD for a record that is damaged. */
  readGroup(group: number, options: AccessOptions = {}): Promise<GroupZones | undefined> {
    return this.#line.perform(
      inForm(options, (form) => groupZonesOf(group, form)),
      options,
    )
  }

  /** Sets what a group may. Fields that are not given stay; access panels keep time zones alone. */
  writeGroup(
    group: number,
    rules: { readonly zones: readonly number[]; readonly holidays?: boolean; readonly verifyMode?: number },
    options: AccessOptions = {},
  ): Promise<void> {
    return this.#line.perform(
      inForm(options, (form) => setGroupZones(group, rules, form)),
      options,
    )
  }

  /** Deletes the record of a group. Only access panels know how; others are emptied with `writeGroup`. */
  removeGroup(group: number, options: AccessOptions = {}): Promise<void> {
    return this.#line.perform(
      inForm(options, (form) =>
        form === 'compact' ? removeGroup(group) : setGroupZones(group, { zones: [] }, form),
      ),
      options,
    )
  }

  /** The week of a time zone, 1 to 50, Sunday first; undefined where there is none. */
  readTimeZone(zone: number, options: CallOptions = {}): Promise<Week | undefined> {
    return this.#line.perform(timeZoneOf(zone), options)
  }

  /** Sets the week of a time zone: seven days of `HH:MM`, Sunday first. An end before the start means no access. */
  writeTimeZone(zone: number, week: Week, options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setTimeZone(zone, week), options)
  }

  /** The groups that open the door together, of a combination from 1 to 10; undefined where there is none. */
  readCombination(combination: number, options: CallOptions = {}): Promise<number[] | undefined> {
    return this.#line.perform(combinationOf(combination), options)
  }

  /** Sets the groups of a combination: at most five. */
  writeCombination(combination: number, groups: readonly number[], options: CallOptions = {}): Promise<void> {
    return this.#line.perform(setCombination(combination, groups), options)
  }

  /** Puts all access rules back to what they were when the terminal was new. */
  reset(options: CallOptions = {}): Promise<void> {
    return this.#line.perform(resetRules(), options)
  }
}

function* inForm<T>({ form }: AccessOptions, use: (form: AccessForm) => Procedure<T>): Procedure<T> {
  return yield* use(form ?? (yield* findAccessForm()))
}

function* setGroupOf(uid: number, group: number): Procedure<void> {
  yield* ask(writePersonGroup, { uid, group })
  yield* makeItCount()
  const kept = yield* ask(readPersonGroup, { uid })
  if (kept.group !== group) throw notKept('the group of a person', { uid, asked: group, shows: kept.group })
}

function* resetRules(): Procedure<void> {
  yield* ask(clearAccess, undefined)
  yield* makeItCount()
}
