// A load balancer as small as it can be: asks each API process whether requests should come, and gives each request, in turn, to
// one that says yes. It repeats nothing: what goes wrong is its client's to see.
import { once } from 'node:events'
import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { waitUntil } from '../../../../core/test/support/wait-until.ts'

const LOOK_EVERY_MS = 100
/** Who has not said yes within this is not ready. */
const ANSWER_WITHIN_MS = 2_000

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

  const pass = (incoming: IncomingMessage, answer: ServerResponse): void => {
    const ready = behind.filter(({ isReady }) => isReady)
    const to = ready[(turn += 1) % Math.max(1, ready.length)]
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
      it.isReady = await saysReady(it.origin)
      await sleep(LOOK_EVERY_MS)
    }
  }

  const server = createServer({ keepAliveTimeout: 0 }, pass).listen(0, '127.0.0.1')
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

async function saysReady(origin: string): Promise<boolean> {
  try {
    const answer = await fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false // gone, or not there yet
  }
}
