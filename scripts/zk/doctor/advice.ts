// What a failure of the library means to whoever stands before the terminal, and what they do next. Sentences hold no address, so that
// they can stand in a report.
import { ZK_ERRORS, type ZkError, type ZkErrorCode } from '@org/zk-proto'
import type { Finding } from './check.ts'

/** What the sentences speak of. */
export interface Place {
  readonly port: number
  readonly way: 'tcp' | 'udp'
  readonly timeoutMs: number
  /** Whether a terminal has been heard already: then silence means something else. */
  readonly heard: boolean
}

const MENU = 'At the terminal look into Menu → Comm → Ethernet'

/** Details that say nothing of people, addresses or keys. The head of a log does, so it is not among them. */
const HARMLESS = [
  'reason',
  'system',
  'replyCode',
  'totalBytes',
  'announcedRecords',
  'scores',
  'waitedMs',
  'expectedBytes',
  'receivedBytes',
]

/** The finding of a step that failed with this. */
export function failedWith(error: ZkError, place: Place): Finding {
  const { said, advice } = place.heard ? midway(error, place) : atTheDoor(error, place)
  return { verdict: 'failed', said, advice, code: error.code, details: harmless(error) }
}

function harmless({ details }: ZkError): NonNullable<Finding['details']> {
  return Object.fromEntries(Object.entries(details).filter(([name]) => HARMLESS.includes(name)))
}

interface Sentences {
  readonly said: string
  readonly advice: string
}

/** Nobody has answered as a terminal does yet. */
function atTheDoor(error: ZkError, { port, way, timeoutMs }: Place): Sentences {
  const seconds = Math.round(timeoutMs / 100) / 10
  switch (reasonOf(error)) {
    case 'refused_connection':
      return {
        said: `The host answers, and nothing listens on port ${port} there`,
        advice: `${MENU}: is the TCP COMM port ${port}, and is the address that of the terminal? A firewall that refuses answers the same way.`,
      }
    case 'unreachable':
      return {
        said: 'There is no way to the address',
        advice: `Is this machine in the same network or routed to it? ${MENU}: address, subnet mask and gateway; try to ping it.`,
      }
    case 'name_not_found':
      return {
        said: 'The name leads to no address',
        advice: 'Check the spelling, or give the address itself.',
      }
    case 'silent':
      return way === 'tcp' && error.details['waitedMs'] === undefined
        ? {
            said: `Something accepted the connection and said nothing for ${seconds} s`,
            advice:
              'A terminal does that while it serves another client: close other software and try again, or switch it off and on. If it stays so, something else listens on the port.',
          }
        : {
            said: `Nothing answers on port ${port} within ${seconds} s`,
            advice: `Is the terminal switched on and its cable in? ${MENU}: address and port. Then firewalls between here and there: ${way.toUpperCase()} ${port} must be let through.`,
          }
    default:
      return byCode(error, port)
  }
}

const UNUSABLE = (said: string): Sentences => ({
  said: `What came is no answer that can be used: ${lower(said)}`,
  advice:
    'Try again. If it repeats, something between here and the terminal changes the bytes (cable, Wi-Fi, a proxy), or the firmware speaks a form that is not known yet: report it with the file of --report.',
})
const ENDED: Sentences = {
  said: 'The connection ended in the middle',
  advice:
    'Terminals end connections when they restart or when other software takes over: close that, wait a minute and try again.',
}
const REFUSED: Sentences = {
  said: 'The terminal refuses this',
  advice:
    'This firmware cannot do it, or does it under other conditions: report it with the file of --report.',
}

