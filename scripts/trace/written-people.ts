// People and templates on their way to a terminal: one record of CMD_USER_WRQ, or the upload of CMD 110. Passwords and the
// bytes of templates are left out.
import {
  decodeTemplateUpload,
  findPersonForm,
  joinBytes,
  person28,
  person72,
  ZkError,
} from '@org/zk-proto/wire'
import type { Entry, Place } from './entry.ts'
import { fact, type Said } from './facts.ts'
import type { TableRead } from './table-read.ts'
import { decodedPeople, templateFacts } from './table-records.ts'

const RECORD_SIZES = [person72.sizeBytes, person28.sizeBytes]
const VALID_FLAG = 1

/** A person's record as it is written. */
export function saidOfPerson(data: Uint8Array, nameEncoding: string): Said {
  const size = fact('dataBytes', data.length, 'plain')
  if (!RECORD_SIZES.includes(data.length)) return { facts: [size], remark: 'not as declared' }
  try {
    const [person] = decodedPeople(findPersonForm(data, 1), data, nameEncoding)
    return { facts: person?.facts ?? [size], remark: undefined }
  } catch (error) {
    if (!(error instanceof ZkError)) throw error
    return { facts: [size], remark: 'not as declared' }
  }
}

/** What an upload of people with their templates holds, when the command that takes it is sent. */
export function* uploadEntries(
  upload: TableRead,
  nameEncoding: string,
  happening: { readonly place: Place; readonly atMs: number | undefined },
): Generator<Entry> {
  const [whole] = upload.stretches()
  const seenBytes = whole?.bytes.length ?? 0
  const table = { type: 'table', ...happening, sizeBytes: seenBytes, seenBytes } as const
  const found = whole === undefined ? undefined : decoded(whole.bytes)
  if (found === undefined) {
    const remark = upload.isDropped ? 'too large to be put together' : 'not as declared'
    yield { ...table, table: 'uploaded people', layout: undefined, records: 0, remark }
    return
  }
  const records = joinBytes(found.people)
  const form = records.length === 0 ? undefined : findPersonForm(records, found.people.length)
  yield {
    ...table,
    table: 'uploaded people',
    layout: form?.name,
    records: found.people.length,
    remark: undefined,
  }
  if (form !== undefined)
    for (const { index, facts } of decodedPeople(form, records, nameEncoding))
      yield { type: 'record', ...happening, table: 'uploaded people', index, facts }
  const { templates } = found
  yield {
    ...table,
    table: 'uploaded templates',
    layout: 'uploadRow',
    records: templates.length,
    remark: undefined,
  }
  for (const [index, template] of templates.entries()) {
    const facts = templateFacts({ ...template, flag: VALID_FLAG })
    yield { type: 'record', ...happening, table: 'uploaded templates', index, facts }
  }
}

/** The parts of an upload whose records have a size that is known and a form that is certain. */
function decoded(bytes: Uint8Array): ReturnType<typeof decodeTemplateUpload> | undefined {
  for (const size of RECORD_SIZES) {
    try {
      const found = decodeTemplateUpload(bytes, size)
      if (found.people.length > 0) findPersonForm(joinBytes(found.people), found.people.length)
      return found
    } catch (error) {
      // Of the other size, or of none.
      if (!(error instanceof ZkError)) throw error
    }
  }
  return undefined
}
