import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { CODES, REPLIES } from '../../src/codes.ts'
import { ZkError } from '../../src/errors.ts'
import { framePacket } from '../../src/framing.ts'
import type { Framing } from '../../src/framing.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { readIdentity } from '../../src/procedures/read-info.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import { hear } from '../../src/session/procedure.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { TerminalSession } from '../../src/session/terminal-session.ts'
import { seededRandom } from '../support/cuts.ts'
import { converse, emptyTally, FUZZED } from '../support/fuzz-conversation.ts'
import { mutated } from '../support/mutations.ts'
import { ScriptedTerminal } from '../support/scripted-terminal.ts'

const SEED = Number(process.env['ZK_FUZZ_SEED'] ?? 20_261_123)
/** To a client, whose conversations end sooner over TCP; with those to a terminal 1,200,000 in all. */
const TO_CLIENT = { tcp: 150_000, udp: 450_000 } as const
/** To a terminal, over each transport. */
const PACKETS = 300_000
/** What may be alive at any time above what was at the start: a session or two and their tables, and the runner's own. */
const MOST_MEMORY_BYTES = 32 * 1024 * 1024
const NO_TIME_LIMIT_MS = 600_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is alive, after all that is not has been swept up: the second time waits for what the first leaves to be freed. */
function memoryBytes(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe.each(['tcp', 'udp'] as const)(`over %s, with seed ${SEED}`, (framing) => {
  it(
    `a client that is sent ${TO_CLIENT[framing]} spoilt packets gives results or errors of its own, in bounded time and memory`,
    { timeout: NO_TIME_LIMIT_MS },
    () => {
      const before = memoryBytes()
      const tally = emptyTally()
      let highest = 0
      for (let seed = SEED; tally.packets < TO_CLIENT[framing]; seed += 1) {
        converse(framing, seed, tally)
        if (seed % 2048 === 0) highest = Math.max(highest, memoryBytes() - before)
      }
      expect(highest).toBeLessThan(MOST_MEMORY_BYTES)
      expect(tally.well).toBeGreaterThan(tally.runs / 5)
      expect(tally.events).toBeGreaterThan(TO_CLIENT[framing] / 50)
      expect([...tally.refusals.keys()]).toEqual(
        expect.arrayContaining([
          'ZK_BAD_RECORD',
          'ZK_TOO_LARGE',
          'ZK_TRANSFER_INCOMPLETE',
          'ZK_UNEXPECTED_REPLY',
        ]),
      )
    },
  )

  it(
    `a terminal that is sent ${PACKETS} spoilt packets answers or ends, in bounded memory`,
    { timeout: NO_TIME_LIMIT_MS },
    () => {
      const random = seededRandom(SEED)
      const corpus = requests(framing)
      const before = memoryBytes()
      let highest = 0
      let terminal = new ScriptedTerminal(FUZZED, framing)
      let ended = 0
      let answered = 0
      for (let n = 0; n < PACKETS; n += 1) {
        const packet = corpus[Math.floor(random() * corpus.length)] ?? new Uint8Array(0)
        underSeed(SEED, () => {
          terminal.session.receive(mutated(packet, framing, random), n)
          workBounded(terminal)
        })
        const { session } = terminal
        for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) answered += 1
        if (session.ended) {
          ended += 1
          terminal = new ScriptedTerminal(FUZZED, framing)
        }
        // What it was asked is kept by the scripted terminal, for tests, and not by the session.
        terminal.asked.length = 0
        if (n % 30_000 === 0) highest = Math.max(highest, memoryBytes() - before)
      }
      expect(highest).toBeLessThan(MOST_MEMORY_BYTES)
      expect(answered).toBeGreaterThan(PACKETS / 20)
      expect(ended > 0).toBe(framing === 'tcp')
    },
  )

  it('a client that nobody serves, and whose listener never takes anything, holds no more for hearing more', () => {
    const random = seededRandom(SEED)
    const client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
    client.run(listenOnce(), { deadline: Number.POSITIVE_INFINITY, settled: () => undefined }, 0)
    const grown: number[] = []
    for (let n = 0; n < 60_000; n += 1) {
      const code = random() < 0.5 ? CODES.REG_EVENT : Math.floor(random() * 65_536)
      const header = { command: code, session: Math.floor(random() * 65_536), replyId: n % 7 }
      client.receive(framePacket(framing, header, new Uint8Array(Math.floor(random() * 300))), n)
      while (client.takeOutgoing() !== undefined);
      while (client.takeEvent() !== undefined);
      if (n % 20_000 === 19_999) grown.push(memoryBytes())
    }
    const [first = 0, , last = 0] = grown
    expect(last - first).toBeLessThan(2 * 1024 * 1024)
  })
})

/** Listens, and then has no more interest. */
function* listenOnce(): Procedure<void, string> {
  yield* hear(0)
  yield { kind: 'offer', value: 'listening' }
}

/** Throws that which it found with the seed that found it. */
function underSeed(seed: number, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new Error(`found with seed ${seed}`, { cause: error })
  }
}

/** The scripted terminal refuses with its own errors what no layout fits; a real one answers 2001. */
function workBounded(terminal: ScriptedTerminal): void {
  for (;;) {
    try {
      terminal.work()
      return
    } catch (error) {
      if (!(error instanceof ZkError)) throw error
    }
  }
}

/** What clients send: a whole conversation, and an acknowledgement. */
function requests(framing: Framing): Uint8Array[] {
  const client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
  const terminal = new ScriptedTerminal({ ...FUZZED, commKey: 0 }, framing)
  const sent: Uint8Array[] = [
    framePacket(framing, { command: REPLIES.ACK_OK, session: 1, replyId: 0 }, new Uint8Array(0)),
    framePacket(framing, { command: CODES.UNLOCK, session: 0x3c5c, replyId: 9 }, new Uint8Array(4)),
  ]
  const sliceBytes = SLICE_BYTES[framing]
  for (const procedure of [
    handshake(7),
    readIdentity(),
    readPeople({ nameEncoding: 'auto', onProgress: undefined, sliceBytes }),
  ] as Procedure<unknown>[]) {
    const open = new Set([procedure])
    client.run(procedure, { deadline: Number.POSITIVE_INFINITY, settled: () => open.clear() }, 0)
    while (open.size > 0) {
      for (let out = client.takeOutgoing(); out !== undefined; out = client.takeOutgoing()) {
        sent.push(out)
        terminal.session.receive(out, 0)
        terminal.work()
      }
      const { session } = terminal
      for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
        client.receive(out, 0)
      }
    }
  }
  return sent
}

it('both ends of a session take any bytes at all', () => {
  const random = seededRandom(SEED)
  for (let n = 0; n < 20_000; n += 1) {
    const noise = Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256))
    const framing = n % 2 === 0 ? 'udp' : 'tcp'
    underSeed(SEED + n, () => {
      const client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
      client.receive(noise, 0)
      expect(client.heard).toBe(false)
      new TerminalSession({ framing }).receive(noise, 0)
    })
  }
})
