// Opening doors: recorded first, sent once.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ServiceError } from '@org/core'
import { callerGone } from '../plugins/caller-gone.ts'
import { DeviceParams } from '../schemas/device.ts'
import {
  DEFAULT_UNLOCK_SECONDS,
  UnlockHeaders,
  UnlockReceipt,
  UnlockRequest,
  toUnlockReceipt,
} from '../schemas/door.ts'
import { failures, succeeded, success } from '../schemas/envelope.ts'
import { TERMINAL_ERRORS } from './device-operations.ts'

const UNLOCKED = 'Door unlocked successfully'
/** Says that an answer is that of an earlier request with the same key. */
const REPLAYED_HEADER = 'idempotency-replayed'

export const doorRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { doors, config } = app.services

  app.post(
    '/devices/:deviceId/unlock',
    {
      config: {
        role: 'admin',
        accountLimit: { name: 'unlock', max: config.UNLOCK_RATE_LIMIT_PER_MINUTE },
      },
      schema: {
        tags: ['Door'],
        operationId: 'unlockDoor',
        summary: 'Open the door for some seconds',
        description:
          'Recorded in the audit trail before it is sent; never queued, never sent twice. OUTCOME_UNKNOWN: it may have opened.',
        params: DeviceParams,
        headers: UnlockHeaders,
        body: UnlockRequest,
        response: {
          200: success(UNLOCKED, UnlockReceipt),
          ...failures(...TERMINAL_ERRORS, 'OUTCOME_UNKNOWN'),
        },
      },
    },
    async ({ params: { deviceId }, headers, body, actor }, reply) => {
      const idempotencyKey = headers['idempotency-key']
      const { replayed, answer } = await doors.unlock({
        deviceId,
        seconds: body.seconds ?? DEFAULT_UNLOCK_SECONDS,
        by: actor,
        signal: callerGone(reply),
        ...(body.reason !== undefined && { reason: body.reason }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      })
      if (replayed) reply.header(REPLAYED_HEADER, 'true')
      if (answer instanceof ServiceError) throw answer
      return succeeded(UNLOCKED, toUnlockReceipt(answer))
    },
  )
}
