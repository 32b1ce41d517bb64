// The other end of the queue: a notice, or punches, handed to the channel that is to take them. What the worker's handlers call.
import type { Database } from '@org/data'
import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { ServiceError } from '../errors.ts'
import type { NoticeDelivery, NoticeReceipt, PunchDelivery, PunchReceipt } from '../jobs/catalogue.ts'
import { toPunchJson } from '../punch-json.ts'
import type { Channel } from './channel.ts'
import type { NoticeChannel } from './notice.ts'
import { createReceiverRest } from './receiver-rest.ts'
import { createSlackChannel } from './slack.ts'
import { createSmtpChannel } from './smtp.ts'
import { createWebhook, type Webhook } from './webhook.ts'

/** Both throw NOTICE_REFUSED, NOTICE_UNDELIVERED (retryable), or the reason of the signal that ends them. */
export interface Deliveries {
  notice(delivery: NoticeDelivery, signal: AbortSignal): Promise<NoticeReceipt>
  punches(delivery: PunchDelivery, signal: AbortSignal): Promise<PunchReceipt>
}

export function createDeliveries(config: Config, database: Database, log: Logger): Deliveries {
  const webhook = webhookOf(config)
  const unlessResting = createReceiverRest()
  const channels: Readonly<Record<NoticeChannel, Channel | undefined>> = {
    smtp: mailOf(config, log),
    slack: config.SLACK_WEBHOOK_URL === undefined ? undefined : createSlackChannel(config.SLACK_WEBHOOK_URL),
    webhook,
  }
  return {
    async notice({ channel, noticeId, at, notice }, signal) {
      await isSet(channels[channel]).send({ noticeId, at, notice }, signal)
      return { channel, notice_id: noticeId }
    },
    punches: ({ deliveryId, at, punchIds }, signal) =>
      unlessResting(async () => {
        const punches = (await database.punches.findByIds(punchIds)).map(toPunchJson)
        await isSet(webhook).sendPunches({ id: deliveryId, at, punches }, signal)
        return { delivery_id: deliveryId, punches: punches.length }
      }),
  }
}

/** A job may outlive the setting of its channel. */
function isSet<Way>(channel: Way | undefined): Way {
  if (channel !== undefined) return channel
  throw new ServiceError('NOTICE_REFUSED', { message: 'This channel is not set any more' })
}

function mailOf({ SMTP_URL: url, NOTIFY_FROM: from, noticeEmails: to }: Config, log: Logger) {
  return url === undefined ? undefined : createSmtpChannel({ url, from, to }, log)
}

function webhookOf({
  WEBHOOK_URL: url,
  WEBHOOK_SECRET: secret,
  WEBHOOK_SECRET_PREVIOUS: previousSecret,
}: Config): Webhook | undefined {
  if (url === undefined || secret === undefined) return undefined
  return createWebhook({ url, secret, ...(previousSecret === undefined ? {} : { previousSecret }) })
}
