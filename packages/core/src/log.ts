// The log: JSON lines by pino, each with the request on whose behalf it was written. What must never be read in a log is cut out
// by name here, wherever an object is logged.
import { pino, type DestinationStream, type Logger } from 'pino'
import { currentOrigin, type WorkOrigin } from './work-origin.ts'

/** Properties whose values are secrets, at the top of a logged object or one or two levels in it. */
const SECRETS = [
  'password',
  'current_password',
  'new_password',
  'passwordHash',
  'commKey',
  'commKeyEncrypted',
  'authorization',
  'cookie',
  'access_token',
  'refresh_token',
  'accessToken',
  'refreshToken',
  'token',
  'tokenId',
  'key',
  'secret',
  'x-api-key',
]

const DEPTHS = ['', '*.', '*.*.']

/** Marks a log whose lines name an origin already; its children inherit it. */
const NAMES_ORIGIN = Symbol('names its origin')

/** The same log with this origin in every line, whoever writes it. */
export function logOf(log: Logger, origin: WorkOrigin): Logger {
  const named = log.child(origin)
  Reflect.set(named, NAMES_ORIGIN, true)
  return named
}

/** Lines go to standard output unless a destination is given. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: (_line: object, _level: number, log: Logger) =>
      Reflect.get(log, NAMES_ORIGIN) === true ? {} : { ...currentOrigin() },
    redact: {
      paths: DEPTHS.flatMap((depth) =>
        SECRETS.map((name) => (name.includes('-') ? `${depth.replace(/\.$/, '')}["${name}"]` : depth + name)),
      ),
      censor: '[redacted]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
