// What a trace is made of, before it becomes a line of text or of JSON: conversations, packets, tables, records, remarks.
import type { ChecksumVerdict } from '@org/zk-proto/wire'

/** What a fact says of somebody; decides what becomes of it when a trace is to be shown to others. */
export type FactKind =
  /** Shows nothing of anybody. */
  | 'plain'
  | 'pin'
  | 'uid'
  | 'name'
  | 'card'
  | 'serial'
  /** Any other text or bytes: may hold anything. */
  | 'free'

/** One thing that a packet or a record says. What is secret (a key, a password, a template) is never among them. */
export interface Fact {
  readonly name: string
  readonly value: string | number | boolean | null
  readonly kind: FactKind
}

/** Who sends: `>` goes to the terminal, `<` comes from it. */
export type Direction = '>' | '<'

/** What a packet is in the conversation. */
export type Role = 'request' | 'reply' | 'event' | 'acknowledgement'

/** The ends of a conversation. */
export interface Place {
  /** Counts from 1, in the order in which conversations begin. */
  readonly number: number
  readonly transport: 'tcp' | 'udp'
  /** Address and port; undefined where the source does not say, as a hex dump does not. */
  readonly client: string | undefined
  readonly terminal: string | undefined
}

interface Happening {
  readonly place: Place
  /** Milliseconds since 1970 in UTC; undefined where the source has no time. */
  readonly atMs: number | undefined
}

export interface ConversationEntry extends Happening {
  readonly type: 'conversation'
}

export interface PacketEntry extends Happening {
  readonly type: 'packet'
  readonly direction: Direction
  readonly role: Role
  readonly code: number
  /** Of the command, reply or event. */
  readonly name: string
  /** Of a reply: what it answers, as far as the question was seen. */
  readonly answers: string | undefined
  /** The session field, whatever it holds in this packet. */
  readonly session: number
  readonly replyId: number
  readonly checksum: ChecksumVerdict
  /** Bytes of data behind the header. */
  readonly length: number
  readonly facts: readonly Fact[]
  /** What is odd about it. */
  readonly remark: string | undefined
  /** The packet without its wrapper; only its header where the data are secret. A copy. */
  readonly bytes: Uint8Array
}

/** A table that came in several answers, put together. */
export interface TableEntry extends Happening {
  readonly type: 'table'
  readonly table: string
  /** The layout of its records, as the library finds it; undefined where none is certain. */
  readonly layout: string | undefined
  /** Bytes of the whole table, its size word included, and how many of them were seen. */
  readonly sizeBytes: number
  readonly seenBytes: number
  readonly records: number
  readonly remark: string | undefined
}

/** One record of the table before it. */
export interface RecordEntry extends Happening {
  readonly type: 'record'
  readonly table: string
  readonly index: number
  readonly facts: readonly Fact[]
}

/** Something that is to be known: a gap, bytes that are no packet, an end. */
export interface RemarkEntry extends Happening {
  readonly type: 'remark'
  readonly text: string
}

export type Entry = ConversationEntry | PacketEntry | TableEntry | RecordEntry | RemarkEntry
