// Writing and deleting fingerprint templates, each read back and compared; and people with their templates in one upload.
// Source: docs/protocol §15.2, §15.3 and §16.
import { deleteTemplate, deleteTemplateByUid, saveTemplates, writeTemplate } from '../commands/templates.ts'
import { ZkRefusedError, ZkUsageError } from '../errors.ts'
import { encodeTemplateUpload, uploadHead, uploadRow } from '../records/template-upload.ts'
import { checkFinger, checkTemplateBytes, sameTemplate, templateVersion } from '../records/template.ts'
import type { Template } from '../records/template.ts'
import { samePerson } from '../records/person-edit.ts'
import type { Person } from '../records/person.ts'
import { ask } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'
import { askIfWilling, makeItCount, notKept, whileDisabled } from './after-writing.ts'
import type { DisableGuard } from './after-writing.ts'
import { withUpload } from './bulk-write.ts'
import { optionIfKnown } from './read-info.ts'
import { readPeople } from './read-people.ts'
import type { ReadPeoplePlan } from './read-people.ts'
import { readOneTemplate } from './read-templates.ts'
import { targetOf } from './write-people.ts'

/**
 * Whose finger: terminals name people by uid in some commands and by pin in others. Both must be of one person, as a list
 * that was just read has them: templates are written by uid and deleted by pin.
 */
export interface Owner {
  readonly uid: number
  readonly pin: string
}

/** A template to be written. */
export interface NewTemplate extends Pick<Template, 'finger' | 'flag' | 'bytes'> {
  /** Version of the algorithm that made it, 9 or 10; told by its first bytes unless said, where they tell it. */
  readonly version?: number
}

/**
 * Throws ZK_VALUE_OUT_OF_RANGE (`details.reason` is `template_version`) when the terminal compares fingers by another
 * version of the algorithm: it would keep such a template and never recognise anybody by it. Where one of the two versions
 * is not told there is nothing to compare.
 */
function* refuseOtherVersion(templates: readonly Omit<NewTemplate, 'flag'>[]): Procedure<void> {
  const versions = templates.map(({ version, bytes }) => version ?? templateVersion(bytes))
  if (versions.every((version) => version === undefined)) return
  const told = yield* optionIfKnown('~ZKFPVersion')
  const spoken = told === undefined || told.trim() === '' ? undefined : Number(told)
  if (spoken === undefined || !Number.isInteger(spoken)) return
  const place = versions.findIndex((version) => version !== undefined && version !== spoken)
  if (place === -1) return
  const version = versions[place] ?? null
  throw new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `The template is of version ${version}, the terminal compares fingers by version ${spoken}: enrol the finger there`,
    { details: { reason: 'template_version', version, spoken, finger: templates[place]?.finger ?? null } },
  )
}

/**
 * Writes the template of a finger, in place of one that is there. The person must exist; nobody can punch meanwhile. Throws
 * before anything is written when the terminal speaks another version of templates. Where the new one is refused, the old
 * one is put back.
 */
export function* writeOneTemplate(owner: Owner, template: NewTemplate, guard: DisableGuard): Procedure<void> {
  const { uid } = owner
  const { finger, bytes } = template
  checkFinger(finger)
  checkTemplateBytes(bytes)
  yield* refuseOtherVersion([template])
  yield* whileDisabled(guard, function* (): Procedure<void> {
    const present = yield* readOneTemplate(uid, finger)
    if (present !== undefined) yield* deleteFrom(owner, finger)
    try {
      yield* upload(uid, template)
    } catch (error) {
      if (present !== undefined && error instanceof ZkRefusedError) yield* putBack(present, error)
      throw error
    }
    yield* makeItCount()
  })
  const kept = yield* readOneTemplate(uid, finger)
  if (kept === undefined || !sameTemplate(kept.bytes, bytes)) throw notKept('the template', { uid, finger })
}

function upload(uid: number, { finger, flag, bytes }: NewTemplate): Procedure<void> {
  return withUpload(bytes, () => ask(writeTemplate, { uid, finger, flag, sizeBytes: bytes.length }))
}

