// Everything that can go wrong, in one table: ZkError and its four families, what each code means and what to do.
// Every other file throws these and nothing else; the service and the documentation read the table.

/** Whose fault an error is. Each family is a subclass of ZkError. */
export type ZkErrorFamily = 'usage' | 'transport' | 'protocol' | 'refused'

/**
 * What happened at the terminal: `none`, the command did not reach it; `refused`, it answered that it will not;
 * `unknown`, the command was sent and no usable answer came, so that it may have been carried out.
 */
export type ZkEffect = 'none' | 'refused' | 'unknown'

/** One row of the table of errors. */
export interface ZkErrorEntry {
  /** Whose fault it is. */
  readonly family: ZkErrorFamily
  /** What can have happened at the terminal; the error that is thrown says which. */
  readonly effects: readonly ZkEffect[]
  readonly meaning: string
  /** What the reader of the message can do. */
  readonly remedy: string
}

/** All error codes of the library. */
export const ZK_ERRORS = {
  ZK_VALUE_OUT_OF_RANGE: {
    family: 'usage',
    effects: ['none'],
    meaning: 'An argument lies outside what the protocol can carry.',
    remedy: 'Correct the argument; nothing was sent.',
  },
  ZK_NOT_ENCODABLE: {
    family: 'usage',
    effects: ['none'],
    meaning: 'A text cannot be written in the field or the encoding of the terminal.',
    remedy: 'Shorten the text or choose another name encoding; nothing was sent.',
  },
  ZK_WRONG_ORDER: {
    family: 'usage',
    effects: ['none'],
    meaning: 'A call came before what it needs has happened, or a second time where once is all.',
    remedy: 'Await what comes first; start a new read for a second pass.',
  },
  ZK_CLOSED: {
    family: 'usage',
    effects: ['none', 'unknown'],
    meaning: 'The terminal object was closed, before the call or while it ran.',
    remedy: 'Connect again; where the effect is unknown, look first what the call has done.',
  },
  ZK_CONNECT_FAILED: {
    family: 'transport',
    effects: ['none'],
    meaning: 'No connection could be made to the address.',
    remedy: 'Check address, port, network and that the terminal is switched on.',
  },
  ZK_CONNECTION_LOST: {
    family: 'transport',
    effects: ['none', 'refused', 'unknown'],
    meaning: 'The connection ended while it was in use.',
    remedy: 'Connect again; terminals drop connections when they restart or when another client takes over.',
  },
  ZK_TIMEOUT: {
    family: 'transport',
    effects: ['none', 'unknown'],
    meaning: 'The terminal did not answer within the time allowed.',
    remedy:
      'Check that it is switched on and reachable; raise the time-out for slow links or large memories.',
  },
  ZK_ABORTED: {
    family: 'transport',
    effects: ['none', 'unknown'],
    meaning: 'The caller aborted the operation.',
    remedy: 'Nothing; it was asked for.',
  },
  ZK_PULL_PANEL: {
    family: 'protocol',
    effects: ['none'],
    meaning:
      'The address belongs to a C3 or inBio access panel, which speaks another protocol on the same port.',
    remedy: 'Use software for the PULL protocol; this library speaks to standalone terminals.',
  },
  ZK_NOT_A_TERMINAL: {
    family: 'protocol',
    effects: ['none'],
    meaning: 'What answers at the address does not speak the terminal protocol.',
    remedy: 'Check address and port.',
  },
  ZK_BAD_FRAME: {
    family: 'protocol',
    effects: ['unknown'],
    meaning: 'The byte stream is out of step: a packet does not begin where it must.',
    remedy: 'Connect again; if it repeats, something between here and the terminal alters the bytes.',
  },
  ZK_BAD_CHECKSUM: {
    family: 'protocol',
    effects: ['unknown'],
    meaning: 'Packets arrive damaged.',
    remedy: 'Try again; if it repeats, check the cabling and what lies between here and the terminal.',
  },
  ZK_BAD_RECORD: {
    family: 'protocol',
    effects: ['none', 'unknown'],
    meaning: 'Bytes of the terminal do not have a form that is known.',
    remedy: 'Report model, firmware and the bytes in `details`, so that the form can be added.',
  },
  ZK_UNEXPECTED_REPLY: {
    family: 'protocol',
    effects: ['unknown'],
    meaning: 'The terminal answered with a reply that does not belong to the command.',
    remedy: 'Report model and firmware together with `details`.',
  },
  ZK_TOO_LARGE: {
    family: 'protocol',
    effects: ['none', 'unknown'],
    meaning: 'The terminal announced or sent more than any of its tables can hold.',
    remedy: 'Connect again; nothing was kept.',
  },
  ZK_TRANSFER_INCOMPLETE: {
    family: 'protocol',
    effects: ['none', 'unknown'],
    meaning: 'A transfer ended short, overlong or in disorder, also after asking again.',
    remedy: 'Read again; do not use what was received as a whole.',
  },
  ZK_REFUSED: {
    family: 'refused',
    effects: ['refused', 'unknown'],
    meaning: 'The terminal answered that it will not carry out the command.',
    remedy: 'See `details` for its reply code; the argument may be unknown to it, or its memory full.',
  },
  ZK_KEY_REQUIRED: {
    family: 'refused',
    effects: ['refused'],
    meaning: 'The terminal wants a comm key and none was given.',
    remedy: 'Give the comm key that is set in the terminal’s communication menu.',
  },
  ZK_KEY_WRONG: {
    family: 'refused',
    effects: ['refused'],
    meaning: 'The comm key is not the one that is set in the terminal.',
    remedy: 'Correct the comm key; it is shown in the terminal’s communication menu.',
  },
  ZK_UNSUPPORTED: {
    family: 'refused',
    effects: ['refused'],
    meaning: 'The terminal does not know the command.',
    remedy: 'This model or firmware cannot do it.',
  },
  ZK_CLIENTS_REFUSED: {
    family: 'refused',
    effects: ['refused'],
    meaning:
      'The terminal answers the connect command with a code that is neither yes nor a request for a key.',
    remedy:
      'Its firmware serves no clients of this protocol; look for such a setting in its communication menu.',
  },
  ZK_BUSY: {
    family: 'refused',
    effects: ['refused'],
    meaning:
      'The terminal accepted the connection and ended it at once, as it does while it serves another client.',
    remedy: 'Close the other connection, or try again later.',
  },
} as const satisfies Record<string, ZkErrorEntry>

