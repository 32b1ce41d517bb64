// What a process says while it is about to stop: every answer ends its connection, so that its client's next request goes to
// another process instead of into a connection that is about to be closed.
import type { Services } from '@org/core'
import fp from 'fastify-plugin'

export const farewell = fp<{ services: Services }>(
  async (app, { services }) => {
    app.addHook('onSend', async (_request, reply) => {
      if (!services.ready) reply.header('connection', 'close')
    })
  },
  { name: 'farewell', fastify: '5.x' },
)
