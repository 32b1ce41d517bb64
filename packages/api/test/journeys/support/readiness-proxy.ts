// A load balancer as small as it can be: asks each API process whether requests should come, and gives each request, in turn, to
// one that says yes; while none does, the request waits. It repeats nothing: what goes wrong is its client's to see.
import { once } from 'node:events'
import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../../../core/test/support/wait-until.ts'

const LOOK_EVERY_MS = 100
/** Who has said nothing within this is what they were: a busy machine is no farewell. */
const ANSWER_WITHIN_MS = 2_000
/** How long a request may wait for somebody who is ready. */
const PATIENCE_MS = 20_000

export interface ReadinessProxy extends AsyncDisposable {
  readonly address: string
  /** What could not be passed on, in words. */
  readonly failures: readonly string[]
  /** From now on this process is asked too; resolves when it is ready. */
  include(origin: string): Promise<void>
}

/** Connections to each process are kept open between requests, as a load balancer does. */
interface Behind {
  readonly origin: string
  readonly agent: Agent
  isReady: boolean
}

export async function readinessProxy(): Promise<ReadinessProxy> {
  const behind: Behind[] = []
  const failures: string[] = []
  const ending = new AbortController()
  const looks: Promise<void>[] = []
  let turn = 0

  const someoneReady = (): Behind | undefined => {
    const ready = behind.filter(({ isReady }) => isReady)
    return ready[(turn += 1) % Math.max(1, ready.length)]
  }

  const pass = async (incoming: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const giveUpAt = performance.now() + PATIENCE_MS
    let to = someoneReady()
    for (; to === undefined && performance.now() < giveUpAt; to = someoneReady()) await sleep(LOOK_EVERY_MS)
    let clientGone = false
    const fail = (why: string): void => {
      if (clientGone) return
      failures.push(`${incoming.method} ${incoming.url}: ${why}`)
      if (answer.headersSent) answer.destroy()
      else answer.writeHead(502).end()
    }
    if (to === undefined) return fail('no process is ready')
    const { connection: _, ...headers } = incoming.headers
    const outgoing = ask(
      `${to.origin}${incoming.url}`,
      { method: incoming.method, headers, agent: to.agent },
      (reply) => {
        const { connection: __, ...passed } = reply.headers
        answer.writeHead(reply.statusCode ?? 502, passed)
        reply.on('error', (error) => fail(`${to.origin} broke off: ${error.message}`))
        reply.pipe(answer)
      },
    )
    outgoing.on('error', (error) => fail(`${to.origin}: ${error.message}`))
    answer.once('close', () => {
      clientGone = !answer.writableFinished
      if (clientGone) outgoing.destroy()
    })
    incoming.pipe(outgoing)
  }

  const look = async (it: Behind): Promise<void> => {
    while (!ending.signal.aborted) {
      it.isReady = (await saysReady(it.origin)) ?? it.isReady
      await sleep(LOOK_EVERY_MS)
    }
  }

  const server = createServer(
    { keepAliveTimeout: 0 },
    (incoming, answer) => void pass(incoming, answer),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    async include(origin) {
      const it: Behind = { origin, agent: new Agent({ keepAlive: true }), isReady: false }
      behind.push(it)
      looks.push(look(it))
      await waitUntil(`${origin} is ready`, () => it.isReady || undefined)
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await Promise.all(looks)
      server.close()
      server.closeAllConnections()
      for (const { agent } of behind) agent.destroy()
      await once(server, 'close')
    },
  }
}

/** Undefined while it is not known. */
async function saysReady(origin: string): Promise<boolean | undefined> {
  try {
    const answer = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    await answer.arrayBuffer()
    return answer.ok
  } catch (error) {
    // Anything but a late answer: it is gone, or not there yet.
    return error instanceof DOMException && error.name === 'TimeoutError' ? undefined : false
  }
}