/** A code of the table. */
export type ZkErrorCode = keyof typeof ZK_ERRORS

/** The codes of one family. */
export type ZkErrorCodeOf<F extends ZkErrorFamily> = {
  [C in ZkErrorCode]: (typeof ZK_ERRORS)[C]['family'] extends F ? C : never
}[ZkErrorCode]

/** Facts beside the message, plain JSON. Bytes stand here as hex, cut to 64; keys and templates never do. */
export type ZkErrorDetails = Readonly<Record<string, string | number | boolean | null>>

export interface ZkErrorOptions {
  readonly effect?: ZkEffect
  readonly details?: ZkErrorDetails
  readonly cause?: unknown
}

/** The base of all errors that the library throws. Its subclasses say whose fault it is. */
export class ZkError extends Error {
  readonly code: ZkErrorCode
  readonly effect: ZkEffect
  readonly details: ZkErrorDetails

  protected constructor(
    code: ZkErrorCode,
    message: string,
    options: ZkErrorOptions & { readonly effect: ZkEffect },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.effect = options.effect
    this.details = options.details ?? {}
  }
}

/** The caller asked for something that cannot be. Nothing was sent, but for a call that ran while its terminal was closed. */
export class ZkUsageError extends ZkError {
  declare readonly code: ZkErrorCodeOf<'usage'>
  override readonly name = 'ZkUsageError'

  constructor(code: ZkErrorCodeOf<'usage'>, message: string, options: ZkErrorOptions = {}) {
    super(code, message, { ...options, effect: options.effect ?? 'none' })
  }
}

/** The network failed, or the caller stopped waiting. */
export class ZkTransportError extends ZkError {
  declare readonly code: ZkErrorCodeOf<'transport'>
  override readonly name = 'ZkTransportError'

  constructor(code: ZkErrorCodeOf<'transport'>, message: string, options: ZkErrorOptions = {}) {
    super(code, message, { ...options, effect: options.effect ?? 'unknown' })
  }
}

/** What arrived is not what the protocol says. */
export class ZkProtocolError extends ZkError {
  declare readonly code: ZkErrorCodeOf<'protocol'>
  override readonly name = 'ZkProtocolError'

  constructor(code: ZkErrorCodeOf<'protocol'>, message: string, options: ZkErrorOptions = {}) {
    super(code, message, { ...options, effect: options.effect ?? 'unknown' })
  }
}

/** The terminal answered no. */
export class ZkRefusedError extends ZkError {
  declare readonly code: ZkErrorCodeOf<'refused'>
  override readonly name = 'ZkRefusedError'

  constructor(code: ZkErrorCodeOf<'refused'>, message: string, options: ZkErrorOptions = {}) {
    super(code, message, { ...options, effect: options.effect ?? 'refused' })
  }
}
