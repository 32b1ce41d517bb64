// New punches as server-sent events.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { narrowFilter, validationError, type Punch } from '@org/core'
import { PROCESS_STOPS, sendEvents, type StreamedEvent } from '../event-stream.ts'
import { toPunchReply } from '../schemas/punch.ts'
import { PunchEvents, StreamQuery, parseEventId } from '../schemas/punch-stream.ts'

export const attendanceStreamRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const open = new Set<AbortController>()
  app.addHook('preClose', async () => {
    for (const ending of open) ending.abort(PROCESS_STOPS)
  })

  app.get(
    '/attendance/stream',
    {
      config: { role: 'user', devices: 'filtered' },
      schema: {
        tags: ['Attendance'],
        operationId: 'streamAttendance',
        summary: 'Follow new punches as they are recorded',
        description:
          'Server-sent events: each new punch of a live watch or a sync, in the form of the lists, with its `id` as the event’s. Whoever comes back with `last-event-id` gets what came meanwhile, and the minute before it again: drop by `id` what you have. A comment every 15 seconds is a sign of life. The stream ends with the token, and for a reader that is too slow; come back with the last id.',
        querystring: StreamQuery,
        response: { 200: PunchEvents },
      },
    },
    async (request, reply) => {
      const { device_id, denied, last_event_id } = request.query
      const header = request.headers['last-event-id']
      const after = header === undefined || header === '' ? last_event_id : parseEventId(header)
      if (after === 'none')
        throw validationError([{ field: 'last-event-id', message: 'is no id of an event of this stream' }])
      const ending = new AbortController()
      open.add(ending)
      ending.signal.addEventListener('abort', () => open.delete(ending), { once: true })
      const punches = app.services.attendance.follow({
        filter: narrowFilter(request.caller, {
          ...(device_id !== undefined && { deviceIds: [device_id] }),
          denied: denied === 'all' ? ('all' as const) : denied === 'true',
        }),
        ...(after !== undefined && { after }),
        signal: ending.signal,
      })
      return sendEvents(reply, { events: asEvents(punches), standing: request.standing, ending })
    },
  )
}

async function* asEvents(
  punches: AsyncGenerator<Punch, void, undefined>,
): AsyncGenerator<StreamedEvent, void, undefined> {
  for await (const punch of punches) yield { id: String(punch.id), event: 'punch', data: toPunchReply(punch) }
}
