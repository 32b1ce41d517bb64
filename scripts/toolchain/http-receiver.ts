// A server that somebody else would have: keeps what is posted to it and answers as a test says.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** One request. */
export interface Received {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** An HTTP status; with a place to go, a redirect; or no answer at all. */
export type ReceiverAnswer = number | { readonly redirect: string } | 'silence'

export interface HttpReceiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** Called for each request, with how many came before it. 200 until it is set. */
  answer: (request: Received, before: number) => ReceiverAnswer
  /** Waits until so many requests have come. */
  whenReceived(count: number): Promise<readonly Received[]>
}

const PATIENCE_MS = 60_000

export async function httpReceiver(): Promise<HttpReceiver> {
  const received: Received[] = []
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const each = { headers: request.headers, body: await text(request) }
    const answer = receiver.answer(each, received.length)
    received.push(each)
    if (answer === 'silence') return
    if (typeof answer === 'number') response.writeHead(answer).end('a long answer '.repeat(1_000))
    else response.writeHead(307, { location: answer.redirect }).end()
  }
  const server = createServer((request, response) => void take(request, response))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const port = portOf(server)
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${port}/hooks/very-secret-path`,
    received,
    answer: () => 200,
    async whenReceived(count) {
      const deadline = Date.now() + PATIENCE_MS
      while (received.length < count) {
        if (Date.now() > deadline) throw new Error(`only ${received.length} of ${count} requests came`)
        await sleep(20)
      }
      return received
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return receiver
}

/** Where a server listens that does. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return address.port
}
