// Notices by e-mail, to a real SMTP server.
import { describe, expect, it } from 'vitest'
import type { Notice } from '../../src/index.ts'
import { createSmtpChannel, type MailTarget } from '../../src/notices/smtp.ts'
import { mailServer } from '../../../../scripts/toolchain/mail-server.ts'
import { quiet } from '../support/scratch-service.ts'
import { failureOf } from '../support/failure-of.ts'

const signal = new AbortController().signal
const noticeId = '5f0c5d3e-6d0b-4b1e-9a55-2f6d3a1c7e10'
const at = '2024-02-05T14:30:00.123Z'
const told = (notice: Notice) => ({ noticeId, at, notice })
const offline = told({ kind: 'device.offline', deviceId: 3, deviceName: 'Pintu Utama', reason: null })

const channelTo = (url: string, changes: Partial<MailTarget> = {}) =>
  createSmtpChannel(
    { url, from: 'Doors <doors@example.com>', to: ['one@example.org', 'two@example.org'], ...changes },
    quiet,
  )

describe('notices by e-mail', () => {
  it('arrive at everybody, with a subject, the sentence, and an id that a repetition keeps', async () => {
    await using server = await mailServer()
    const channel = channelTo(`smtp://127.0.0.1:${server.port}`)
    await channel.send(offline, signal)
    await channel.send(offline, signal)
    const [first, second] = server.mails
    expect(first).toMatchObject({ from: 'doors@example.com', to: ['one@example.org', 'two@example.org'] })
    expect(first?.raw).toMatch(/^Subject: =\?UTF-8\?Q\?Terminal_=22Pintu_Utama=22_is_offline\?=\r$/m)
    expect(first?.raw).toMatch(/^From: Doors <doors@example.com>\r$/m)
    expect(first?.raw).toContain('cannot be reached')
    for (const mail of [first, second])
      expect(mail?.raw).toMatch(new RegExp(`^Message-ID: <${noticeId}@example.com>\r$`, 'im'))
  })

  it('have no header that a device’s name has made', async () => {
    await using server = await mailServer()
    const deviceName = 'Gate\r\nBcc: mallory@example.net\r\n\r\nBody'
    await channelTo(`smtp://127.0.0.1:${server.port}`).send(
      told({ kind: 'device.online', deviceId: 3, deviceName }),
      signal,
    )
    const [mail] = server.mails
    expect(mail?.to).toEqual(['one@example.org', 'two@example.org'])
    const headers = mail?.raw.split('\r\n\r\n')[0]?.replaceAll(/\r\n\s+/g, ' ')
    expect(headers).not.toMatch(/^bcc:/im)
    expect(headers).toMatch(/^Subject: .*Gate_Bcc=3A_mallory/m)
  })

  it('log in with the user and password of the URL', async () => {
    await using server = await mailServer({ login: { user: 'me@example.com', password: 'p@ss:word' } })
    const channel = channelTo(`smtp://me%40example.com:p%40ss%3Aword@127.0.0.1:${server.port}`)
    await channel.send(offline, signal)
    expect(server.mails).toHaveLength(1)
  })

  it('wait for somebody to put a wrong password right, and do not tell it', async () => {
    await using server = await mailServer({ login: { user: 'me', password: 'right' } })
    const error = await failureOf(
      channelTo(`smtp://me:wrong-one@127.0.0.1:${server.port}`).send(offline, signal),
    )
    expect(error).toMatchObject({
      code: 'NOTICE_UNDELIVERED',
      details: { reason: 'authentication' },
    })
    expect(`${error.message}${String(error.stack)}`).not.toContain('wrong-one')
  })

  it('go over TLS where the URL says smtps, to a certificate that somebody vouches for', async () => {
    await using server = await mailServer({ secure: true })
    const url = `smtps://localhost:${server.port}`
    await expect(channelTo(url).send(offline, signal)).rejects.toMatchObject({
      code: 'NOTICE_UNDELIVERED',
      details: { reason: 'tls' },
    })
    await channelTo(`${url}?tls.rejectUnauthorized=false`).send(offline, signal)
    expect(server.mails).toHaveLength(1)
  })

  it('are given up where the server will not have them, and come again where it is only busy', async () => {
    await using server = await mailServer()
    const channel = channelTo(`smtp://127.0.0.1:${server.port}`)
    server.refuseMessage = 552
    await expect(channel.send(offline, signal)).rejects.toMatchObject({ code: 'NOTICE_REFUSED' })
    server.refuseMessage = 451
    await expect(channel.send(offline, signal)).rejects.toMatchObject({ code: 'NOTICE_UNDELIVERED' })
    server.refuseMessage = undefined
    server.refuseRecipient = () => 550
    const error = await failureOf(channel.send(offline, signal))
    expect(error).toMatchObject({ code: 'NOTICE_REFUSED' })
    expect(`${error.message}${String(error.stack)}`).not.toContain('example.org')
  })

  it('come again for a recipient who was put off, and not for one who was refused', async () => {
    await using server = await mailServer()
    const channel = channelTo(`smtp://127.0.0.1:${server.port}`)
    server.refuseRecipient = (address) => (address === 'two@example.org' ? 450 : undefined)
    await expect(channel.send(offline, signal)).rejects.toMatchObject({ code: 'NOTICE_UNDELIVERED' })
    server.refuseRecipient = (address) => (address === 'two@example.org' ? 550 : undefined)
    await channel.send(offline, signal)
    expect(server.mails.map(({ to }) => to)).toEqual([['one@example.org'], ['one@example.org']])
  })

  it('are not delivered while nobody listens, and the error names no address', async () => {
    const server = await mailServer()
    await server[Symbol.asyncDispose]()
    const error = await failureOf(channelTo(`smtp://127.0.0.1:${server.port}`).send(offline, signal))
    expect(error).toMatchObject({ code: 'NOTICE_UNDELIVERED', details: { reason: 'refused_connection' } })
    expect(`${error.message}${String(error.stack)}`).not.toMatch(/127\.0\.0\.1/)
  })
})
