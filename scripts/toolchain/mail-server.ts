// A real SMTP server that keeps the messages it takes, and refuses as a test says.
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { portOf } from './http-receiver.ts'

/** A message as it came over the wire. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

export interface MailServer extends AsyncDisposable {
  readonly port: number
  readonly mails: readonly Mail[]
  /** Refuses recipients with this SMTP code; undefined takes them. */
  refuseRecipient: (address: string) => number | undefined
  /** Refuses whole messages with this SMTP code. */
  refuseMessage: number | undefined
}

export interface MailServerOptions {
  /** Encrypted from the start, with a certificate that nobody vouches for. */
  readonly secure?: boolean
  readonly login?: { readonly user: string; readonly password: string }
}

export async function mailServer({ secure = false, login }: MailServerOptions = {}): Promise<MailServer> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    secure,
    logger: false,
    authOptional: login === undefined,
    ...(secure ? {} : { disabledCommands: login === undefined ? ['AUTH', 'STARTTLS'] : ['STARTTLS'] }),
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) return done(null, { user: username })
      return done(new Error(`no such user ${username ?? ''} ${password ?? ''}`))
    },
    onRcptTo({ address }, _session, done) {
      const code = it.refuseRecipient(address)
      return done(code === undefined ? null : failure(code, `not for <${address}>`))
    },
    onData(stream, { envelope }, done) {
      const keep = async (): Promise<void> => {
        const raw = await text(stream)
        if (it.refuseMessage !== undefined) return done(failure(it.refuseMessage, 'no'))
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw })
        return done()
      }
      void keep()
    },
  })
  // Clients that hang up are part of the tests.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const it: MailServer = {
    port: portOf(server.server),
    mails,
    refuseRecipient: () => undefined,
    refuseMessage: undefined,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
      }),
  }
  return it
}

function failure(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
