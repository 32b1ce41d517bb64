// One command sent as it is and its answer given as it came: for looking into a terminal by hand.
import { joinBytes } from '../bytes.ts'
import { commandName, replyName } from '../codes.ts'
import { defineCommand } from '../commands/define-command.ts'
import { ZkProtocolError, ZkUsageError } from '../errors.ts'
import { anyBytes } from '../layout.ts'
import { request } from '../session/procedure.ts'
import type { Procedure } from '../session/procedure.ts'

/** What answered a command that was sent as it is: a refusal too. */
export interface RawAnswer {
  /** The reply's number, see docs/protocol §7. */
  readonly code: number
  /** Its name, such as `ACK_OK`. */
  readonly name: string
  /** What the session field holds; not the session in every answer. */
  readonly sessionField: number
  /** The data, those of a transfer put together. */
  readonly data: Uint8Array
  /** Whether they came as a transfer of several packets. */
  readonly transferred: boolean
}

const HIGHEST_COMMAND = 0xffff

/**
 * Sends data under a number, once. Throws ZK_VALUE_OUT_OF_RANGE for a number that no command has, and
 * ZK_TRANSFER_INCOMPLETE for a transfer that came damaged or short.
 */
export function* sendRaw(code: number, data: Uint8Array): Procedure<RawAnswer> {
  if (!Number.isInteger(code) || code < 0 || code > HIGHEST_COMMAND) {
    throw new ZkUsageError(
      'ZK_VALUE_OUT_OF_RANGE',
      `A command is a whole number from 0 to ${HIGHEST_COMMAND}, got ${String(code)}`,
    )
  }
  const command = defineCommand({
    name: commandName(code),
    code,
    request: anyBytes,
    reply: anyBytes,
    repeat: 'unsafe',
    patience: 'prepare',
  })
  const answer = yield* request(command, data)
  const { transfer } = answer
  if (transfer !== undefined && !(transfer.intact && transfer.sizeBytes === transfer.announcedBytes)) {
    throw new ZkProtocolError(
      'ZK_TRANSFER_INCOMPLETE',
      `Expected ${transfer.announcedBytes} bytes in answer to ${command.name}, got ${transfer.sizeBytes}${transfer.intact ? '' : ', damaged'}`,
      { details: { wanted: transfer.announcedBytes, received: transfer.sizeBytes, intact: transfer.intact } },
    )
  }
  return {
    code: answer.code,
    name: replyName(answer.code),
    sessionField: answer.sessionField,
    data: transfer === undefined ? answer.payload.slice() : joinBytes(transfer.pieces),
    transferred: transfer !== undefined,
  }
}
