// Short messages, and whom they are shown to. Source: docs/protocol §21.
import {
  deleteMessage,
  linkMessage,
  readMessage,
  sms72,
  unlinkMessage,
  writeMessage,
} from '@org/zk-proto/wire'
import { refused, respond, type Responder } from './respond.ts'

export const messageResponders: readonly Responder[] = [
  respond(writeMessage, (record, { memory }) =>
    memory.messages.store(sms72.encode(record)) ? undefined : refused(),
  ),

  respond(readMessage, ({ id }, { memory }) => {
    const record = memory.messages.get(id)
    return record === undefined ? refused() : sms72.decode(record)
  }),

  respond(deleteMessage, ({ id }, { memory }) => (memory.messages.remove(id) ? undefined : refused())),

  respond(linkMessage, (link, { memory }) =>
    memory.people.get(link.uid) !== undefined && memory.messages.link(link) ? undefined : refused(),
  ),

  respond(unlinkMessage, (link, { memory }) => (memory.messages.unlink(link) ? undefined : refused())),
]
