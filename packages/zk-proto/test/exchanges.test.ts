// The recorded exchanges of the vectors, played again at both ends: the client's session sends what the recorded client sent
// and takes what the recorded terminal answered; the terminal's session, asked the same, answers with the same bytes.
import { describe, expect, it } from 'vitest'
import { fromHex, joinBytes, toHex } from '../src/bytes.ts'
import { CODES, REPLIES } from '../src/codes.ts'
import { transferHead } from '../src/commands/bulk.ts'
import { findCommand } from '../src/commands/catalogue.ts'
import { connectSession } from '../src/commands/connection.ts'
import { readClock } from '../src/commands/terminal.ts'
import { framePacket } from '../src/framing.ts'
import type { Framing } from '../src/framing.ts'
import { nameDecoder } from '../src/name-encoding.ts'
import { decodePacket } from '../src/packet.ts'
import type { Packet } from '../src/packet.ts'
import { findAttendanceForm } from '../src/records/attendance-form.ts'
import { decodePeople, findPersonForm } from '../src/records/person.ts'
import { Punch } from '../src/records/punch.ts'
import { decodeSingleTemplate, encodeSingleTemplate } from '../src/records/template.ts'
import { ClientSession } from '../src/session/client-session.ts'
import { request } from '../src/session/procedure.ts'
import type { Answer } from '../src/session/procedure.ts'
import { DEFAULT_TIMEOUTS } from '../src/session/session.ts'
import { TerminalSession } from '../src/session/terminal-session.ts'
import type { Outcome } from '../src/session/turns.ts'
import { byteByByte, cutAtRandom } from './support/cuts.ts'
import { readVectors, reassembled } from './support/recorded.ts'

interface Person {
  readonly uid: number
  readonly user_id: string
  readonly privilege?: number
}
interface Punched {
  readonly user_id: string
  readonly time: string
  readonly verify: number
  readonly state: number
}
interface Segments {
  readonly name: string
  readonly segments: readonly string[]
  readonly packets: readonly {
    readonly command: number
    readonly session_field: number
    readonly reply: number
    readonly data_length: number
    readonly checksum_ok: boolean
  }[]
  readonly data: string
  readonly data_total: number
  readonly declared?: number
  readonly users?: number
  readonly first?: Person
  readonly last?: Person
  readonly template_size?: number
  readonly head?: string
  readonly tail?: string
}
interface Steps {
  readonly name: string
  readonly transport: Framing
  readonly steps: readonly { readonly dir: 'c2t' | 't2c'; readonly hex: string }[]
  readonly expected?: { readonly records: number; readonly first: Punched; readonly last: Punched }
}

const { exchanges } = readVectors('exchanges') as { readonly exchanges: readonly (Segments | Steps)[] }
const streams = exchanges.filter((row): row is Segments => 'segments' in row)
const conversations = exchanges.filter((row): row is Steps => 'steps' in row)

const NO_BYTES = new Uint8Array(0)

function packetIn(hex: string, framing: Framing): Packet {
  return decodePacket(fromHex(hex).subarray(framing === 'tcp' ? 8 : 0))
}

/** A request of a recorded client with all that answered it, by reply id: an answer may come after the next request. */
interface Turn {
  readonly asked: Packet
  readonly hex: string
  readonly answers: readonly string[]
}

function turnsOf({ steps, transport }: Steps): Turn[] {
  const replyOf = (hex: string): number => packetIn(hex, transport).replyId
  return steps
    .filter(({ dir }) => dir === 'c2t')
    .map(({ hex }) => ({
      asked: packetIn(hex, transport),
      hex,
      answers: steps
        .filter((step) => step.dir === 't2c' && replyOf(step.hex) === replyOf(hex))
        .map((step) => step.hex),
    }))
}

/** A client that is given recorded answers. */
class Played {
  readonly #client: ClientSession
  readonly #framing: Framing
  #asked = 0

  constructor(framing: Framing) {
    this.#framing = framing
    this.#client = new ClientSession({ framing, timeouts: DEFAULT_TIMEOUTS })
  }

