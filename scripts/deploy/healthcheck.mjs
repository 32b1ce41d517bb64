// Health checks of containers: ends with 0 where the process can do its work. Without an argument it asks the API of this
// machine whether it is ready; with `worker` it looks how old the worker's sign of life (ALIVE_FILE) is. Plain JavaScript
// without dependencies: it starts every few seconds.
import { statSync } from 'node:fs'
import { get as getPlain } from 'node:http'
import { get as getByTls } from 'node:https'

/** A worker gives a sign every 5 seconds; one that has given none for so long hangs, or its database or Redis is away. */
const OLDEST_SIGN_MS = 60_000
const ANSWER_WITHIN_MS = 4_000
const READY_PATH = '/api/v1/health/ready'

const { PORT, TLS_CERT, ALIVE_FILE } = process.env
const [role = 'api'] = process.argv.slice(2)

try {
  if (role === 'worker') checkSign(ALIVE_FILE)
  else await askWhetherReady()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function checkSign(path) {
  if (!path) throw new Error('ALIVE_FILE is not set')
  const ageMs = Date.now() - statSync(path).mtimeMs
  if (ageMs > OLDEST_SIGN_MS) throw new Error(`the last sign of life is ${Math.round(ageMs / 1000)} s old`)
}

function askWhetherReady() {
  const get = TLS_CERT ? getByTls : getPlain
  const where = {
    host: '127.0.0.1',
    port: PORT || 3000,
    path: READY_PATH,
    // The certificate is for the name that callers use, not for this one.
    rejectUnauthorized: false,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  }
  return new Promise((resolve, reject) => {
    get(where, (answer) => {
      answer.resume()
      if (answer.statusCode === 200) resolve()
      else reject(new Error(`${READY_PATH} answers ${answer.statusCode}`))
    }).on('error', reject)
  })
}
