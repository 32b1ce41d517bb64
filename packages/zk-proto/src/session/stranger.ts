// Who is there when the first bytes of a connection are none of this protocol's. Used by the client session.
import { hexHead } from '../bytes.ts'
import { ZkProtocolError } from '../errors.ts'
import type { ZkError } from '../errors.ts'
import { looksLikePullPanel } from '../packet.ts'

const PULL_FRAME_END = 0x55

/** ZK_PULL_PANEL or ZK_NOT_A_TERMINAL, with the first bytes in its details. `cause` is what they failed with. */
export function strangerAt(head: Uint8Array, cause: ZkError | undefined): ZkError {
  const options = { effect: 'none', details: { head: hexHead(head) }, cause } as const
  return looksLikePullPanel(head)
    ? new ZkProtocolError(
        'ZK_PULL_PANEL',
        'This is a C3 or inBio access panel: it speaks the PULL protocol, not that of standalone terminals',
        options,
      )
    : new ZkProtocolError(
        'ZK_NOT_A_TERMINAL',
        'What answers there does not speak the terminal protocol',
        options,
      )
}

/** Whether a datagram is a whole frame of a C3 or inBio panel. Source: capture notzk-c3-panel. */
export function looksLikePullFrame(datagram: Uint8Array): boolean {
  return looksLikePullPanel(datagram) && datagram.at(-1) === PULL_FRAME_END
}
