// Answers that last, such as a stream: they check their caller again, and end when it may no longer.
import Fastify from 'fastify'
import type { FastifyPluginAsync } from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Caller, Services } from '@org/core'
import { authentication } from '../../src/plugins/authentication.ts'
import { errorReplies } from '../../src/plugins/error-replies.ts'
import { tokens } from '../../src/plugins/tokens.ts'
import { servicesDouble } from '../support/services-double.ts'
import { signToken } from '../support/signed-token.ts'

const MACHINE: Caller = {
  name: 'key:gate',
  role: 'operator',
  accountId: null,
  apiKeyId: 7,
  familyId: null,
  deviceIds: [1],
}
const KEY = { 'x-api-key': 'zk_it' }

interface Asked {
  readonly path?: string
  readonly headers: Readonly<Record<string, string>>
  /** Happens while the request lasts. */
  readonly meanwhile?: (() => void) | undefined
}

/** One route that checks its caller once more, and one that has none. */
const lastingRoutes: FastifyPluginAsync<Pick<Asked, 'meanwhile'>> = async (app, { meanwhile }) => {
  app.get('/lasting/:deviceId', { config: { role: 'operator' } }, async (lasting) => {
    const before = lasting.caller.name
    meanwhile?.()
    return { before, after: (await lasting.standing.check()).name }
  })
  app.get('/open', { config: { role: 'anyone' } }, async (lasting) => lasting.standing.check())
}

/** Asks a route that checks its caller at the beginning, as all do, and once more later. */
async function ask(services: Services, { path = '/lasting/1', headers, meanwhile }: Asked) {
  const app = Fastify()
  app.decorate('services', services)
  await app.register(errorReplies)
  await app.register(tokens, { secrets: services.accounts.tokenSecrets })
  await app.register(authentication)
  await app.register(lastingRoutes, { meanwhile })
  const answer = await app.inject({ url: path, headers: { ...headers } })
  await app.close()
  return { status: answer.statusCode, body: answer.json<unknown>() }
}

describe('a request that lasts', () => {
  afterEach(() => void vi.useRealTimers())

  it('goes on while its caller may', async () => {
    const services = servicesDouble({ apiKeys: { findCaller: async () => MACHINE } })
    expect(await ask(services, { headers: KEY })).toEqual({
      status: 200,
      body: { before: 'key:gate', after: 'key:gate' },
    })
  })

  it.each([
    ['its key is revoked', undefined, 401],
    ['its key has a lower role', { ...MACHINE, role: 'user' as const }, 403],
    ['its key is for other devices', { ...MACHINE, deviceIds: [2] }, 403],
  ])('ends when %s', async (_, later, status) => {
    let now: Caller | undefined = MACHINE
    const services = servicesDouble({ apiKeys: { findCaller: async () => now } })
    const answer = await ask(services, { headers: KEY, meanwhile: () => void (now = later) })
    expect(answer.status).toBe(status)
  })

  it('ends with its token', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const exp = Math.floor(Date.now() / 1000) + 60
    const answer = await ask(servicesDouble(), {
      headers: { authorization: `Bearer ${signToken({ claims: { exp } })}` },
      meanwhile: () => void vi.setSystemTime((exp + 1) * 1000),
    })
    expect(answer).toMatchObject({ status: 401, body: { error: { code: 'TOKEN_EXPIRED' } } })
  })

  it('has no caller to check where anyone may ask', async () => {
    expect((await ask(servicesDouble(), { path: '/open', headers: KEY })).status).toBe(401)
  })
})
