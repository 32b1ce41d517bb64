// Webhook and Slack against a server of somebody else's: what is posted, how it is signed, and how it fails.
import { createHmac } from 'node:crypto'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/index.ts'
import { createSlackChannel } from '../../src/notices/slack.ts'
import { createWebhook } from '../../src/notices/webhook.ts'
import { httpReceiver, portOf, type Received } from '../../../../scripts/toolchain/http-receiver.ts'
import { failureOf } from '../support/failure-of.ts'

const secret = 'the present secret of the webhook, long enough'
const previousSecret = 'the previous secret of the webhook, long too'
const signal = new AbortController().signal
const notice: Notice = {
  kind: 'door.unlock',
  deviceId: 3,
  deviceName: 'Gate <!channel>',
  by: 'admin@example.com',
  seconds: 5,
  auditId: 'AUD-20240205-001',
  outcome: 'success',
}
const told = { noticeId: '5f0c5d3e-6d0b-4b1e-9a55-2f6d3a1c7e10', at: '2024-02-05T14:30:00.123Z', notice }

/** What a receiver does, written from docs/notices.md. */
function isSigned({ headers, body }: Received, by: string): boolean {
  const timestamp = String(headers['x-webhook-timestamp'])
  const expected = `v1=${createHmac('sha256', by).update(`${timestamp}.${body}`).digest('hex')}`
  const fresh = Math.abs(Date.now() / 1_000 - Number(timestamp)) < 300
  return fresh && String(headers['x-webhook-signature']).split(',').includes(expected)
}

describe('the webhook', () => {
  it('posts a notice as an event in JSON, with an id that is in a header too', async () => {
    await using receiver = await httpReceiver()
    await createWebhook({ url: receiver.url, secret }).send(told, signal)
    const [request] = receiver.received
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'x-webhook-id': told.noticeId,
    })
    expect(JSON.parse(request?.body ?? '')).toEqual({
      id: told.noticeId,
      kind: 'door.unlock',
      at: '2024-02-05T14:30:00Z',
      text: expect.stringContaining('admin@example.com opened the door for 5 seconds'),
      data: {
        device_id: 3,
        device_name: 'Gate <!channel>',
        by: 'admin@example.com',
        seconds: 5,
        audit_id: 'AUD-20240205-001',
        outcome: 'success',
      },
    })
  })

  it('signs instant and body with the present secret, and with the previous one while that is set', async () => {
    await using receiver = await httpReceiver()
    await createWebhook({ url: receiver.url, secret }).send(told, signal)
    await createWebhook({ url: receiver.url, secret, previousSecret }).send(told, signal)
    const [one, two] = await receiver.whenReceived(2)
    if (one === undefined || two === undefined) throw new Error('nothing came')
    expect([isSigned(one, secret), isSigned(one, previousSecret)]).toEqual([true, false])
    expect([isSigned(two, secret), isSigned(two, previousSecret)]).toEqual([true, true])
    expect(isSigned({ ...two, body: two.body.replace('success', 'refused') }, secret)).toBe(false)
  })

  it.each([400, 401, 404, 410, 422])('gives up for good on %d', async (status) => {
    await using receiver = await httpReceiver()
    receiver.answer = () => status
    await expect(createWebhook({ url: receiver.url, secret }).send(told, signal)).rejects.toMatchObject({
      code: 'NOTICE_REFUSED',
      retryable: false,
      message: expect.stringContaining(String(status)),
    })
  })

  it.each([408, 425, 429, 500, 502, 503])('is to come again after %d', async (status) => {
    await using receiver = await httpReceiver()
    receiver.answer = () => status
    await expect(createWebhook({ url: receiver.url, secret }).send(told, signal)).rejects.toMatchObject({
      code: 'NOTICE_UNDELIVERED',
      retryable: true,
    })
  })

  it('follows no redirect: nobody else gets what was meant for one', async () => {
    await using other = await httpReceiver()
    await using receiver = await httpReceiver()
    receiver.answer = () => ({ redirect: other.url })
    await expect(createWebhook({ url: receiver.url, secret }).send(told, signal)).rejects.toMatchObject({
      code: 'NOTICE_REFUSED',
    })
    expect(other.received).toEqual([])
  })

  it('does not wait for ever, and says nothing of the address', { timeout: 60_000 }, async () => {
    await using receiver = await httpReceiver()
    receiver.answer = () => 'silence'
    const error = await failureOf(createWebhook({ url: receiver.url, secret }).send(told, signal))
    expect(error).toMatchObject({
      code: 'NOTICE_UNDELIVERED',
      details: { reason: 'timeout' },
    })
    expect(JSON.stringify([error.message, error.stack])).not.toMatch(/127\.0\.0\.1|secret-path/)
  })

  it('tells a refused connection from an unknown host, and names neither', async () => {
    const closed = await portThatNobodyHas()
    const away = await failureOf(
      createWebhook({ url: `http://127.0.0.1:${closed}/hooks`, secret }).send(told, signal),
    )
    expect(away).toMatchObject({ retryable: true, details: { reason: 'refused_connection' } })
    expect(`${away.message} ${String(away.stack)}`).not.toContain(String(closed))
    const nowhere = await failureOf(
      createWebhook({ url: 'http://nobody.invalid/hooks', secret }).send(told, signal),
    )
    expect(nowhere).toMatchObject({ retryable: true, details: { reason: 'unknown_host' } })
  })

  it('ends by the signal’s own reason', async () => {
    await using receiver = await httpReceiver()
    receiver.answer = () => 'silence'
    const stop = new AbortController()
    const sending = createWebhook({ url: receiver.url, secret }).send(told, stop.signal)
    await Promise.all([
      expect(sending).rejects.toThrow('enough'),
      receiver.whenReceived(1).then(() => stop.abort(new Error('enough'))),
    ])
  })
})

describe('Slack', () => {
  it('gets the sentence as text that mentions nobody, whatever a device is called', async () => {
    await using receiver = await httpReceiver()
    await createSlackChannel(receiver.url).send(told, signal)
    const { text } = JSON.parse(receiver.received[0]?.body ?? '') as { text: string }
    expect(text).toMatch(/^\*Door "Gate &lt;!channel&gt;" was opened\*\nadmin@example\.com opened/)
    expect(text).not.toMatch(/[<>]/)
  })

  it('is to come again when it asks for patience, and not when the hook is gone', async () => {
    await using receiver = await httpReceiver()
    receiver.answer = (_, before) => (before === 0 ? 429 : 404)
    const slack = createSlackChannel(receiver.url)
    await expect(slack.send(told, signal)).rejects.toMatchObject({ code: 'NOTICE_UNDELIVERED' })
    await expect(slack.send(told, signal)).rejects.toMatchObject({ code: 'NOTICE_REFUSED' })
  })
})

async function portThatNobodyHas(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
