// The HTTP service on a free port of this machine, on services made by hand.
import { afterAll, beforeAll } from 'vitest'
import { startApi } from '../../src/index.ts'
import { Client } from './client.ts'
import { servicesDouble } from './services-double.ts'
import type { Replacements } from './services-double.ts'
import { signToken } from './signed-token.ts'

export interface Listening extends AsyncDisposable {
  readonly client: Client
  /** An access token of the account that the services know. */
  readonly token: string
}

/** Listens with these services; ends with the scope of `await using`. */
export async function listening(replaced: Replacements = {}): Promise<Listening> {
  const api = await startApi(servicesDouble(replaced), { host: '127.0.0.1', port: 0 })
  return {
    client: await Client.to(api.address),
    token: signToken(),
    [Symbol.asyncDispose]: () => api.close(),
  }
}

/** The same service for all tests of a file that ask nothing special of it. */
export function listeningForAll(): Pick<Listening, 'client' | 'token'> {
  let it: Listening | undefined
  const open = (): Listening => {
    if (it === undefined) throw new Error('it listens only while tests run')
    return it
  }
  beforeAll(async () => {
    it = await listening()
  })
  afterAll(() => it?.[Symbol.asyncDispose]())
  return {
    get client() {
      return open().client
    },
    get token() {
      return open().token
    },
  }
}
