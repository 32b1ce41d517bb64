// Writing people and their fingers to a terminal, from another one or from the table: how a site replaces or adds a terminal. People
// are matched by PIN, every write is read back, and repeating it changes nothing. It goes in batches, between which it gives way
// to another process that waits for the terminal.
import {
  sameTemplate,
  ZkRefusedError,
  ZkUsageError,
  type Person,
  type PersonOutcome,
  type Terminal,
  type ZkError,
} from '@org/zk-proto'
import type { Logger } from 'pino'
import type { AuditTrail } from '../audit-trail.ts'
import type { Changes } from '../changes.ts'
import type { PeopleCopyOrder, PeopleCopyReport } from '../jobs/catalogue.ts'
import type { JobProgress } from '../jobs/define-job.ts'
import { ifTold } from '../terminals/side-question.ts'
import type { TerminalAtHand } from '../terminals/with-terminal.ts'
import { attemptAudited } from './audited-attempt.ts'
import { CopyReport } from './copy-report.ts'
import { findCopySource, type CopySource, type CopySourceParts, type SourcePerson } from './copy-source.ts'
import { templatesByUid, type VersionedTemplate } from './kept-templates.ts'
import { grantsRights, toRow } from './person-rows.ts'
import { fingerprintVersion, fingersOf } from './read-people.ts'

/** One copy, as a job asks for it. `progress` must not throw. */
export interface CopyPeopleInput {
  readonly order: PeopleCopyOrder
  readonly signal: AbortSignal
  readonly progress: (progress: JobProgress) => void
}

/** What it needs. */
export interface CopyPeopleParts extends CopySourceParts {
  readonly changes: Changes
  readonly audit: AuditTrail
  readonly log: Logger
}

const BATCH = 100

/**
 * Throws ServiceError; `retryable` says whether waiting may cure it. What was written by then stays, and is unchanged to the next
 * attempt. Who cannot be written is told in the report and does not keep the others from being written.
 */
export async function copyPeopleTo(
  parts: CopyPeopleParts,
  { order, signal, progress }: CopyPeopleInput,
): Promise<PeopleCopyReport> {
  const { deviceId, fromDeviceId, by } = order
  progress({ phase: 'reading', done: 0, total: null })
  const source = await findCopySource(parts, order, signal)
  const copy = () => writeAll(parts, { order, signal, progress }, source)
  if (order.dryRun) return copy()
  const target = { type: 'device', id: deviceId } as const
  const details = { from_device_id: fromDeviceId, chosen: source.people.length }
  return attemptAudited(parts, { action: 'people.copy', by, target, details }, async (succeed) => {
    const report = await copy()
    const { added, updated, unchanged, refused } = report
    const counts = {
      added: added.count,
      updated: updated.count,
      unchanged: unchanged.count,
      refused: refused.count,
    }
    await parts.database.transaction((tx) => succeed(tx, counts))
    return report
  })
}

async function writeAll(
  parts: CopyPeopleParts,
  { order, signal, progress }: CopyPeopleInput,
  source: CopySource,
): Promise<PeopleCopyReport> {
  const { deviceId } = order
  const report = new CopyReport()
  for (const pin of source.missing) report.tell('refused', pin, 'unknown_user')
  for (const pin of source.ambiguous) {
    const message = 'Several people at the source have this user_id; delete all but one there'
    report.tell('refused', pin, 'ambiguous', { message })
  }

  const total = source.people.length
  let done = 0
  try {
    while (done < total) {
      const from = done
      const patience = { signal, waitMs: parts.waitMs, hasYielded: from > 0 }
      done = await parts.withTerminal(deviceId, { ...patience, manner: 'hosting' }, async (hand) => {
        const copy = await Copy.begin(parts, hand, order, report)
        for (let next = from; ;) {
          await copy.write(source.people.slice(next, next + BATCH))
          next = Math.min(total, next + BATCH)
          progress({ phase: 'writing', done: next, total })
          if (next === total || hand.isWanted()) return next
        }
      })
    }
  } finally {
    // Also what was written before it failed.
    if (!order.dryRun) await parts.changes.tell({ of: 'people', deviceId })
  }
  progress({ phase: 'done', done: total, total })
  return report.result({
    dry_run: order.dryRun,
    chosen: total + source.missing.length + source.ambiguous.length,
    templates_from: source.templatesFrom,
  })
}

type TemplatesByUid = ReadonlyMap<number, readonly VersionedTemplate[]>

