// Coming to a terminal by one way: port, handshake and key, told apart and timed.
import { connect, ZkError, type Terminal, type ZkErrorCode } from '@org/zk-proto'
import { failedWith } from './advice.ts'
import { checkOf, notTried, type Check, type Finding } from './check.ts'

export type Way = 'tcp' | 'udp'

export interface ApproachOptions {
  readonly host: string
  readonly port: number
  readonly commKey: number
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Approach {
  readonly checks: readonly Check[]
  /** Connected; whoever gets it closes it. */
  readonly terminal: Terminal | undefined
  /** Whether there may be a terminal that speaks the other way alone. */
  readonly leavesOpen: boolean
}

/** After these nothing is tried the other way: a terminal, or whatever it is, has answered. */
const ANSWERS: readonly ZkErrorCode[] = [
  'ZK_KEY_REQUIRED',
  'ZK_KEY_WRONG',
  'ZK_CLIENTS_REFUSED',
  'ZK_PULL_PANEL',
  'ZK_BUSY',
]
const KEY_REFUSED: readonly ZkErrorCode[] = ['ZK_KEY_REQUIRED', 'ZK_KEY_WRONG']

/** Throws the signal's reason when it aborts; never throws for what it meets. */
export async function approach(way: Way, options: ApproachOptions): Promise<Approach> {
  const { commKey, signal, timeoutMs } = options
  const begun = performance.now()
  let reachedAt: number | undefined
  let keyAskedAt: number | undefined
  const portCheck = (at: number): Check =>
    way === 'tcp'
      ? checkOf('port', way, at - begun, { verdict: 'ok', said: 'Something accepts connections there' })
      : notTried('port', way, 'over UDP only an answer shows it')
  try {
    const terminal = await connect({
      host: options.host,
      port: options.port,
      transport: way,
      commKey,
      signal,
      timeouts: timeoutsOf(timeoutMs),
      onStep: (step) => {
        if (step === 'reached') reachedAt = performance.now()
        else keyAskedAt = performance.now()
      },
    })
    const end = performance.now()
    const reached = reachedAt ?? begun
    const answered = keyAskedAt ?? end
    return {
      terminal,
      leavesOpen: false,
      checks: [
        portCheck(reached),
        checkOf('handshake', way, answered - reached, { verdict: 'ok', said: 'A ZKTeco terminal answers' }),
        checkOf('key', way, end - answered, keyFinding(keyAskedAt !== undefined, commKey !== 0)),
      ],
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof ZkError)) throw error
    const end = performance.now()
    const finding = (heard: boolean): Finding =>
      failedWith(error, { port: options.port, way, timeoutMs, heard })
    const leavesOpen = !ANSWERS.includes(error.code) && error.details['reason'] !== 'unreachable'
    if (reachedAt === undefined) {
      const step = way === 'tcp' ? 'port' : 'handshake'
      return { terminal: undefined, leavesOpen, checks: [checkOf(step, way, end - begun, finding(false))] }
    }
    if (keyAskedAt === undefined || !isAboutKey(error)) {
      // A terminal that asked for a key has been heard, whatever happened then.
      const heard = keyAskedAt !== undefined
      const check = checkOf('handshake', way, end - reachedAt, finding(heard))
      return { terminal: undefined, leavesOpen: leavesOpen && !heard, checks: [portCheck(reachedAt), check] }
    }
    return {
      terminal: undefined,
      leavesOpen: false,
      checks: [
        portCheck(reachedAt),
        checkOf('handshake', way, keyAskedAt - reachedAt, {
          verdict: 'ok',
          said: 'A ZKTeco terminal answers',
        }),
        checkOf('key', way, end - keyAskedAt, finding(false)),
      ],
    }
  }
}

function isAboutKey({ code }: ZkError): boolean {
  return KEY_REFUSED.includes(code)
}

/** Every wait of the library within that of a step. */
function timeoutsOf(timeoutMs: number) {
  return { connectMs: timeoutMs, replyMs: timeoutMs, prepareMs: timeoutMs, transferIdleMs: timeoutMs }
}

function keyFinding(asked: boolean, given: boolean): Finding {
  if (asked)
    return {
      verdict: 'ok',
      said: given ? 'The comm key is right' : 'The terminal asks for a comm key and takes none for one',
    }
  return given
    ? {
        verdict: 'warning',
        said: 'The terminal asks for no comm key: the one that was given is not set there',
        advice:
          'Set it at the terminal (Menu → Comm → PC Connection → Comm Key), or register the device without one.',
      }
    : {
        verdict: 'ok',
        said: 'The terminal asks for no comm key',
        advice:
          'Whoever reaches its port may read it and open its door: set a comm key, and let only the service’s machine reach it.',
      }
}
