// The whole service as a process of its own, embedded as a newcomer starts it, and somebody logged in to it. What the parts of
// the bench on HTTP ask.
import { randomUUID } from 'node:crypto'
import { startProcess } from '../../../packages/api/test/journeys/support/service-process.ts'

/** The admin that the service begins with. */
export const ADMIN = { email: 'admin@example.com', password: `bench-${randomUUID()}` }

/** Settings that stand in nobody's way: limits that are never reached. */
export const NO_LIMITS: Readonly<Record<string, string>> = {
  LOG_LEVEL: 'info',
  ADMIN_EMAIL: ADMIN.email,
  ADMIN_PASSWORD: ADMIN.password,
  RATE_LIMIT_PER_MINUTE: '1000000',
  LOGIN_RATE_LIMIT_PER_MINUTE: '1000000',
}

/** A running service. */
export interface HttpService extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly address: string
}

/** Starts it on a data folder and waits until it says that it listens. */
export async function startHttpService(folder: string): Promise<HttpService> {
  const { NODE_COMPILE_CACHE } = process.env // as npm sets it, here and for a service
  const kept = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }
  const env = { ...NO_LIMITS, ...kept, DATA_DIR: folder, PORT: '0' }
  // It logs as it does by default, into a pipe; reading every line would be work for the process that measures.
  const keepOutput = false
  const options = {
    script: 'scripts/start.ts',
    args: ['--no-demo'],
    env,
    readyMessage: 'listening',
    keepOutput,
  }
  const service = await startProcess(options)
  return {
    address: String(service.ready['address']),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  }
}

/** `data` of a successful answer. Throws for any other. */
export async function ask(url: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  const answer: unknown = JSON.parse(text)
  return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'data') : undefined
}

/** `data` of a successful POST of JSON. */
export function post(url: string, body: object, token?: string): Promise<unknown> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(body),
  })
}

/** An access token of the admin. */
export async function logIn(address: string): Promise<string> {
  const login = await post(`${address}/api/v1/auth/login`, ADMIN)
  const token: unknown =
    typeof login === 'object' && login !== null ? Reflect.get(login, 'access_token') : null
  if (typeof token !== 'string') throw new Error('a login gave no token')
  return token
}
