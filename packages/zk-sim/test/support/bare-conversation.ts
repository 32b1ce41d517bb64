// A conversation of bare packets with a terminal that was just started: ask, look at the code, look at its memory.
import { CODES } from '@org/zk-proto/wire'
import { startTerminal, type TerminalOptions } from '../../src/simulated-terminal.ts'
import { RawClient, type Received } from './raw-client.ts'

const NO_DATA = new Uint8Array(0)

/** A terminal over TCP with three people and five punches unless said, and a session on it. */
export async function bareConversation(options: TerminalOptions = {}) {
  const terminal = await startTerminal({ people: 3, punches: 5, transports: ['tcp'], ...options })
  const client = await RawClient.tcp(terminal.port)
  const { session } = await client.ask({ command: CODES.CONNECT })
  let replyId = 0
  const ask = (command: number, payload: Uint8Array = NO_DATA): Promise<Received> => {
    replyId += 1
    return client.ask({ command, session, replyId, payload })
  }
  return {
    terminal,
    client,
    session,
    memory: terminal.memory,
    ask,
    codeOf: async (command: number, payload?: Uint8Array): Promise<number> =>
      (await ask(command, payload)).command,
    async [Symbol.asyncDispose](): Promise<void> {
      await client[Symbol.asyncDispose]()
      await terminal.stop()
    },
  }
}
