// Notices by e-mail. Encryption is as SMTP_URL says: smtps:// from the start; smtp:// by STARTTLS where the server offers it, and
// with ?requireTLS=true not without.
import { createTransport } from 'nodemailer'
import type { Logger } from 'pino'
import { hindranceOf, refused, undelivered, type Channel } from './channel.ts'
import { sentenceOf } from './sentences.ts'

/** The mail server, and who writes to whom. */
export interface MailTarget {
  /** smtp://user:password@host:port or smtps://… */
  readonly url: string
  readonly from: string
  readonly to: readonly string[]
}

/** What one message may take in all, and each step of it. */
const SEND_WITHIN_MS = 30_000
const STEP_WITHIN_MS = 10_000

export function createSmtpChannel({ url, from, to }: MailTarget, log: Logger): Channel {
  const transport = createTransport({
    url,
    connectionTimeout: STEP_WITHIN_MS,
    greetingTimeout: STEP_WITHIN_MS,
    socketTimeout: STEP_WITHIN_MS,
    dnsTimeout: STEP_WITHIN_MS,
    socketCloseTimeout: 0,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    debug: false,
    transactionLog: false,
  })
  const idDomain = /@([\w.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'
  return {
    async send({ noticeId, at, notice }, signal) {
      const { subject, text } = sentenceOf(notice)
      const message = {
        from,
        to: [...to],
        subject,
        text: `${text}\n\n${at}\n`,
        date: new Date(at),
        // The same in every repetition: mail programs show it once.
        messageId: `<${noticeId}@${idDomain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_WITHIN_MS)]),
      }
      let someRefused: number[]
      try {
        someRefused = codesOf(await transport.sendMail(message))
      } catch (error) {
        signal.throwIfAborted()
        throw inOurWords(error)
      }
      if (someRefused.length === 0) return
      // Some have it. Those who were put off get it with the repetition, and the others twice, by the same id.
      const passing = someRefused.find((code) => !isPermanent(code))
      if (passing !== undefined) throw undelivered({ status: passing })
      log.warn({ noticeId, codes: someRefused }, 'the mail server refused some recipients of a notice')
    },
  }
}

/** A password can be put right, so that the server does not know us is not for good; all its other refusals by 5xx are. */
function inOurWords(error: unknown): Error {
  if (error instanceof Error && 'code' in error && error.code === 'EAUTH')
    return undelivered('authentication')
  const codes = codesOf(error)
  const passing = codes.find((code) => !isPermanent(code))
  if (passing !== undefined) return undelivered({ status: passing })
  const [permanent] = codes
  return permanent === undefined ? undelivered(hindranceOf(error)) : refused(permanent)
}

/** The SMTP codes with which recipients or the whole message were refused. */
function codesOf(outcome: unknown): number[] {
  if (typeof outcome !== 'object' || outcome === null) return []
  if (
    'rejectedErrors' in outcome &&
    Array.isArray(outcome.rejectedErrors) &&
    outcome.rejectedErrors.length > 0
  )
    return outcome.rejectedErrors.flatMap((each: unknown) => codesOf(each))
  return 'responseCode' in outcome && typeof outcome.responseCode === 'number' ? [outcome.responseCode] : []
}

function isPermanent(code: number): boolean {
  return code >= 500 && code < 600
}
