// copyPeople: fingers, and the people they belong to where asked, from one terminal to another. People are matched by pin,
// since each terminal numbers them in its own way; every write is read back.
import { ZkRefusedError, ZkUsageError } from './errors.ts'
import type { ZkError } from './errors.ts'
import type { PersonOutcome } from './procedures/write-people.ts'
import type { NewPerson } from './records/person-edit.ts'
import type { Person } from './records/person.ts'
import { pinSet } from './records/punch-choice.ts'
import { sameTemplate } from './records/template.ts'
import type { Template } from './records/template.ts'
import type { Terminal } from './terminal.ts'
import type { CallOptions } from './terminal-line.ts'

export interface CopyOptions extends CallOptions {
  /** Whom to copy; everybody unless said. A string is one pin. */
  readonly pins?: Iterable<string>
  /** Whether people that the other terminal does not have are added, and changed where they differ. Fingers alone unless said. */
  readonly withPeople?: boolean
  /** Version of the algorithm behind the templates, where it is known and their bytes do not tell it. */
  readonly templateVersion?: number
}

/** What became of one finger. `unchanged`: the other terminal had just that template. */
export interface CopiedFinger {
  readonly finger: number
  readonly outcome: 'copied' | 'unchanged' | 'refused'
  /** Why it was refused. */
  readonly error: ZkError | undefined
}

/** What became of one person. */
export interface CopiedPerson {
  readonly pin: string
  /** `kept`: there already and left as it was. `missing`: on neither terminal, or not on the other and not to be added. */
  readonly person: 'added' | 'updated' | 'kept' | 'missing' | 'refused'
  /** Why the person was refused; its fingers are not tried then. */
  readonly error: ZkError | undefined
  readonly fingers: readonly CopiedFinger[]
}

/**
 * Copies from one terminal to the other, and says of every person and finger what became of it. One that is refused does not
 * keep the others from being copied. A template of a version that the other terminal does not speak is refused before
 * anything of it is written (`details.reason` is `template_version`). Groups and time zones are copied by their numbers: what
 * they allow is set on each terminal. Throws what ends a connection, and ZK_ABORTED.
 */
export async function copyPeople(
  from: Terminal,
  to: Terminal,
  options: CopyOptions = {},
): Promise<CopiedPerson[]> {
  const { pins, withPeople = false, templateVersion, ...call } = options
  const wanted = pins === undefined ? undefined : pinSet(pins)
  const source = (await from.people.list(call)).people.filter(({ plausible }) => plausible)
  const chosen = source.filter(({ pin }) => wanted === undefined || wanted.has(pin))
  const templates = await from.templates.list(call)
  const written = withPeople ? await putPeople(chosen, to, call) : undefined
  const present = (await to.people.list(call)).people.filter(({ plausible }) => plausible)
  const copied: CopiedPerson[] = []
  for (const { uid, pin } of chosen) {
    const outcome = written?.get(pin)
    const owner = present.find((one) => one.pin === pin)
    if (outcome?.error !== undefined || owner === undefined) {
      const person = outcome?.error === undefined ? 'missing' : 'refused'
      copied.push({ pin, person, error: outcome?.error, fingers: [] })
      continue
    }
    const fingers: CopiedFinger[] = []
    for (const template of templates.filter((one) => one.uid === uid)) {
      fingers.push(await copyFinger({ ...template, ...versionOf(templateVersion) }, owner, to, call))
    }
    copied.push({ pin, person: whatBecame(outcome), error: undefined, fingers })
  }
  const found = new Set(chosen.map(({ pin }) => pin))
  for (const pin of wanted ?? []) {
    if (!found.has(pin)) copied.push({ pin, person: 'missing', error: undefined, fingers: [] })
  }
  return copied
}

function versionOf(version: number | undefined) {
  return version === undefined ? {} : { version }
}

function whatBecame(outcome: PersonOutcome | undefined): 'added' | 'updated' | 'kept' {
  return outcome?.outcome === 'added' || outcome?.outcome === 'updated' ? outcome.outcome : 'kept'
}

async function putPeople(
  people: readonly Person[],
  to: Terminal,
  call: CallOptions,
): Promise<Map<string, PersonOutcome>> {
  const layout = await to.people.readLayout(call)
  const outcomes = await to.people.put(
    people.map((person) => fieldsToCopy(person, layout)),
    call,
  )
  return new Map(outcomes.map((outcome) => [outcome.pin, outcome]))
}

/**
 * What one terminal says of a person and another can keep; `layout` is the other's form, as `people.readLayout` tells it.
 * Numbers of groups and time zones go over as they are. Between different forms zones cannot.
 */
export function fieldsToCopy(person: Person, layout: Person['layout']): NewPerson {
  const { pin, name, level, enabled, password, cardNumber, group } = person
  const zones = layout === person.layout ? zonesOf(person) : {}
  return {
    pin,
    name,
    enabled,
    password,
    cardNumber,
    group,
    ...(level === 'unknown' ? {} : { level }),
    ...zones,
  }
}

function zonesOf({ layout, timeZones, timeZoneBits }: Person) {
  if (layout === 'person/28') return timeZoneBits === undefined ? {} : { timeZoneBits }
  return { timeZones: timeZones ?? null }
}

async function copyFinger(
  template: Template & { readonly version?: number },
  { uid, pin }: Person,
  to: Terminal,
  call: CallOptions,
): Promise<CopiedFinger> {
  const { finger } = template
  try {
    const there = await to.templates.read(uid, finger, call)
    if (there !== undefined && sameTemplate(there.bytes, template.bytes)) {
      return { finger, outcome: 'unchanged', error: undefined }
    }
    await to.templates.write({ uid, pin }, template, call)
    return { finger, outcome: 'copied', error: undefined }
  } catch (error) {
    const refused =
      error instanceof ZkRefusedError || (error instanceof ZkUsageError && error.code !== 'ZK_CLOSED')
    if (refused) return { finger, outcome: 'refused', error }
    throw error
  }
}
