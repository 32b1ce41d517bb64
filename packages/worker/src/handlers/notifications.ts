// The jobs of the queue `notifications`: unpack, hand to the channel. The job's row is the delivery log.
import { handle, noticeDelivery, punchDelivery, type JobHandler, type Services } from '@org/core'

export function notificationHandlers({ deliveries }: Services): JobHandler[] {
  return [
    handle(noticeDelivery, ({ data, signal }) => deliveries.notice(data, signal)),
    handle(punchDelivery, ({ data, signal }) => deliveries.punches(data, signal)),
  ]
}
