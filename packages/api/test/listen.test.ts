// Listening, stopping within bounds, TLS.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { startApi } from '../src/index.ts'
import { Client } from './support/client.ts'
import { CERTIFICATE, PRIVATE_KEY } from './support/localhost-certificate.ts'
import { JOB, servicesDouble } from './support/services-double.ts'
import type { Replacements } from './support/services-double.ts'
import { signToken } from './support/signed-token.ts'

const JOB_PATH = `/api/v1/queue/jobs/${JOB.id}`
const anywhere = { host: '127.0.0.1', port: 0 }

/** A service whose one answer waits until it is let go. */
function waiting(): { replaced: Replacements; begun: Promise<void>; letGo: () => void } {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const find = async () => {
    begun.resolve()
    await gate.promise
    return JOB
  }
  return { replaced: { jobs: { find } }, begun: begun.promise, letGo: gate.resolve }
}

describe('startApi', () => {
  it('listens where the configuration says, unless told otherwise', async () => {
    const config = { HOST: '127.0.0.1', PORT: 0 }
    const api = await startApi(servicesDouble({ config }))
    expect(api.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(`${api.address}/health/live`)).status).toBe(200)
    await api.close()
    await expect(fetch(`${api.address}/health/live`)).rejects.toThrow('fetch failed')
  })

  it('says when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(startApi(servicesDouble(), { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    taken.close()
  })

  it('lets a running request finish when it closes', async () => {
    const { replaced, begun, letGo } = waiting()
    const api = await startApi(servicesDouble(replaced), anywhere)
    const client = await Client.to(api.address)
    const answer = client.get(JOB_PATH, { token: signToken() })
    await begun
    const closed = api.close()
    letGo()
    expect((await answer).status).toBe(200)
    await closed
  })

  it('cuts a request that goes on for too long when it closes', async () => {
    const { replaced, begun, letGo } = waiting()
    const api = await startApi(servicesDouble(replaced), anywhere)
    const client = await Client.to(api.address)
    const answer = client.get(JOB_PATH, { token: signToken() })
    const outcome = answer.then(
      () => 'answered',
      () => 'cut',
    )
    await begun
    await api.close()
    letGo()
    expect(await outcome).toBe('cut')
  })

  it('is not ready at once when it closes, goes on answering for its drain, and ends each connection with the answer', async () => {
    const over = new AbortController()
    const config = { drainMs: 600_000 }
    const api = await startApi(servicesDouble({ config, mustStop: over.signal }), anywhere)
    const ask = (path: string) => fetch(`${api.address}${path}`)
    const before = await ask('/health/ready')
    expect([before.status, before.headers.get('connection')]).toEqual([200, 'keep-alive'])

    const closed = api.close()
    const ready = await ask('/health/ready')
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close'])
    const { status, headers } = await ask('/health/live')
    expect([status, headers.get('connection')]).toEqual([200, 'close'])
    expect((await ask('/nowhere')).headers.get('connection')).toBe('close')
    over.abort()
    await closed
    await expect(ask('/health/live')).rejects.toThrow('fetch failed')
  })

  it('does not drain once it may no longer run on its data', async () => {
    const config = { drainMs: 600_000 }
    const api = await startApi(servicesDouble({ config, mustStop: AbortSignal.abort() }), anywhere)
    await api.close()
    await expect(fetch(`${api.address}/health/live`)).rejects.toThrow('fetch failed')
  })

  it('speaks HTTPS with TLS_CERT and TLS_KEY, and then tells browsers to stay with it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'api-tls-'))
    const [TLS_CERT, TLS_KEY] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
    await writeFile(TLS_CERT, CERTIFICATE)
    await writeFile(TLS_KEY, PRIVATE_KEY)
    const api = await startApi(servicesDouble({ config: { TLS_CERT, TLS_KEY } }), anywhere)
    const asked = request(`${api.address}/health/live`, { ca: CERTIFICATE }).end()
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    expect(response.headers['strict-transport-security']).toContain('max-age=')
    expect(await text(response)).toContain('"live"')
    await api.close()
    await rm(folder, { recursive: true })
  })
})