/** What the terminal holds before anything is written. */
interface Target {
  readonly layout: Person['layout']
  readonly byPin: ReadonlyMap<string, Person>
  /** PINs that several people there have: which one is meant is not guessed. */
  readonly ambiguous: ReadonlySet<string>
  /** Undefined where it does not let them be read at once. */
  readonly templates: TemplatesByUid | undefined
  readonly version: number | undefined
}

/** A copy under one lease. */
class Copy {
  readonly #parts: CopyPeopleParts
  readonly #hand: TerminalAtHand
  readonly #order: PeopleCopyOrder
  readonly #report: CopyReport
  readonly #target: Target

  private constructor(
    parts: CopyPeopleParts,
    hand: TerminalAtHand,
    { order, report, target }: { order: PeopleCopyOrder; report: CopyReport; target: Target },
  ) {
    this.#parts = parts
    this.#hand = hand
    this.#order = order
    this.#report = report
    this.#target = target
  }

  /** Looks at the terminal first. */
  static async begin(
    parts: CopyPeopleParts,
    hand: TerminalAtHand,
    order: PeopleCopyOrder,
    report: CopyReport,
  ): Promise<Copy> {
    const target = await readTarget(hand.terminal, hand.signal, order.templates)
    return new Copy(parts, hand, { order, report, target })
  }

