// probe: what is at an address, asked over TCP and over UDP, for whoever cannot connect and wants to know why. No ping: much
// of what answers one is no terminal, and terminals stand behind walls that swallow it.
import { checkOptions, DEFAULT_PORT, reach } from './connect.ts'
import type { ConnectOptions, Kind } from './connect.ts'
import { ZkError } from './errors.ts'
import { TerminalLine } from './terminal-line.ts'

/**
 * What was found one way. `terminal`: it lets clients in. `key_wanted`, `key_wrong`: a terminal, with another key.
 * `clients_refused`: a terminal whose firmware serves no clients. `busy`: it accepted the connection and ended it without a
 * word. `pull_panel`: a C3 or inBio panel. `not_a_terminal`: something else answers. `silent`: nobody answers, be it that a
 * connection was accepted. `refused_connection`: the host is there and nothing listens. `unreachable`, `name_not_found`: no
 * way to the host. `failed`: none of these; see `error`.
 */
export type ProbeFinding =
  | 'terminal'
  | 'key_wanted'
  | 'key_wrong'
  | 'clients_refused'
  | 'busy'
  | 'pull_panel'
  | 'not_a_terminal'
  | 'silent'
  | 'refused_connection'
  | 'unreachable'
  | 'name_not_found'
  | 'failed'

/** What was found over TCP, or over UDP. */
export interface ProbedWay {
  readonly finding: ProbeFinding
  /** What `connect` would have thrown; undefined for a terminal that lets clients in. Its message says what to do. */
  readonly error: ZkError | undefined
}

/** What is at an address. */
export interface Probe {
  readonly host: string
  readonly port: number
  readonly tcp: ProbedWay
  readonly udp: ProbedWay
  /** The way to connect by; undefined where neither lets clients in. */
  readonly transport: Kind | undefined
}

export type ProbeOptions = Pick<ConnectOptions, 'host' | 'port' | 'commKey' | 'timeouts' | 'signal'>

/**
 * Looks what is there, over TCP and then over UDP, and leaves. Never throws for what it finds; throws ZK_ABORTED, and a
 * ZkUsageError for bad options. `timeouts.connectMs` bounds each of the two or three waits.
 */
export async function probe(options: ProbeOptions): Promise<Probe> {
  checkOptions(options)
  const { host, port = DEFAULT_PORT } = options
  // One after the other: a terminal that serves one client would call itself busy.
  const tcp = await probeBy('tcp', options)
  const udp = await probeBy('udp', options)
  const transport = tcp.finding === 'terminal' ? 'tcp' : udp.finding === 'terminal' ? 'udp' : undefined
  return { host, port, tcp, udp, transport }
}

async function probeBy(kind: Kind, options: ProbeOptions): Promise<ProbedWay> {
  try {
    const driven = await reach(kind, options)
    await new TerminalLine(driven, '').close()
    return { finding: 'terminal', error: undefined }
  } catch (error) {
    if (!(error instanceof ZkError) || error.code === 'ZK_ABORTED') throw error
    return { finding: findingOf(error), error }
  }
}

const FINDINGS: Partial<Record<ZkError['code'], ProbeFinding>> = {
  ZK_KEY_REQUIRED: 'key_wanted',
  ZK_KEY_WRONG: 'key_wrong',
  ZK_CLIENTS_REFUSED: 'clients_refused',
  ZK_BUSY: 'busy',
  ZK_PULL_PANEL: 'pull_panel',
  ZK_NOT_A_TERMINAL: 'not_a_terminal',
}

const REASONS: readonly ProbeFinding[] = ['silent', 'refused_connection', 'unreachable', 'name_not_found']

function findingOf({ code, details }: ZkError): ProbeFinding {
  const { reason } = details
  return FINDINGS[code] ?? REASONS.find((finding) => finding === reason) ?? 'failed'
}