/** What a failure means once a terminal was there. */
const MIDWAY: Partial<Record<ZkErrorCode, Sentences>> = {
  ZK_CONNECTION_LOST: ENDED,
  ZK_CONNECT_FAILED: ENDED,
  ZK_BAD_FRAME: UNUSABLE(ZK_ERRORS.ZK_BAD_FRAME.meaning),
  ZK_BAD_CHECKSUM: UNUSABLE(ZK_ERRORS.ZK_BAD_CHECKSUM.meaning),
  ZK_UNEXPECTED_REPLY: UNUSABLE(ZK_ERRORS.ZK_UNEXPECTED_REPLY.meaning),
  ZK_TRANSFER_INCOMPLETE: UNUSABLE(ZK_ERRORS.ZK_TRANSFER_INCOMPLETE.meaning),
  ZK_TOO_LARGE: UNUSABLE(ZK_ERRORS.ZK_TOO_LARGE.meaning),
  ZK_BAD_RECORD: {
    said: 'The records have a form that is not known',
    advice:
      'Nothing is guessed, so nothing was misread. Report it with the file of --report, and the model and firmware in it.',
  },
  ZK_REFUSED: REFUSED,
  ZK_UNSUPPORTED: REFUSED,
}

function midway(error: ZkError, { port, timeoutMs }: Place): Sentences {
  if (error.code === 'ZK_TIMEOUT')
    return {
      said: `The terminal fell silent in the middle: no whole answer within ${Math.round(timeoutMs / 100) / 10} s`,
      advice:
        'Try again with --timeout 60: large memories and slow lines take their time. If it stays so, switch the terminal off and on, and look at the line (Wi-Fi, VPN).',
    }
  return MIDWAY[error.code] ?? byCode(error, port)
}

/** What a terminal, or something else, has answered. */
const ANSWERED: Partial<Record<ZkErrorCode, Sentences>> = {
  ZK_KEY_REQUIRED: {
    said: 'The terminal wants a comm key, and none was given',
    advice:
      'Give it with --comm-key-stdin. It stands at the terminal under Menu → Comm → PC Connection → Comm Key.',
  },
  ZK_KEY_WRONG: {
    said: 'The comm key is not the one that is set at the terminal',
    advice:
      'It stands at the terminal under Menu → Comm → PC Connection → Comm Key. Do not guess: some models shut clients out after a few tries.',
  },
  ZK_BUSY: {
    said: 'It accepted the connection and ended it without a word, as terminals do that serve another client',
    advice:
      'Most models serve one client at a time: close other software (ZKTime, BioTime, this service) and try again.',
  },
  ZK_CLIENTS_REFUSED: {
    said: 'The terminal answers, and its firmware lets no clients in',
    advice:
      'Look for a setting such as “PC connection” or “Standalone communication” in Menu → Comm, or ask the vendor for firmware that has it. Firmware made only for push (ADMS) cannot be read this way.',
  },
  ZK_PULL_PANEL: {
    said: 'This is a C3 or inBio access panel, which speaks another protocol (PULL) on the same port',
    advice: 'Use software for the PULL protocol; this service reads standalone terminals.',
  },
}

function byCode({ code, details }: ZkError, port: number): Sentences {
  if (code === 'ZK_NOT_A_TERMINAL')
    return {
      said: `${stranger(details['head'])} on port ${port}, no ZKTeco terminal`,
      advice: `Check address and port. ${MENU}: the port is 4370 unless it was changed.`,
    }
  const { meaning, remedy } = ZK_ERRORS[code]
  return ANSWERED[code] ?? { said: meaning.replace(/\.$/, ''), advice: remedy }
}

/** Known beginnings of what other programs say, in hex. */
const STRANGERS: readonly (readonly [head: RegExp, who: string])[] = [
  [/^(?:485454502f|3c)/, 'A web server answers'],
  [/^5353482d/, 'An SSH server answers'],
  [/^1603|^1503/, 'A server that speaks TLS answers'],
  [/^2b4f4b|^323230/, 'A mail or file server answers'],
]

function stranger(head: unknown): string {
  const hex = typeof head === 'string' ? head.replaceAll(/\s/g, '').toLowerCase() : ''
  return STRANGERS.find(([beginning]) => beginning.test(hex))?.[1] ?? 'Something answers'
}

function reasonOf({ code, details }: ZkError): unknown {
  const codes: readonly ZkErrorCode[] = ['ZK_CONNECT_FAILED', 'ZK_TIMEOUT']
  return codes.includes(code) ? details['reason'] : undefined
}

function lower(text: string): string {
  return (text.charAt(0).toLowerCase() + text.slice(1)).replace(/\.$/, '')
}