/** The terminal takes a template only for an empty finger: what was deleted for one that it refused must not be lost. */
function* putBack(present: Template, refused: ZkRefusedError): Procedure<void> {
  try {
    yield* upload(present.uid, present)
    yield* makeItCount()
  } catch (error) {
    if (!(error instanceof ZkRefusedError)) throw error
    throw new ZkRefusedError(
      refused.code,
      `${refused.message}; the template that the finger had was deleted for it, and was refused, too`,
      { effect: 'unknown', details: { ...refused.details, reason: 'template_lost' }, cause: refused },
    )
  }
}

/** Deletes the template of a finger. False when there was none. */
export function* removeTemplate(owner: Owner, finger: number): Procedure<boolean> {
  const { uid } = owner
  const present = yield* readOneTemplate(uid, finger)
  if (present === undefined) return false
  yield* deleteFrom(owner, finger)
  yield* makeItCount()
  const left = yield* readOneTemplate(uid, finger)
  if (left !== undefined) throw notKept('deleting the template', { uid, finger })
  return true
}

/** By pin, as TFT firmware has it; where that is refused, by uid. */
function* deleteFrom({ uid, pin }: Owner, finger: number): Procedure<void> {
  const done = yield* askIfWilling(deleteTemplate, { pin, finger })
  if (!done) yield* ask(deleteTemplateByUid, { uid, finger })
}

/** A person, as read from a terminal with the same form of record, and the templates that go with it. */
export interface PersonWithTemplates {
  readonly person: Person
  readonly templates: readonly Omit<NewTemplate, 'flag'>[]
}

/**
 * Writes people and their templates in one upload, uids as they are; both are read back. Throws ZK_VALUE_OUT_OF_RANGE when
 * a uid belongs to somebody else there, or when the terminal keeps people in another form.
 */
export function* writePeopleWithTemplates(
  entries: readonly PersonWithTemplates[],
  plan: ReadPeoplePlan,
  guard: DisableGuard,
): Procedure<void> {
  if (entries.length === 0) return
  yield* refuseOtherVersion(entries.flatMap(({ templates }) => templates))
  const before = yield* readPeople(plan)
  const target = yield* targetOf(before)
  for (const { person, templates } of entries) {
    for (const { finger } of templates) checkFinger(finger)
    if (person.layout !== target.layout) throw otherForm(person.layout, target.layout)
    const other = before.people.find(({ uid, pin }) => (uid === person.uid) !== (pin === person.pin))
    if (other !== undefined) throw uidTaken(person, other)
  }
  const buffer = encodeTemplateUpload({
    people: entries.map(({ person }) => person.raw),
    templates: entries.flatMap(({ person, templates }) =>
      templates.map(({ finger, bytes }) => ({ uid: person.uid, finger, bytes })),
    ),
  })
  yield* whileDisabled(guard, function* (): Procedure<void> {
    yield* withUpload(buffer, () =>
      ask(saveTemplates, { headBytes: uploadHead.sizeBytes, rowBytes: uploadRow.sizeBytes }),
    )
    yield* makeItCount()
  })
  const after = yield* readPeople(plan)
  for (const { person, templates } of entries) {
    const kept = after.people.find(({ uid }) => uid === person.uid)
    if (kept === undefined || !samePerson(person, kept)) {
      throw notKept(`the person with uid ${person.uid}`, { uid: person.uid })
    }
    for (const { finger, bytes } of templates) {
      const template = yield* readOneTemplate(person.uid, finger)
      if (template === undefined || !sameTemplate(template.bytes, bytes)) {
        throw notKept('the template', { uid: person.uid, finger })
      }
    }
  }
}

function otherForm(given: string, wanted: string): ZkUsageError {
  return new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `The terminal keeps people as ${wanted}, the record given is ${given}; write them one by one`,
  )
}

function uidTaken(person: Person, other: Person): ZkUsageError {
  return new ZkUsageError(
    'ZK_VALUE_OUT_OF_RANGE',
    `The person with uid ${person.uid} and pin ${person.pin} would overwrite or double uid ${other.uid} with pin ${other.pin}`,
    { details: { reason: 'uid_taken', uid: person.uid, otherUid: other.uid } },
  )
}
