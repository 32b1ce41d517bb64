// The stream of new punches: its query and its form.
import { Type } from 'typebox'
import { PunchQuery } from './punch.ts'

const EVENT_ID = /^(?:0|[1-9]\d{0,14})$/

/** Query of the stream. */
export const StreamQuery = Type.Object({
  device_id: PunchQuery.properties.device_id,
  denied: PunchQuery.properties.denied,
  last_event_id: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 999_999_999_999_999,
      description: 'As the header `last-event-id`, which counts more: for clients that cannot send it',
      examples: [1],
    }),
  ),
})

/** The answer. */
export const PunchEvents = {
  description: 'Events named `punch`; the data of each is one punch as the lists show it, in JSON',
  content: {
    'text/event-stream': {
      schema: Type.String(),
      example: 'id: 7\nevent: punch\ndata: {"id":7,"device_id":1,"user_id":"0042"}\n\n',
    },
  },
}

/** The id of an event as a client sends it back; `none` where it is none of this stream. */
export function parseEventId(header: string | readonly string[]): number | 'none' {
  return typeof header === 'string' && EVENT_ID.test(header) ? Number(header) : 'none'
}
