// Fingerprint templates one at a time, and people with their templates in one upload. All of them at once are read through
// bulk.ts. Source: docs/protocol §15.2, §15.3, §16 and §26.7.
import {
  decodeTemplateUpload,
  deleteTemplate,
  deleteTemplateByUid,
  encodeSingleTemplate,
  readTemplate,
  readTemplateAlone,
  saveTemplates,
  uploadHead,
  uploadRow,
  writeTemplate,
  ZkError,
  type TemplateUpload,
} from '@org/zk-proto/wire'
import type { TerminalMemory } from '../memory.ts'
import { personRecordBytes } from '../person-record.ts'
import { LONGEST_TEMPLATE_BYTES } from '../templates.ts'
import { refused, respond, type Answer, type Exchange, type Responder } from './respond.ts'
import { transferred } from './tables.ts'
import { consumed, uploadedBy } from './upload.ts'

/** The template of a finger. Its number is that of the direct read of people too; see direct-reads.ts. */
export const oneTemplate = respond(readTemplate, alone)

export const templateResponders: readonly Responder[] = [
  respond(readTemplateAlone, alone),

  respond(writeTemplate, ({ uid, finger, flag, sizeBytes }, { memory, link }) => {
    const bytes = uploadedBy(link)
    if (bytes === undefined || bytes.length !== sizeBytes || bytes.length === 0) return refused()
    if (!hasRoom(memory, { uid, finger, bytes })) return refused()
    if (memory.profile.wantsEmptyFinger && memory.templates.get(uid, finger) !== undefined) return refused()
    consumed(link)
    return memory.write(() => memory.templates.store(uid, finger, bytes, flag)) ? undefined : refused()
  }),

  respond(saveTemplates, ({ headBytes, rowBytes }, { memory, link }) => {
    const bytes = uploadedBy(link)
    if (bytes === undefined || headBytes !== uploadHead.sizeBytes || rowBytes !== uploadRow.sizeBytes) {
      return refused()
    }
    const upload = decoded(bytes, memory)
    if (upload === undefined || !fits(upload, memory)) return refused()
    consumed(link)
    return memory.write(() => store(upload, memory)) ? undefined : refused()
  }),

  respond(deleteTemplate, ({ pin, finger }, { memory }) => {
    const uid = memory.people.findByPin(pin)?.uid
    return uid !== undefined && removed(memory, uid, finger) ? undefined : refused()
  }),

  respond(deleteTemplateByUid, ({ uid, finger }, { memory }) =>
    removed(memory, uid, finger) ? undefined : refused(),
  ),
]

function alone({ uid, finger }: { uid: number; finger: number }, exchange: Exchange): Answer {
  const template = exchange.memory.templates.get(uid, finger)
  return template === undefined ? refused() : transferred(encodeSingleTemplate(template), exchange)
}

/** Whether a finger of somebody who is there can have a template of so many bytes. */
export function hasRoom(
  { people, templates }: TerminalMemory,
  { uid, finger, bytes }: { uid: number; finger: number; bytes: Uint8Array },
): boolean {
  return (
    people.get(uid) !== undefined && templates.takes(uid, finger) && bytes.length <= LONGEST_TEMPLATE_BYTES
  )
}

function removed(memory: TerminalMemory, uid: number, finger: number): boolean {
  const was = memory.templates.remove(uid, finger)
  if (was) memory.clientDid('deleteFinger', { on: uid, detail: finger })
  return was
}

/** What was uploaded, in the model's form; undefined when it is not whole. */
function decoded(bytes: Uint8Array, { profile }: TerminalMemory): TemplateUpload | undefined {
  try {
    return decodeTemplateUpload(bytes, personRecordBytes(profile.personLayout))
  } catch (error) {
    if (error instanceof ZkError) return undefined
    throw error
  }
}

/** Whether there is room for all of it; a terminal that takes half of an upload is of no use to anybody. */
function fits({ people, templates }: TemplateUpload, memory: TerminalMemory): boolean {
  return (
    people.every((record) => memory.people.refusalOf(record) === undefined) &&
    templates.every(({ bytes }) => bytes.length <= LONGEST_TEMPLATE_BYTES) &&
    templates.length <= memory.templates.capacity - memory.templates.count &&
    people.length <= memory.people.capacity
  )
}

function store({ people, templates }: TemplateUpload, memory: TerminalMemory): void {
  for (const record of people) memory.people.store(record)
  for (const { uid, finger, bytes } of templates) {
    if (memory.people.get(uid) !== undefined) memory.templates.store(uid, finger, bytes)
  }
}
