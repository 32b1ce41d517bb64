// The log of one request, under its name. Most requests say nothing while they run, and a logger costs as much as the check of a
// token: it is made when the first word is said.
import type { FastifyBaseLogger } from 'fastify'

type Member = string | symbol

/** A logger that is like `parent` and does as the one that `make` gives, once. */
export function requestLog(parent: FastifyBaseLogger, make: () => FastifyBaseLogger): FastifyBaseLogger {
  let made: FastifyBaseLogger | undefined
  const log = (): FastifyBaseLogger => (made ??= make())
  return new Proxy(parent, {
    get(_parent, name: Member): unknown {
      // The framework looks whether every method is there, before there is anything to say.
      if (made === undefined && METHODS.has(name)) return (...said: unknown[]) => callOf(log(), name, said)
      const member: unknown = Reflect.get(log(), name)
      return typeof member === 'function' ? member.bind(made) : member
    },
    set: (_parent, name: Member, value) => Reflect.set(log(), name, value),
  })
}

const METHODS: ReadonlySet<Member> = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child'])

function callOf(log: FastifyBaseLogger, name: Member, said: readonly unknown[]): unknown {
  const method: unknown = Reflect.get(log, name)
  return typeof method === 'function' ? Reflect.apply(method, log, said) : undefined
}