  /** Writes some people and their fingers, and what is on the terminal then as rows. */
  async write(people: readonly SourcePerson[]): Promise<void> {
    const { terminal, lease, signal } = this.#hand
    const allowed = people.filter((person) => this.#isAllowed(person))
    lease.assertHeld()
    const outcomes = await terminal.people.put(
      allowed.map((person) => person.fields(this.#target.layout)),
      { signal, dryRun: this.#order.dryRun },
    )
    const byPin = new Map(allowed.map((person) => [person.pin, person]))
    const changed: string[] = []
    const present: { readonly person: Person; readonly templates: readonly VersionedTemplate[] | null }[] = []
    for (const outcome of outcomes) {
      const source = byPin.get(outcome.pin)
      if (source === undefined) continue
      if (outcome.person === undefined) {
        this.#refuse(outcome.pin, outcome.error, [])
        continue
      }
      const written = await this.#copyFingers(source, outcome.person, outcome.outcome === 'added')
      if (this.#tell(outcome, written)) changed.push(outcome.pin)
      present.push({ person: outcome.person, templates: this.#templatesNow(outcome, written) })
    }
    if (!this.#order.dryRun) await this.#store(present, changed)
  }

  /** Rights at a terminal are given by admins alone; so are the keys of somebody who has them. */
  #isAllowed({ pin, privilege }: SourcePerson): boolean {
    if (this.#target.ambiguous.has(pin)) {
      const message = 'Several people on the terminal have this user_id; delete all but one there'
      this.#report.tell('refused', pin, 'ambiguous', { message })
      return false
    }
    const there = this.#target.byPin.get(pin)
    const concernsRights = grantsRights(privilege) || (there !== undefined && grantsRights(there.privilege))
    if (!concernsRights || this.#order.mayGrant) return true
    const message = 'Has rights at a terminal; only an admin may copy them'
    this.#report.tell('refused', pin, 'privilege', { message })
    return false
  }

  /** Whether anything was changed, or would be. */
  #tell({ outcome, pin }: PersonOutcome, written: readonly VersionedTemplate[]): boolean {
    const fingers = fingersOf(written)
    if (outcome === 'added') this.#report.tell('added', pin, 'not_on_terminal', { fingers })
    else if (outcome === 'updated') this.#report.tell('updated', pin, 'record_differs', { fingers })
    else if (fingers.length > 0) this.#report.tell('updated', pin, 'fingers_differ', { fingers })
    else {
      this.#report.tell('unchanged', pin, 'same')
      return false
    }
    return true
  }

  #refuse(pin: string, error: ZkError | undefined, fingers: readonly number[]): void {
    this.#report.tell('refused', pin, reasonOf(error), {
      fingers,
      ...(error === undefined ? {} : { message: error.message }),
    })
  }

  async #copyFingers(source: SourcePerson, owner: Person, isNew: boolean): Promise<VersionedTemplate[]> {
    const written: VersionedTemplate[] = []
    for (const template of source.templates) {
      if (this.#isOtherVersion(source.pin, template)) continue
      if (!isNew && (await this.#hasJustThat(owner.uid, template))) continue
      if (this.#order.dryRun || (await this.#writeFinger(owner, template))) written.push(template)
    }
    return written
  }

  /** A terminal would keep a template of another version, and never recognise anybody by it. */
  #isOtherVersion(pin: string, { finger, version }: VersionedTemplate): boolean {
    const spoken = this.#target.version
    if (version === undefined || spoken === undefined || version === spoken) return false
    this.#report.tell('refused', pin, 'template_version', {
      fingers: [finger],
      message: `The template is of version ${version}, the terminal compares fingers by version ${spoken}: enrol the finger there`,
    })
    return true
  }

  async #hasJustThat(uid: number, { finger, bytes }: VersionedTemplate): Promise<boolean> {
    const { terminal, signal } = this.#hand
    const { templates } = this.#target
    const there =
      templates === undefined
        ? await ifTold(terminal, terminal.templates.read(uid, finger, { signal }))
        : templates.get(uid)?.find((one) => one.finger === finger)
    return there !== undefined && sameTemplate(there.bytes, bytes)
  }

  async #writeFinger({ uid, pin }: Person, template: VersionedTemplate): Promise<boolean> {
    const { terminal, lease, signal } = this.#hand
    const { finger, flag, bytes, version } = template
    lease.assertHeld()
    try {
      const wanted = { finger, flag, bytes, ...(version === undefined ? {} : { version }) }
      await terminal.templates.write({ uid, pin }, wanted, { signal })
      return true
    } catch (error) {
      const isRefusal =
        error instanceof ZkRefusedError || (error instanceof ZkUsageError && error.code !== 'ZK_CLOSED')
      if (!isRefusal) throw error
      this.#refuse(pin, error, [finger])
      return false
    }
  }

  /** Null where the terminal does not tell which there are. */
  #templatesNow(
    { outcome, person }: PersonOutcome,
    written: readonly VersionedTemplate[],
  ): readonly VersionedTemplate[] | null {
    if (outcome === 'added') return written
    const { templates } = this.#target
    if (templates === undefined || person === undefined) return null
    const fresh = new Set(written.map(({ finger }) => finger))
    return [...(templates.get(person.uid) ?? []).filter(({ finger }) => !fresh.has(finger)), ...written]
  }

  /** Rows, kept templates and audit of one batch, all or none. */
  #store(
    present: readonly { readonly person: Person; readonly templates: readonly VersionedTemplate[] | null }[],
    changed: readonly string[],
  ): Promise<void> {
    const { database, templates: kept, audit } = this.#parts
    const { device, lease } = this.#hand
    const { by, fromDeviceId } = this.#order
    return database.transaction(async (tx) => {
      await tx.devices.checkFence(device.id, lease.fence)
      const rows = present.map(({ person, templates }) => toRow(person, templates && fingersOf(templates)))
      await tx.people.upsertMany(device.id, rows, new Date().toISOString())
      for (const { person, templates } of present)
        if (templates !== null) await kept.keepOf(tx, device.id, person.pin, templates)
      if (changed.length === 0) return
      await audit.record(tx, {
        action: 'people.copy',
        by,
        target: { type: 'device', id: device.id },
        outcome: 'success',
        details: { from_device_id: fromDeviceId, count: changed.length, user_ids: changed.join(', ') },
      })
    })
  }
}

async function readTarget(terminal: Terminal, signal: AbortSignal, withTemplates: boolean): Promise<Target> {
  const { people, layout } = await terminal.people.list({ signal })
  const version = withTemplates ? await fingerprintVersion(terminal, signal) : undefined
  const templates = withTemplates ? await ifTold(terminal, terminal.templates.list({ signal })) : undefined
  const plausible = people.filter((person) => person.plausible)
  const byPin = new Map(plausible.map((person) => [person.pin, person]))
  return {
    layout: layout ?? (await terminal.people.readLayout({ signal })),
    byPin,
    ambiguous: new Set(plausible.filter((one) => byPin.get(one.pin) !== one).map(({ pin }) => pin)),
    templates: templates && templatesByUid(templates, version),
    version,
  }
}

/** Why somebody was refused, as a word. */
function reasonOf(error: ZkError | undefined): string {
  const reason = error?.details['reason']
  if (typeof reason === 'string') return reason
  const field = error?.details['field']
  if (typeof field === 'string') return `${field === 'cardNumber' ? 'card_number' : field}_does_not_fit`
  return 'refused'
}
