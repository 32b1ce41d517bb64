// The log: JSON lines by pino. What must never be read in a log is cut out by name here, wherever an object is logged.
import { pino, type DestinationStream, type Logger } from 'pino'

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

/** Lines go to standard output unless a destination is given. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: DEPTHS.flatMap((depth) =>
        SECRETS.map((name) => (name.includes('-') ? `${depth.replace(/\.$/, '')}["${name}"]` : depth + name)),
      ),
      censor: '[redacted]',
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
