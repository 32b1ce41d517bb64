// What load balancers and people on call ask: is the process alive, is it ready.
import type { Health, QueueHealth } from '@org/core'
import { Type } from 'typebox'
import type { Static } from 'typebox'

/** `GET /health/live`: the process answers. */
export const LiveReply = Type.Object(
  { state: Type.Literal('live') },
  { $id: 'Live', description: 'The process answers' },
)

const Component = Type.Object(
  {
    state: Type.Enum(['up', 'down'], { examples: ['up'] }),
    ms: Type.Number({ description: 'How long its answer took, in milliseconds', examples: [2] }),
  },
  { description: 'One part that the service stands on' },
)

/** `GET /health/ready`: what the service stands on answers too. */
export const ReadyReply = Type.Object(
  {
    state: Type.Literal('ready'),
    database: Component,
    redis: Type.Union([Component, Type.Null()], {
      description: 'Null where nothing uses Redis',
      examples: [null],
    }),
    queue: Component,
  },
  { $id: 'Ready', description: 'Requests may come' },
)

/** The parts of a health report in JSON. */
export function toComponents({ database, redis, queue }: Health): Omit<Static<typeof ReadyReply>, 'state'> {
  return {
    database: toComponent(database),
    redis: redis === null ? null : toComponent(redis),
    queue: toComponent(queue),
  }
}

function toComponent({ state, ms }: QueueHealth): Static<typeof Component> {
  return { state, ms: Math.round(ms * 10) / 10 }
}
