// What is posted to the webhook: events in JSON, each with an id that a repetition keeps, signed over instant and body, by the
// secret before the last change too while that one is set. docs/notices.md tells receivers how to verify it.
import { createHmac } from 'node:crypto'
import { toInstant } from '../instant-json.ts'
import type { PunchJson } from '../punch-json.ts'
import type { Channel } from './channel.ts'
import type { Notice } from './notice.ts'
import { postJson } from './post-json.ts'
import { sentenceOf } from './sentences.ts'

/** Where events go, and what signs them. */
export interface WebhookTarget {
  readonly url: string
  readonly secret: string
  /** Signed with as well, until every receiver knows the new one. */
  readonly previousSecret?: string
}

/** One event: what all kinds have in common. */
interface WebhookEvent {
  readonly id: string
  readonly kind: Notice['kind'] | 'punch.recorded'
  /** When it happened. */
  readonly at: string
  /** The sentence for people; null where there is none. */
  readonly text: string | null
  readonly data: Readonly<Record<string, unknown>>
}

/** New punches, at most as many as one delivery may carry. */
export interface RecordedPunches {
  readonly id: string
  readonly at: string
  readonly punches: readonly PunchJson[]
}

/** The webhook: a channel of notices that takes punches too. */
export interface Webhook extends Channel {
  /** Throws as `send`. */
  sendPunches(recorded: RecordedPunches, signal: AbortSignal): Promise<void>
}

export function createWebhook(target: WebhookTarget): Webhook {
  const post = (event: WebhookEvent, signal: AbortSignal): Promise<void> => {
    const body = JSON.stringify({ ...event, at: toInstant(event.at) })
    const timestamp = Math.floor(Date.now() / 1_000)
    const headers = {
      'user-agent': 'zk-terminal-service',
      'x-webhook-id': event.id,
      'x-webhook-timestamp': String(timestamp),
      'x-webhook-signature': signaturesOf(target, timestamp, body),
    }
    return postJson({ url: target.url, body, headers }, signal)
  }
  return {
    send({ noticeId, at, notice }, signal) {
      const { kind, ...facts } = notice
      const { text } = sentenceOf(notice)
      return post({ id: noticeId, kind, at, text, data: inSnakeCase(facts) }, signal)
    },
    sendPunches({ id, at, punches }, signal) {
      return post({ id, kind: 'punch.recorded', at, text: null, data: { punches } }, signal)
    },
  }
}

/** `v1=<hex>`, or two of them with a comma between: HMAC-SHA256 of `<seconds since 1970>.<body>`. */
function signaturesOf({ secret, previousSecret }: WebhookTarget, timestamp: number, body: string): string {
  const secrets = previousSecret === undefined ? [secret] : [secret, previousSecret]
  return secrets
    .map((key) => `v1=${createHmac('sha256', key).update(`${timestamp}.${body}`).digest('hex')}`)
    .join()
}

/** Facts of a notice by their names in JSON: deviceId becomes device_id. They are flat by their schema. */
function inSnakeCase(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  )
}
