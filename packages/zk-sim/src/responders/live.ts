// Live events: a session says which it wants. They are sent by conversation.ts. Source: docs/protocol §18.1 and §26.8.
import { registerEvents } from '@org/zk-proto/wire'
import { respond, type Responder } from './respond.ts'

export const liveResponders: readonly Responder[] = [
  respond(registerEvents, ({ mask }, { link }) => {
    link.eventMask = mask
  }),
]