  /** Asks what was asked, is answered in these pieces, and gives what was sent and what it came to. */
  ask(
    asked: Pick<Packet, 'command' | 'payload'>,
    answers: readonly Uint8Array[],
  ): { sent: string; outcome: Outcome<Answer> | undefined } {
    const command = findCommand(asked.command)
    if (command === undefined) throw new Error(`no command ${asked.command}`)
    const outcomes: Outcome<Answer>[] = []
    const value = command.request.decode(asked.payload)
    this.#client.run(request(command, value), { deadline: 1e9, settled: (o) => outcomes.push(o) }, 0)
    const sent = toHex(this.#client.takeOutgoing() ?? NO_BYTES)
    for (const piece of answers) this.#client.receive(piece, 1)
    this.#asked += 1
    return { sent, outcome: outcomes[0] }
  }

  /** Opens the session and asks on until the next request has this reply id: recordings begin anywhere. */
  advanceTo(replyId: number, session: number): void {
    while (this.#asked < replyId) {
      const { code } = this.#asked === 0 ? connectSession : readClock
      const header = { command: REPLIES.ACK_OK, session, replyId: this.#asked }
      const answer = framePacket(this.#framing, header, NO_BYTES)
      if (this.ask({ command: code, payload: NO_BYTES }, [answer]).outcome?.ok !== true) {
        throw new Error('the way to the recording is barred')
      }
    }
  }
}

function dataOf(answer: Answer): Uint8Array {
  return answer.transfer === undefined ? answer.payload : joinBytes(answer.transfer.pieces)
}

/** The sessions that a recording has, as its first packets show them. */
function sessionOf({ steps, transport }: Steps): number {
  const answer = steps.find(({ dir }) => dir === 't2c')
  return answer === undefined ? 0 : packetIn(answer.hex, transport).session
}

describe.each(conversations)('the exchange "$name"', (exchange) => {
  const { transport, expected } = exchange
  const turns = turnsOf(exchange)

  /** Plays the client's part; `cut` says in which pieces the answers come. */
  function played(cut: (bytes: Uint8Array) => readonly Uint8Array[]): Answer[] {
    const client = new Played(transport)
    client.advanceTo(turns[0]?.asked.replyId ?? 0, sessionOf(exchange))
    return turns.flatMap(({ asked, hex, answers }) => {
      const bytes = answers.map((answer) => fromHex(answer))
      const pieces = transport === 'tcp' ? cut(joinBytes([NO_BYTES, ...bytes])) : bytes
      const { sent, outcome } = client.ask(asked, pieces)
      expect(sent).toBe(hex)
      if (answers.length === 0) return []
      if (outcome?.ok !== true) throw new Error(`no answer was found to ${hex.slice(0, 40)}`)
      return [outcome.value]
    })
  }

  it('is what the client sends and understands, whole, byte by byte and cut anyhow', () => {
    const whole = played((bytes) => [bytes])
    for (const cut of [byteByByte, (bytes: Uint8Array) => cutAtRandom(bytes, 3, 700)]) {
      const again = played(cut)
      expect(again.map(({ code, sessionField }) => [code, sessionField])).toEqual(
        whole.map(({ code, sessionField }) => [code, sessionField]),
      )
      expect(again.map((answer) => toHex(dataOf(answer)))).toEqual(
        whole.map((answer) => toHex(dataOf(answer))),
      )
    }
  })

  it('is what the terminal’s end answers with when it is asked the same', () => {
    const session = new TerminalSession({ framing: transport })
    for (const { hex, answers } of turns) {
      session.sessionId = sessionOf(exchange)
      session.receive(fromHex(hex), 0)
      const event = session.takeEvent()
      if (event?.type !== 'request') throw new Error(`no request was found in ${hex.slice(0, 40)}`)
      answerAlike(
        session,
        event.request,
        answers.map((answer) => packetIn(answer, transport)),
      )
      const sent: string[] = []
      for (let out = session.takeOutgoing(); out !== undefined; out = session.takeOutgoing()) {
        sent.push(toHex(out))
      }
      expect(sent).toEqual(answers)
    }
  })

  it('holds the punches that it is said to hold', () => {
    const slices = new Map<number, Uint8Array[]>()
    let table = 0
    const answers = played((bytes) => [bytes])
    for (const [i, { asked }] of turns.entries()) {
      const answer = answers[i]
      if (asked.command === CODES.DATA_WRRQ) table = asked.payload[1] ?? 0
      if (asked.command !== CODES.DATA_RDY || answer === undefined) continue
      slices.set(table, [...(slices.get(table) ?? []), dataOf(answer)])
    }
    const records = joinBytes([NO_BYTES, ...(slices.get(CODES.ATTLOG_RRQ) ?? [])]).subarray(4)
    expect(records.length / 40).toBe(expected?.records ?? 0)
    expect([punchAt(records, 0), punchAt(records, records.length - 40)]).toEqual([
      expected?.first,
      expected?.last,
    ])
  })
})

/** Answers as recorded: by one packet, or by a transfer that is cut and closed alike. */
function answerAlike(
  session: TerminalSession,
  asked: Parameters<TerminalSession['reply']>[0],
  answers: readonly Packet[],
): void {
  const [first] = answers
  if (first?.command !== REPLIES.PREPARE_DATA) {
    if (first !== undefined) session.reply(asked, { code: first.command, payload: first.payload })
    return
  }
  const { sizeBytes, packetBytes } = transferHead.decode(first.payload)
  const data = joinBytes(answers.filter(({ command }) => command === REPLIES.DATA).map((one) => one.payload))
  const closing = answers.at(-1)?.session ?? 0
  session.replyTransfer(asked, { data, packetBytes, closing, announcedBytes: sizeBytes })
}

function punchAt(records: Uint8Array, at: number): Punched | undefined {
  if (records.length === 0) return undefined
  const punch = new Punch(findAttendanceForm(records, records.length, undefined), records, at, 0)
  return { user_id: punch.logNumber, time: punch.wallTime, verify: punch.verifyMode, state: punch.state }
}

describe.each(streams)('the stream "$name"', (stream) => {
  const segments = stream.segments.map((hex) => fromHex(hex))
  const whole = joinBytes(segments)
  const packets = reassembled(segments).packets.map((hex) => decodePacket(fromHex(hex)))
  const data = joinBytes(packets.filter(({ command }) => command === REPLIES.DATA).map((one) => one.payload))

  it('gives its packets and data as it was cut, byte by byte, cut anyhow and glued', () => {
    expect(
      packets.map((packet) => ({
        command: packet.command,
        session_field: packet.session,
        reply: packet.replyId,
        data_length: packet.payload.length,
        checksum_ok: packet.checksum === 'right',
      })),
    ).toEqual(stream.packets)
    expect([data.length, toHex(data)]).toEqual([stream.data_total, stream.data])
    const alike = reassembled(segments)
    for (const pieces of [[whole], byteByByte(whole), cutAtRandom(whole, 11, 300)]) {
      expect(reassembled(pieces)).toEqual(alike)
    }
  })

  it('is taken by the client, and sent alike by the terminal’s end', () => {
    const asking = packets.map(({ replyId }) => replyId)
    const client = new Played('tcp')
    const home = packets[0]?.session ?? 0
    const session = new TerminalSession({ framing: 'tcp' })
    session.sessionId = home
    let answered = NO_BYTES
    for (const replyId of new Set(asking)) {
      const answers = packets.filter((packet) => packet.replyId === replyId)
      const inline = answers.length === 1
      const header = { command: inline ? CODES.DATA_WRRQ : CODES.DATA_RDY, session: home, replyId }
      const payload = new Uint8Array(inline ? 11 : 8)
      client.advanceTo(replyId, home)
      const asked = framePacket('tcp', header, payload)
      const closed = closedAlike(answers)
      const { sent, outcome } = client.ask(
        { ...header, payload },
        cutAtRandom(joinBytes(closed.map((packet) => framePacket('tcp', packet, packet.payload))), 5, 200),
      )
      expect(sent).toBe(toHex(asked))
      if (outcome?.ok !== true) throw new Error(`reply ${replyId} was not taken`)
      answered = new Uint8Array(dataOf(outcome.value))
      session.receive(asked, 0)
      const event = session.takeEvent()
      if (event?.type !== 'request') throw new Error('no request was found')
      answerAlike(session, event.request, closed)
      for (const wanted of closed) {
        expect(toHex(session.takeOutgoing() ?? NO_BYTES)).toBe(
          toHex(framePacket('tcp', wanted, wanted.payload)),
        )
      }
    }
    expect(toHex(answered)).toBe(stream.data)
  })
})

describe.each(streams.filter(({ users }) => users !== undefined))('the people of "$name"', (stream) => {
  it('are those that they are said to be', () => {
    const records = fromHex(stream.data).subarray(4)
    expect(records).toHaveLength(stream.declared ?? 0)
    const people = decodePeople(findPersonForm(records, undefined), records, nameDecoder('auto', []))
    expect(people).toHaveLength(stream.users ?? 0)
    for (const [person, wanted] of [
      [people.at(0), stream.first],
      [people.at(-1), stream.last],
    ] as const) {
      const { uid, user_id: pin, privilege = person?.privilege } = wanted ?? {}
      expect(person).toMatchObject({ uid, pin, privilege })
    }
  })
})

describe.each(streams.filter(({ users }) => users === undefined))('the template of "$name"', (stream) => {
  it('is read and written back', () => {
    const template = decodeSingleTemplate(1, 0, fromHex(stream.data))
    expect([template.bytes.length, stream.data.slice(0, 16)]).toEqual([stream.template_size, stream.head])
    // The recorded tail ends with the byte behind the template.
    expect(stream.data.slice(-18)).toBe(stream.tail)
    expect(toHex(encodeSingleTemplate(template))).toBe(stream.data)
  })
})
/** The packets of an answer with the one that closes a transfer, which not all recordings hold. */
function closedAlike(answers: readonly Packet[]): Packet[] {
  const last = answers.at(-1)
  if (last === undefined || last.command === REPLIES.ACK_OK || answers.length === 1) return [...answers]
  return [...answers, { ...last, command: REPLIES.ACK_OK, payload: NO_BYTES }]
}
