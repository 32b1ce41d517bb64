import { describe, expect, it } from 'vitest'
import { CODES, REPLIES } from '../../src/codes.ts'
import { ZkError } from '../../src/errors.ts'
import { framePacket } from '../../src/framing.ts'
import type { Framing } from '../../src/framing.ts'
import { SLICE_BYTES } from '../../src/procedures/bulk-read.ts'
import { handshake } from '../../src/procedures/handshake.ts'
import { readAttendance } from '../../src/procedures/read-attendance.ts'
import { readIdentity } from '../../src/procedures/read-info.ts'
import { readPeople } from '../../src/procedures/read-people.ts'
import { ClientSession } from '../../src/session/client-session.ts'
import type { Run } from '../../src/session/client-session.ts'
import type { Procedure } from '../../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../../src/session/session.ts'
import { TerminalSession } from '../../src/session/terminal-session.ts'
import { seededRandom } from '../support/cuts.ts'
import { log40, people72 } from '../support/logs.ts'
import { mutated } from '../support/mutations.ts'
import { ScriptedTerminal } from '../support/scripted-terminal.ts'

const SEED = Number(process.env['ZK_FUZZ_SEED'] ?? 20_261_123)
/** Of each end over each transport: 1,200,000 in all. */
const PACKETS = 300_000
const MOST_STEPS = 20_000
const MOST_MS = 3_600_000
/** All that is alive at any time, above what was at the start; sessions come and go by the ten thousand. */
const MOST_MEMORY_BYTES = 256 * 1024 * 1024
const NO_TIME_LIMIT_MS = 600_000

const SCRIPT = {
  attendance: log40(32),
  people: people72(16),
  capacity: { records: 32, people: 16, recordCapacity: 1000, personCapacity: 100 },
  options: { '~SerialNumber': 'A1', '~Platform': 'ZLM60_TFT' },
  packetBytes: 256,
  commKey: 7,
}

interface Count {
  packets: number
  runs: number
  /** Runs that ended well, in spite of it all. */
  well: number
  readonly refusals: Map<string, number>
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** One conversation with a terminal: before one in three of its packets, or in its stead, come some spoilt ones. */
function converse(framing: Framing, seed: number, count: Count): void {
  const random = seededRandom(seed)
  const client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
  const terminal = new ScriptedTerminal({ ...SCRIPT, commKey: random() < 0.5 ? 0 : 7 }, framing)
  const sliceBytes = SLICE_BYTES[framing]
  const asked: Procedure<unknown, unknown>[] = [
    handshake(7),
    readAttendance({ from: undefined, onProgress: undefined, sliceBytes }),
    readPeople({ nameEncoding: 'auto', onProgress: undefined, sliceBytes }),
    readIdentity(),
  ]
  const open = new Set(asked)
  let now = 0
  const resumes: Run[] = []
  for (const procedure of asked) {
    const run: Run = client.run(
      procedure,
      {
        deadline: 600_000,
        usesBuffer: true,
        offered: () => resumes.push(run),
        settled: (outcome) => {
          open.delete(procedure)
          count.runs += 1
          if (outcome.ok) count.well += 1
          else if (outcome.error instanceof ZkError) {
            const { code } = outcome.error
            count.refusals.set(code, (count.refusals.get(code) ?? 0) + 1)
          } else throw outcome.error
        },
      },
      now,
    )
  }
  for (let steps = 0; open.size > 0; steps += 1) {
    if (steps > MOST_STEPS || now > MOST_MS) throw new Error(`it hangs: ${steps} steps, ${now} ms`)
    let moved = false
    for (let out = client.takeOutgoing(); out !== undefined; out = client.takeOutgoing()) {
      terminal.session.receive(out, now)
      terminal.work()
      moved = true
    }
    const { session } = terminal
    for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
      moved = true
      now += 1
      if (random() < 0.33) {
        for (let copies = 1 + Math.floor(random() * 4); copies > 0; copies -= 1) {
          count.packets += 1
          client.receive(mutated(out, framing, random), now)
        }
        if (random() < 0.5) continue
      }
      client.receive(out, now)
    }
    for (let event = client.takeEvent(); event !== undefined; event = client.takeEvent()) {
      if (event.type === 'broken') client.detach(event.error, now)
    }
    for (const run of resumes.splice(0)) run.resume(now)
    if (moved || open.size === 0) continue
    const { wakeAt } = client
    if (wakeAt === undefined) throw new Error('it hangs: nobody waits for anything')
    now = Math.max(now, wakeAt)
    client.tick(now)
  }
}

/** Throws that which it found with the seed that found it. */
function underSeed(seed: number, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new Error(`found with seed ${seed}`, { cause: error })
  }
}

describe.each(['tcp', 'udp'] as const)(`over %s, with seed ${SEED}`, (framing) => {
  it(
    `a client that is sent ${PACKETS} spoilt packets gives results or errors of its own, in bounded time and memory`,
    { timeout: NO_TIME_LIMIT_MS },
    () => {
      const before = memoryBytes()
      const count: Count = { packets: 0, runs: 0, well: 0, refusals: new Map() }
      let highest = 0
      for (let seed = SEED; count.packets < PACKETS; seed += 1) {
        underSeed(seed, () => converse(framing, seed, count))
        if (seed % 64 === 0) highest = Math.max(highest, memoryBytes() - before)
      }
      expect(highest).toBeLessThan(MOST_MEMORY_BYTES)
      expect(count.well).toBeGreaterThan(count.runs / 20)
      expect([...count.refusals.keys()]).toContain('ZK_BAD_RECORD')
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
      let terminal = new ScriptedTerminal(SCRIPT, framing)
      let ended = 0
      let answered = 0
      for (let n = 0; n < PACKETS; n += 1) {
        const packet = corpus[Math.floor(random() * corpus.length)] ?? new Uint8Array(0)
        underSeed(SEED, () => {
          terminal.session.receive(mutated(packet, framing, random), n)
          workBounded(terminal)
        })
        for (
          let out = terminal.session.takeOutgoing();
          out !== undefined;
          out = terminal.session.takeOutgoing()
        ) {
          answered += 1
        }
        if (terminal.session.ended) {
          ended += 1
          terminal = new ScriptedTerminal(SCRIPT, framing)
        }
        // What it was asked is kept by the scripted terminal, for tests, and not by the session.
        terminal.asked.length = 0
        if (n % 4096 === 0) highest = Math.max(highest, memoryBytes() - before)
      }
      expect(highest).toBeLessThan(MOST_MEMORY_BYTES)
      expect(answered).toBeGreaterThan(PACKETS / 20)
      expect(ended > 0).toBe(framing === 'tcp')
    },
  )
})

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
  const terminal = new ScriptedTerminal({ ...SCRIPT, commKey: 0 }, framing)
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
      for (
        let out = terminal.session.takeOutgoing();
        out !== undefined;
        out = terminal.session.takeOutgoing()
      ) {
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
