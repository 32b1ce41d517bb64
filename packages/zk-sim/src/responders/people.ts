// People, one at a time: written and deleted, and how each is to be recognised. Whole lists are read through bulk.ts.
// Source: docs/protocol §12.6, §12.7 and §26.7.
import {
  deletePerson,
  personVerifyMode,
  readVerifyMode,
  writePerson,
  writeVerifyMode,
} from '@org/zk-proto/wire'
import { personKey } from '../person-record.ts'
import { refused, respond, type Responder } from './respond.ts'

export const peopleResponders: readonly Responder[] = [
  respond(writePerson, (record, { memory }) => {
    const { people, profile } = memory
    if (people.refusalOf(record) !== undefined) return refused()
    const { uid } = personKey(profile.personLayout, record)
    if (people.get(uid) === undefined) memory.clientDid('enrolPerson', { on: uid })
    return memory.write(() => people.store(record.slice())) ? undefined : refused()
  }),

  respond(deletePerson, ({ uid }, { memory }) => {
    if (memory.people.get(uid) === undefined) return refused()
    memory.clientDid('deletePerson', { on: uid })
    return memory.write(() => memory.removePerson(uid)) ? undefined : refused()
  }),

  respond(readVerifyMode, ({ uid }, { memory }) =>
    memory.people.get(uid) === undefined
      ? refused()
      : personVerifyMode.decode(memory.access.verifyModeOf(uid)),
  ),

  respond(writeVerifyMode, (record, { memory }) => {
    if (memory.people.get(record.uid) === undefined) return refused()
    memory.access.setVerifyMode(personVerifyMode.encode(record))
    memory.clientDid('changePersonAccess', { on: record.uid })
    return undefined
  }),
]
