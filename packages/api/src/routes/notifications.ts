// Notices: a test of every way to deliver them.
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { succeeded, success } from '../schemas/envelope.ts'
import { NoticeTestReceipt, NoticeTestRequest, toNoticeTestReceipt } from '../schemas/notification.ts'

const QUEUED = 'Test notices queued'
const NONE_SET =
  'No way to deliver notices is set: set SMTP_URL with NOTIFY_EMAILS, SLACK_WEBHOOK_URL, or WEBHOOK_URL with WEBHOOK_SECRET'

export const notificationRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { notices } = app.services

  app.post(
    '/notifications/test',
    {
      config: { role: 'admin' },
      schema: {
        tags: ['Notifications'],
        operationId: 'testNotifications',
        summary: 'Send a test by each way to deliver notices that is set',
        description: 'Delivered through the queue like every notice; the jobs tell how it fared.',
        body: NoticeTestRequest,
        response: { 200: success(NONE_SET, NoticeTestReceipt), 202: success(QUEUED, NoticeTestReceipt) },
      },
    },
    async ({ actor }, reply) => {
      const queued = await notices.test(actor.name)
      const receipt = toNoticeTestReceipt(queued)
      if (queued.length === 0) return succeeded(NONE_SET, receipt)
      return reply.code(202).send(succeeded(QUEUED, receipt))
    },
  )
}
