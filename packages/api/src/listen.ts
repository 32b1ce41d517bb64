// Puts the HTTP service on an address, and takes it off again within bounded time.
import { pause, type Services } from '@org/core'
import type { FastifyInstance } from 'fastify'
import { buildApp } from './app.ts'

/** How long requests that run may go on once the service begins to stop, its drain included; then their connections are cut. */
const CLOSE_LIMIT_MS = 6_000

/** The HTTP service as it listens. */
export interface RunningApi {
  /** Where it listens, as a URL without a slash at its end. */
  readonly address: string
  /**
   * From now on the process is not ready, but goes on answering for the drain's time (DRAIN_SECONDS), each answer the last on its
   * connection; then it takes no more requests and lets running ones finish. 6 seconds at most. Core is left as it is.
   */
  close(): Promise<void>
}

/**
 * Builds the service and listens.
 * @param at address and port; port 0 takes any free one. Default: HOST and PORT of the configuration.
 * @throws the listening error, such as EADDRINUSE
 */
export async function startApi(
  services: Services,
  at: { host?: string; port?: number } = {},
): Promise<RunningApi> {
  const { config } = services
  const app = await buildApp(services)
  try {
    const address = await app.listen({ host: at.host ?? config.HOST, port: at.port ?? config.PORT })
    return { address, close: () => closeWithin(app, services, CLOSE_LIMIT_MS) }
  } catch (error) {
    await app.close()
    throw error
  }
}

async function closeWithin(app: FastifyInstance, services: Services, limitMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), limitMs)
  try {
    services.announceStop()
    await drain(services)
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}

/** Lets whoever follows readiness notice. A process that may not go on alone on its data does not wait for that. */
async function drain({ config: { drainMs }, log, mustStop }: Services): Promise<void> {
  if (drainMs === 0) return
  log.info({ drainMs }, 'no longer ready; still answering whoever has not noticed')
  await pause(drainMs, mustStop)
}
