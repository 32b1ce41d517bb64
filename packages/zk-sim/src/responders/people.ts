// People, one at a time: written and deleted. Whole lists are read through bulk.ts.
// Source: docs/protocol §12.6 and §26.7.
import { deletePerson, writePerson } from '@org/zk-proto/wire'
import { refused, respond, type Responder } from './respond.ts'

export const peopleResponders: readonly Responder[] = [
  respond(writePerson, (record, { memory }) =>
    memory.people.store(record) === undefined ? undefined : refused(),
  ),

  respond(deletePerson, ({ uid }, { memory }) => {
    if (!memory.people.remove(uid)) return refused()
    memory.templates.removeAllOf(uid)
    return undefined
  }),
]
