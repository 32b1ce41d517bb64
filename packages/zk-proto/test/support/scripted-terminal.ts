// A terminal for tests: holds two tables and some options, and answers as docs/protocol §26 says, or as its script has it.
// It is moved by hand: give its session bytes, then call `work`.
import { putU32 } from '../../src/bytes.ts'
import { CODES, REPLIES } from '../../src/codes.ts'
import { isScrambledCommKey } from '../../src/comm-key.ts'
import { bulkReady, prepareBulk, readChunk } from '../../src/commands/bulk.ts'
import type { Framing } from '../../src/framing.ts'
import { encodeCapacity } from '../../src/records/capacity.ts'
import type { Capacity } from '../../src/records/capacity.ts'
import { nulText, optionValue } from '../../src/records/option.ts'
import { TerminalSession } from '../../src/session/terminal-session.ts'
import type { TerminalRequest } from '../../src/session/terminal-session.ts'

export interface Script {
  readonly attendance?: Uint8Array
  readonly people?: Uint8Array
  readonly capacity?: Partial<Capacity>
  readonly capacityLength?: number
  readonly options?: Readonly<Record<string, string>>
  readonly commKey?: number
  readonly time?: number
  readonly packetBytes?: number
  readonly inlineBytes?: number
  readonly closing?: 'last-index' | 'byte-total'
  readonly indexed?: boolean
  /** Answers these commands with this reply code and does nothing. */
  readonly refuse?: Readonly<Record<number, number>>
  /** Never answers these. */
  readonly silentOn?: readonly number[]
  /** Bytes added to what the answer to 1503 announces. */
  readonly paddingBytes?: number
  /** Looks at each request first; true when it has answered it. */
  readonly first?: (request: TerminalRequest, terminal: ScriptedTerminal) => boolean
}

const NO_BYTES = new Uint8Array(0)
const FIRST_SESSION_ID = 0x3c5c

export class ScriptedTerminal {
  readonly session: TerminalSession
  /** Every request, in order. */
  readonly asked: TerminalRequest[] = []
  script: Script
  /** The snapshot that stands ready; undefined when there is none. */
  buffer: Uint8Array | undefined
  disabled = false
  exited = false
  acknowledged = 0
  badChecksums = 0
  #unlocked = false

  constructor(script: Script, framing: Framing = 'tcp') {
    this.script = script
    this.session = new TerminalSession({ framing })
  }

  /** How often a command was asked. */
  count(code: number): number {
    return this.asked.filter((request) => request.code === code).length
  }

  /** Answers what has come in. */
  work(): void {
    for (let event = this.session.takeEvent(); event !== undefined; event = this.session.takeEvent()) {
      if (event.type === 'acknowledged') this.acknowledged += 1
      if (event.type === 'bad-checksum') this.badChecksums += 1
      if (event.type === 'request') this.#answer(event.request)
    }
  }

  ok(request: TerminalRequest, payload: Uint8Array = NO_BYTES): void {
    this.session.reply(request, { code: REPLIES.ACK_OK, payload })
  }

  transfer(request: TerminalRequest, data: Uint8Array): void {
    this.session.replyTransfer(request, {
      data,
      packetBytes: this.script.packetBytes ?? 1008,
      closing: this.script.closing ?? 'last-index',
      indexed: this.script.indexed ?? true,
    })
  }

  #answer(request: TerminalRequest): void {
    this.asked.push(request)
    const { script, session } = this
    if (script.silentOn?.includes(request.code) === true) return
    if (script.first?.(request, this) === true) return
    const refused = script.refuse?.[request.code]
    if (refused !== undefined) {
      session.reply(request, { code: refused })
      return
    }
    if (request.code === CODES.CONNECT) {
      session.sessionId = FIRST_SESSION_ID
      this.#unlocked = (script.commKey ?? 0) === 0
      session.reply(request, { code: this.#unlocked ? REPLIES.ACK_OK : REPLIES.ACK_UNAUTH })
      return
    }
    if (request.code === CODES.AUTH) {
      this.#unlocked = isScrambledCommKey(request.payload, script.commKey ?? 0, session.sessionId)
      session.reply(request, { code: this.#unlocked ? REPLIES.ACK_OK : REPLIES.ACK_UNAUTH })
      return
    }
    if (!this.#unlocked || request.sessionId !== session.sessionId) {
      session.reply(request, { code: REPLIES.ACK_UNAUTH })
      return
    }
    this.#answerReady(request)
  }

  #answerReady(request: TerminalRequest): void {
    const { script, session } = this
    switch (request.code) {
      case CODES.EXIT:
        this.exited = true
        this.#unlocked = false
        this.buffer = undefined
        this.disabled = false
        this.ok(request)
        return
      case CODES.ENABLEDEVICE:
      case CODES.DISABLEDEVICE:
        this.disabled = request.code === CODES.DISABLEDEVICE
        this.ok(request)
        return
      case CODES.GET_FREE_SIZES:
        this.ok(request, encodeCapacity(script.capacity ?? {}, script.capacityLength ?? 92))
        return
      case CODES.GET_VERSION:
        this.ok(request, nulText.encode('Ver 6.60 Jun 9 2017'))
        return
      case CODES.GET_TIME: {
        const clock = new Uint8Array(4)
        putU32(clock, 0, script.time ?? 0x338400a2)
        this.ok(request, clock)
        return
      }
      case CODES.OPTIONS_RRQ: {
        const name = nulText.decode(request.payload)
        const value = script.options?.[name]
        if (value === undefined) session.reply(request, { code: REPLIES.ACK_ERROR })
        else this.ok(request, optionValue.encode({ name, value }))
        return
      }
      case CODES.DATA_WRRQ:
        this.#prepare(request)
        return
      case CODES.DATA_RDY: {
        const { start, sizeBytes } = readChunk.request.decode(request.payload)
        if (this.buffer === undefined || start >= this.buffer.length) {
          session.reply(request, { code: REPLIES.ACK_ERROR })
        } else this.transfer(request, this.buffer.subarray(start, start + sizeBytes))
        return
      }
      case CODES.ATTLOG_RRQ:
        this.transfer(request, tableOf(script.attendance ?? NO_BYTES))
        return
      case CODES.USERTEMP_RRQ:
        this.transfer(request, tableOf(script.people ?? NO_BYTES))
        return
      case CODES.FREE_DATA:
        this.buffer = undefined
        this.ok(request)
        return
      case CODES.REG_EVENT:
        this.ok(request)
        return
      default:
        session.reply(request, { code: REPLIES.ACK_UNKNOWN })
    }
  }

  #prepare(request: TerminalRequest): void {
    const { command } = prepareBulk.request.decode(request.payload)
    const records = command === CODES.ATTLOG_RRQ ? this.script.attendance : this.script.people
    const table = tableOf(records ?? NO_BYTES)
    if (table.length <= (this.script.inlineBytes ?? 1024)) {
      this.session.reply(request, { code: REPLIES.DATA, payload: table })
      return
    }
    const padded = new Uint8Array(table.length + (this.script.paddingBytes ?? 0))
    padded.set(table)
    this.buffer = padded
    const sizeBytes = padded.length
    this.ok(request, bulkReady.encode({ zero: 0, sizeBytes, sizeBytesAgain: sizeBytes, unknown9: 0x23efcd }))
  }
}

/** A table as terminals send it: the byte count of its records, then the records. */
export function tableOf(records: Uint8Array): Uint8Array {
  const table = new Uint8Array(4 + records.length)
  putU32(table, 0, records.length)
  table.set(records, 4)
  return table
}
