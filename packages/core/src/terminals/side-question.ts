// Questions to a terminal on whose answer nothing hangs: its clock, its name. Firmware refuses them or answers nonsense, and
// what the terminal was really wanted for goes on without.
import { ZkProtocolError, ZkRefusedError, type Terminal } from '@org/zk-proto'

/** The answer; undefined where the terminal refuses it or nobody can read it. Throws when the session ended over it. */
export async function ifTold<T>(
  terminal: Pick<Terminal, 'closed'>,
  answer: Promise<T>,
): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    const unanswered = error instanceof ZkRefusedError || error instanceof ZkProtocolError
    if (unanswered && !terminal.closed) return undefined
    throw error
  }
}
